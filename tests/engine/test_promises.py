"""One promise a test, each in the smallest scene that would break it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from runner.channels.worker import Worker
from runner.engine.limits import SendFacts, gaps_for
from runner.engine.outcomes import AccountTrouble, Failed, NotNow, Permit, Sent, Trouble, TryAgain, Unknown
from runner.engine.ports import Doubt, Job, Signal
from runner.model.campaign import Campaign
from runner.model.channel import ChannelConfig, ChannelType
from runner.model.events import EventKind
from runner.model.lead import Lead
from runner.model.project import ContactPolicy, ProjectSettings
from runner.model.rates import LimitSet, Ramp, Rate
from runner.serve.reconciler import Reconciliation
from runner.store.claims import rescue
from runner.store.gatekeeping import pass_gate
from runner.store.results import record
from runner.store.tables import channel_configs, outreach_attempts, transitions
from runner.testing import MONDAY, Play
from sequences import two_steps

ONE = "version: 1\nname: one\nsteps:\n  - {id: first, channel: email, template: hello, retry: {count: 1, delay: 1h}}\n"
TWO = two_steps("1h")
FALLBACK = """\
version: 1
name: fallback
steps:
  - {id: mail, channel: email, template: hello, next: {failed: form}}
  - {id: meet, channel: linkedin, action: message, template: hello}
  - {id: form, channel: contact_form, condition: if email_failed, template: hello}
"""
ADA = {"email": "ada@example.com", "first_name": "Ada"}
BOB = {"email": "bob@example.com", "first_name": "Bob"}
NO_PAUSE = ProjectSettings(contact=ContactPolicy(min_between=timedelta(0)))


class Died(BaseException):
    """The process ended here."""


def _accounts(**limits: object) -> dict[str, ChannelConfig]:
    return {"desk": ChannelConfig(ChannelType.EMAIL, "desk", limits=LimitSet(**limits))}  # type: ignore[arg-type]


def _ledger(play: Play, kind: ChannelType = ChannelType.EMAIL) -> list[str]:
    return [delivery.step for delivery in play.channel(kind).ledger]


def _statuses(play: Play) -> list[str]:
    with play.ctx.db.read() as connection:
        return list(connection.execute(select(outreach_attempts.c.status).order_by(outreach_attempts.c.id)).scalars())


def _dying(play: Play, point: str) -> Worker:
    def failpoint(name: str) -> None:
        if name == point:
            raise Died

    return Worker(lambda: play.ctx, play.channels, failpoint)


def _lease_runs_out(play: Play) -> None:
    play.machine.advance(play.ctx.lease + timedelta(seconds=1))
    rescue(play.ctx)


def _claim(play: Play) -> Callable[[Worker], object]:
    play.decide()
    claim = play.claim(1)
    assert claim is not None
    return lambda worker: worker.perform(claim)


@pytest.mark.parametrize(
    ("point", "left"),
    [("before_prepare", "sent"), ("prepared", "sent"), ("intent", "unknown"), ("fired", "unknown"),
     ("recorded", "sent")],
)  # fmt: skip
def test_a_process_that_dies_anywhere_sends_at_most_once(point: str, left: str) -> None:
    play = Play(ONE, [ADA])
    perform = _claim(play)
    with pytest.raises(Died):
        perform(_dying(play, point))
    _lease_runs_out(play)
    play.settle()
    assert _statuses(play) == [left]
    play.run()
    assert len(_ledger(play)) == (0 if point == "intent" else 1)


def test_looking_for_evidence_and_finding_none_changes_nothing() -> None:
    class Nothing:
        def find(self, doubt: Doubt) -> None:
            return None

    play = Play(ONE, [ADA])
    play.channel(ChannelType.EMAIL).script("ada@example.com", Unknown("no_answer"))
    play.settle()
    play.advance_to(MONDAY + timedelta(hours=1))
    assert Reconciliation(lambda: play.ctx, {ChannelType.EMAIL: Nothing()}).run() == 0
    assert _statuses(play) == ["unknown"]
    assert play.status(1) == ("waiting", "unknown")


def test_a_gap_counts_from_the_end_of_a_send_that_took_long() -> None:
    play = Play(ONE, [ADA, BOB], accounts=_accounts(min_gap=timedelta(minutes=2)))
    work = play.open()
    assert isinstance(pass_gate(play.ctx, work.intention()), Permit)
    play.clock.advance(timedelta(minutes=5))
    record(play.ctx, work, Sent())
    play.run(MONDAY + timedelta(minutes=6, seconds=59))
    assert _ledger(play) == []
    play.run(MONDAY + timedelta(minutes=7))
    assert _ledger(play) == ["first"]


def test_a_late_bounce_goes_nowhere_once_another_channel_has_sent() -> None:
    play = Play(FALLBACK, [ADA], settings=NO_PAUSE)
    play.run()
    assert (_ledger(play), _ledger(play, ChannelType.LINKEDIN)) == (["mail"], ["meet"])
    key = play.channel(ChannelType.EMAIL).ledger[0].key
    play.happen(Signal(EventKind.BOUNCED, MONDAY, "m:1", key=key, permanent=True))
    play.run()
    assert _ledger(play, ChannelType.CONTACT_FORM) == []


@pytest.mark.parametrize(
    "trouble", [AccountTrouble(Trouble.CHALLENGE, "captcha"), AccountTrouble(Trouble.CONNECTION, "moved", stops=True)]
)
def test_a_success_under_way_does_not_resume_an_account_that_was_stopped(trouble: AccountTrouble) -> None:
    play = Play(ONE, [ADA, BOB], accounts=_accounts())
    work = play.open()
    assert isinstance(pass_gate(play.ctx, work.intention()), Permit)
    play.channel(ChannelType.EMAIL).script("bob@example.com", trouble)
    play.channel(ChannelType.EMAIL).script("ada@example.com", trouble)
    play.settle()
    record(play.ctx, work, Sent())
    with play.ctx.db.read() as connection:
        assert connection.execute(select(channel_configs.c.health)).scalars().all() == ["stopped"]


def test_a_ramp_grows_by_days_on_which_something_was_sent_and_by_no_others() -> None:
    people = [{"email": f"p{n}@example.com"} for n in range(5)]
    play = Play(ONE, people[:1], accounts=_accounts(ramp=Ramp(1, 1, 9)))
    play.run()
    play.advance_to(MONDAY + timedelta(days=20))
    from runner.store.enrolling import enroll

    enroll(play.ctx, "play", play.add_leads(people[1:]))
    play.settle()
    assert len(_ledger(play)) == 1 + 2


def test_the_jitter_of_a_message_is_the_same_at_every_try() -> None:
    account = _accounts(min_gap=timedelta(seconds=90), jitter=0.3)["desk"]
    facts = SendFacts(
        account=account, campaign=Campaign("c", "s"), project=ProjectSettings(), lead=Lead(1), action="", key="abc"
    )
    assert gaps_for(facts) == gaps_for(facts)
    assert gaps_for(facts) != gaps_for(replace(facts, key="another"))


def test_one_domain_is_one_domain_however_it_is_spelled() -> None:
    people = [{"email": "a@Example.com", "email_key": "a@example.com"}, {"email": "b@example.COM"}]
    play = Play(ONE, people, accounts=_accounts(recipient_domain=Rate(1, timedelta(days=1))))
    play.settle()
    assert len(_ledger(play)) == 1


def test_a_retry_sends_the_text_of_the_first_try() -> None:
    play = Play(ONE, [ADA], templates={"hello": "Hello {{ lead.first_name }}"})
    seen: list[str] = []
    channel = play.channel(ChannelType.EMAIL)
    channel.script("ada@example.com", TryAgain("greylisted"))
    prepare = channel.prepare

    def watched(job: Job) -> object:
        seen.append(job.content.body)
        return prepare(job)

    play.channels[ChannelType.EMAIL] = type("Watched", (), {"prepare": staticmethod(watched)})()
    play.settle()
    with play.ctx.db.write() as connection:
        from runner.store.tables import leads

        connection.execute(leads.update().values(first_name="Grace"))
    play.run()
    assert [text.strip() for text in seen] == ["Hello Ada", "Hello Ada"]


def test_a_process_that_dies_three_times_before_there_is_an_attempt_parks_its_lead() -> None:
    play = Play(ONE, [ADA])
    for _ in range(3):
        _claim(play)
        _lease_runs_out(play)
    assert play.status(1) == ("paused", "parked")


def test_a_fault_while_opening_parks_the_lead_with_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("of ours")

    play = Play(ONE, [ADA])
    perform = _claim(play)
    monkeypatch.setattr("runner.channels.worker.open_work", broken)
    perform(play.worker())
    assert play.status(1) == ("paused", "parked")
    with play.ctx.db.read() as connection:
        detail = connection.execute(select(transitions.c.detail).where(transitions.c.kind == "parked")).scalar_one()
    assert "ZeroDivisionError: of ours" in detail["traceback"]


def test_a_fault_while_recording_a_send_leaves_an_unknown_and_parks_its_lead() -> None:
    play = Play(ONE, [ADA])
    play.channel(ChannelType.EMAIL).script("ada@example.com", "no outcome at all")  # type: ignore[arg-type]
    play.settle()
    assert _statuses(play) == ["unknown"]
    assert play.status(1) == ("paused", "parked")


def test_an_answer_to_a_send_whose_worker_died_ends_the_run_with_its_rescue() -> None:
    play = Play(TWO, [ADA])
    work = play.open()
    assert isinstance(pass_gate(play.ctx, work.intention()), Permit)
    play.happen(Signal(EventKind.REPLIED, MONDAY, "m:1", address="ada@example.com"))
    _lease_runs_out(play)
    assert play.status(1) == ("stopped", "replied")


def test_nothing_is_caught_up_in_a_burst_after_downtime() -> None:
    people = [{"email": f"p{n}@example.com"} for n in range(12)]
    play = Play(ONE, people, accounts=_accounts(rates=(Rate(2, timedelta(hours=1)),)))
    play.advance_to(MONDAY + timedelta(days=30))
    play.run()
    times = sorted(delivery.at for delivery in play.channel(ChannelType.EMAIL).ledger)
    assert len(times) == 12
    assert all(over - first >= timedelta(hours=1) for first, over in zip(times, times[2:], strict=False))


def test_a_follow_up_waits_for_an_inbox_that_was_not_read_lately() -> None:
    play = Play(TWO, [ADA], settings=NO_PAUSE, inbox=True)
    play.happen()
    play.settle()
    play.clock.advance(timedelta(hours=2))
    work = play.open()
    refusal = pass_gate(play.ctx, work.intention())
    assert isinstance(refusal, NotNow) and refusal.reason == "inbox_stale"


def test_a_refusal_of_the_recipient_costs_no_place_in_any_limit() -> None:
    play = Play(ONE, [ADA, BOB], accounts=_accounts(rates=(Rate(1, timedelta(days=1)),)))
    play.channel(ChannelType.EMAIL).script("ada@example.com", Failed("address_unknown"))
    play.settle()
    assert [delivery.lead_id for delivery in play.channel(ChannelType.EMAIL).ledger] == [2]
