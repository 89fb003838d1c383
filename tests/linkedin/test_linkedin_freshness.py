"""Follow-ups hold while a reply could wait unread: dead calls, an unreachable LinkedIn, a challenge."""

from __future__ import annotations

from datetime import timedelta

import pytest

from runner.model.channel import ChannelConfig, ChannelType
from runner.model.inboxes import has_inbox
from runner.store.explaining import explain_lead
from runner.store.health import resume_account

MINUTE = timedelta(minutes=1)
TWO = """\
version: 1
name: play
steps:
  - {id: hello, channel: linkedin, action: message, template: hello}
  - {id: rest, wait: 1h}
  - {id: again, channel: linkedin, action: message, template: hello}
"""
AUTO = """\
version: 1
name: play
steps:
  - {id: reach, channel: linkedin, template: hello, timeout: 9d}
"""


def written(run) -> int:
    return len(run.sandbox.taken("message"))


def due(run, minutes: float = 61) -> None:
    """Let the follow-up become due without anything being read."""
    run.play.run(until=run.play.clock.now() + minutes * MINUTE)


def test_a_follow_up_waits_until_replies_were_read_again(played):
    run = played("already-ada", source=TWO)
    run.play.settle()
    run.reader.read_all()
    due(run)
    assert written(run) == 1
    [said] = explain_lead(run.play.ctx, 1)
    assert said.state == "held"
    assert said.sentence == (
        "inbox_stale: a reply could be waiting: the inbox of linkedin/ada was last read at 2026-03-02T09:00+00:00"
    )
    run.reader.read_all()
    due(run, 2)
    assert written(run) == 2


@pytest.mark.parametrize("status", [404, 406, 410])
def test_replies_that_cannot_be_read_hold_the_follow_up_however_often_it_is_tried(status, played, sandbox):
    run = played("already-replies-later-ada", source=TWO)
    run.play.settle()
    run.reader.read_all()
    sandbox.dead["conversations"] = status
    for _ in range(4):
        due(run, 35)
        run.reader.read_all()
    assert written(run) == 1
    [said] = explain_lead(run.play.ctx, 1)
    assert "last read at 2026-03-02T09:00+00:00: LinkedIn does not answer: conversations" in said.sentence
    del sandbox.dead["conversations"]
    run.reader.read_all()
    due(run, 2)
    assert run.play.status(1) == ("stopped", "replied")  # the reply that lay there all the while
    assert written(run) == 1


def test_a_linkedin_that_cannot_be_reached_holds_it_too(played, sandbox):
    run = played("already-ada", source=TWO)
    run.play.settle()
    run.reader.read_all()
    sandbox.stop()
    run.play.channels[ChannelType.LINKEDIN].close()
    for _ in range(4):
        due(run, 20)
        run.reader.read_all()
    [said] = explain_lead(run.play.ctx, 1)
    assert said.state == "held"
    assert "was last read at 2026-03-02T09:00+00:00" in said.sentence
    assert "cannot be read" in said.sentence


def test_an_account_that_was_stopped_while_reading_sends_nothing_until_resumed_and_read(played, sandbox):
    run = played("already-ada", source=TWO)
    run.play.settle()
    run.reader.read_all()
    sandbox.answer_account("ada", 302)
    due(run, 10)
    run.reader.read_all()
    due(run, 120)
    assert explain_lead(run.play.ctx, 1)[0].sentence.startswith("account_stopped")
    sandbox.answer_account("ada", None)
    with run.play.ctx.db.write() as connection:
        assert resume_account(connection, "linkedin/ada", run.play.clock.now())
    run.play.holds.clear()
    assert explain_lead(run.play.ctx, 1)[0].sentence.startswith("inbox_stale")
    assert written(run) == 1
    run.reader.read_all()
    due(run, 2)
    assert written(run) == 2


def test_the_message_of_auto_follows_its_own_invitation(played, sandbox):
    run = played("accepts-now-ada", source=AUTO)
    run.play.settle()
    run.reader.read_all()  # sees the acceptance and, in the same read, that nobody has answered
    run.play.clock.advance(20 * MINUTE)
    run.play.machine.advance(20 * MINUTE)
    run.play.settle()
    assert written(run) == 0
    run.reader.read_all()
    due(run, 2)
    assert written(run) == 1


def test_a_first_message_waits_for_no_inbox(played):
    run = played("already-ada", source=TWO)
    run.play.settle()
    assert written(run) == 1


@pytest.mark.parametrize("settings", [{"provider": "task"}, {"provider": "official"}, {"replies": "manual"}])
def test_where_a_person_watches_nothing_holds(settings, played):
    run = played("already-ada", source=TWO, **settings)
    run.play.settle()
    due(run)
    if "provider" in settings:
        run.operator.finish_task(1, "done", by="grace")
        due(run)
        assert [task["step"] for task in run.operator.list_tasks()] == ["again"]
    else:
        assert written(run) == 2


@pytest.mark.parametrize(
    ("channel", "settings", "reads"),
    [
        (ChannelType.EMAIL, {"imap": {"host": "x"}}, True),
        (ChannelType.EMAIL, {}, False),
        (ChannelType.LINKEDIN, {}, False),
        (ChannelType.LINKEDIN, {"provider": "task"}, False),
        (ChannelType.LINKEDIN, {"provider": "official"}, False),
        (ChannelType.LINKEDIN, {"provider": "voyager"}, True),
        (ChannelType.LINKEDIN, {"provider": "voyager", "replies": "manual"}, False),
        (ChannelType.LINKEDIN, {"provider": "hosted"}, True),
        (ChannelType.CONTACT_FORM, {}, False),
        (ChannelType.PHONE, {}, False),
    ],
)
def test_which_accounts_have_an_inbox(channel, settings, reads):
    assert has_inbox(ChannelConfig(channel, "x", settings=settings)) is reads
