"""The standard three-channel sequence, walked in every direction through the real engine and a real database."""

from __future__ import annotations

from datetime import timedelta

from runner.engine.outcomes import Failed, Sent, TryAgain
from runner.engine.ports import Signal
from runner.model.channel import ChannelType
from runner.model.events import EventKind
from runner.testing import MONDAY, Play

STANDARD = """\
version: 1
name: standard
steps:
  - {id: email, channel: email, template: email_intro, retry: {count: 2, delay: 24h}}
  - {id: linkedin, channel: linkedin, condition: if email_failed, template: linkedin_intro}
  - {id: form, channel: contact_form, condition: if linkedin_failed, template: form_submission}
"""
ADA = {"email": "ada@example.com", "first_name": "Ada", "linkedin_url": "https://www.linkedin.com/in/ada"}


def test_an_accepted_email_ends_the_run() -> None:
    play = Play(STANDARD, [ADA])
    play.run()
    assert play.path(1) == ["email sent", "linkedin skipped", "form skipped"]
    assert play.status(1)[0] == "completed"
    assert len(play.channel(ChannelType.EMAIL).ledger) == 1


def test_a_refused_address_leads_to_linkedin() -> None:
    play = Play(STANDARD, [ADA])
    play.channel(ChannelType.EMAIL).script("ada@example.com", Failed("address_unknown", hard=True))
    play.happen()
    play.run(MONDAY + timedelta(hours=1))
    assert play.path(1) == ["email failed", "linkedin ..."]
    assert [d.action for d in play.channel(ChannelType.LINKEDIN).ledger] == ["connect"]
    play.happen(Signal(EventKind.ACCEPTED, MONDAY, "li:1", address="ada@example.com"), account="linkedin/linkedin_test")
    play.run()
    assert play.path(1) == ["email failed", "linkedin sent", "form skipped"]
    assert [d.action for d in play.channel(ChannelType.LINKEDIN).ledger] == ["connect", "message"]


def test_a_failure_on_linkedin_leads_to_the_form() -> None:
    play = Play(STANDARD, [ADA])
    play.channel(ChannelType.EMAIL).script("ada@example.com", Failed("address_unknown"))
    play.channel(ChannelType.LINKEDIN).script("ada@example.com", Failed("profile_not_found"))
    play.run()
    assert play.path(1) == ["email failed", "linkedin failed", "form sent"]


def test_an_invitation_nobody_accepts_leads_to_the_form() -> None:
    play = Play(STANDARD, [ADA])
    play.channel(ChannelType.EMAIL).script("ada@example.com", Failed("address_unknown"))
    play.run()
    assert play.path(1) == ["email failed", "linkedin failed", "form sent"]
    assert play.clock.now() >= MONDAY + timedelta(days=7)


def test_a_temporary_refusal_is_retried_after_its_delay_and_no_sooner() -> None:
    play = Play(STANDARD, [ADA])
    play.channel(ChannelType.EMAIL).script("ada@example.com", TryAgain("greylisted"), Sent())
    play.run(MONDAY + timedelta(hours=23, minutes=59))
    assert play.channel(ChannelType.EMAIL).ledger == []
    play.run(MONDAY + timedelta(hours=24))
    assert len(play.channel(ChannelType.EMAIL).ledger) == 1


def test_retries_that_are_used_up_fail_the_step() -> None:
    play = Play(STANDARD, [ADA])
    play.channel(ChannelType.EMAIL).script("ada@example.com", *[TryAgain("greylisted")] * 3)
    play.run(MONDAY + timedelta(days=2))
    assert play.path(1)[0] == "email failed"


def test_a_late_permanent_bounce_reopens_the_enrollment_and_goes_to_linkedin() -> None:
    play = Play(STANDARD, [ADA])
    play.run()
    key = play.channel(ChannelType.EMAIL).ledger[0].key
    play.happen(Signal(EventKind.BOUNCED, MONDAY, "m:1", key=key, permanent=True, hard=True))
    play.run(play.clock.now() + timedelta(hours=1))
    assert play.path(1)[:2] == ["email failed", "linkedin ..."]
    assert len(play.channel(ChannelType.LINKEDIN).ledger) == 1


def test_a_reply_stops_everything_and_is_counted_once() -> None:
    play = Play(STANDARD, [ADA], inbox=True)
    play.settle()
    assert play.status(1) == ("waiting", "settle")
    reply = Signal(EventKind.REPLIED, MONDAY, "m:2", address="ada@example.com")
    play.happen(reply)
    play.happen(reply)
    play.run()
    assert play.status(1) == ("stopped", "replied")


def test_a_bounce_while_the_send_settles_leads_to_linkedin_at_once() -> None:
    play = Play(STANDARD, [ADA], inbox=True)
    play.run(MONDAY + timedelta(minutes=5))
    key = play.channel(ChannelType.EMAIL).ledger[0].key
    play.happen(Signal(EventKind.BOUNCED, MONDAY, "m:3", key=key, permanent=True))
    play.settle()
    assert [d.action for d in play.channel(ChannelType.LINKEDIN).ledger] == ["connect"]


def test_a_send_settles_for_its_quarter_of_an_hour_and_until_the_inbox_was_read_once_more() -> None:
    play = Play(STANDARD, [ADA], inbox=True)
    play.settle()
    play.clock.jump_to(MONDAY + timedelta(minutes=15))
    play.settle()
    assert play.status(1) == ("waiting", "inbox")
    play.happen()
    play.settle()
    assert play.status(1)[0] == "completed"
