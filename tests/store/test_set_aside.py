"""People whom somebody sets aside while something is under way: it is noted, and nothing more follows from it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select

from runner.engine.outcomes import HandedOver, Outcome, Permit, Sent, TaskDraft, TryAgain, Unknown
from runner.engine.ports import Signal
from runner.model.channel import ChannelType
from runner.model.events import EventKind
from runner.model.project import ContactPolicy, ProjectSettings
from runner.store.claims import rescue
from runner.store.enrolling import enroll
from runner.store.gatekeeping import pass_gate
from runner.store.invariants import broken
from runner.store.operations import pause_rows, resume_rows, stop_enrollments
from runner.store.reconciling import resolve
from runner.store.results import record
from runner.store.switching import set_switch
from runner.store.tables import outreach_attempts
from runner.store.tasking import close_task, task_rows
from runner.store.work import Work
from runner.testing import MONDAY, Play

ADA = {"email": "ada@example.com", "first_name": "Ada"}
NO_PAUSE = ProjectSettings(contact=ContactPolicy(min_between=timedelta(0)))
ONCE_THEN_ELSE = """\
version: 1
name: once
steps:
  - {id: first, channel: email, template: hello, next: {failed: form}}
  - {id: form, channel: contact_form, condition: if email_failed, template: hello}
"""
Make = Callable[..., Play]


def _pause(play: Play) -> None:
    with play.ctx.db.write() as connection:
        assert pause_rows(connection, [1], "on holiday", play.clock.now()) == 1


def _resume(play: Play) -> None:
    with play.ctx.db.write() as connection:
        assert resume_rows(connection, [1], play.clock.now(), play.ctx.book) == 1


def _attempts(play: Play) -> list[str]:
    with play.ctx.db.read() as connection:
        return list(connection.execute(select(outreach_attempts.c.status).order_by(outreach_attempts.c.id)).scalars())


def _sent_steps(play: Play) -> list[str]:
    return [delivery.step for delivery in play.channel(ChannelType.EMAIL).ledger]


def _past_the_gate(play: Play) -> Work:
    work = play.open()
    assert isinstance(pass_gate(play.ctx, work.intention()), Permit)
    return work


@pytest.mark.parametrize("outcome", [Sent("<a@b>"), Unknown("no_answer"), TryAgain("greylisted"),
                                     HandedOver(TaskDraft("call", "Call", "Hello"))])  # fmt: skip
def test_what_comes_of_a_send_under_way_does_not_end_a_pause(play: Make, outcome: Outcome) -> None:
    run = play(people=[ADA], settings=NO_PAUSE)
    work = _past_the_gate(run)
    _pause(run)
    record(run.ctx, work, outcome)
    run.run(MONDAY + timedelta(days=30))
    assert run.status(1) == ("paused", "paused")
    assert _sent_steps(run) == []
    _resume(run)
    run.run()
    assert run.status(1)[0] == "completed"
    assert broken(run.ctx) == []


def test_a_send_under_way_goes_on_by_itself_when_the_pause_ended_before_it(play: Make) -> None:
    run = play(people=[ADA], settings=NO_PAUSE)
    work = _past_the_gate(run)
    _pause(run)
    _resume(run)
    run.settle()
    record(run.ctx, work, Sent("<a@b>"))
    assert run.status(1) == ("waiting", "wait")
    assert broken(run.ctx) == []


@pytest.mark.parametrize("outcome", [Sent("<a@b>"), Unknown("no_answer"), TryAgain("greylisted")])
def test_a_stop_is_final_whatever_comes_of_the_send_under_way(play: Make, outcome: Outcome) -> None:
    run = play(people=[ADA], settings=NO_PAUSE)
    work = _past_the_gate(run)
    assert stop_enrollments(run.ctx, [1], "by hand") == 1
    record(run.ctx, work, outcome)
    run.run()
    assert run.status(1) == ("stopped", "by hand")
    assert _sent_steps(run) == []
    assert broken(run.ctx) == []


@pytest.mark.parametrize("aside", ["paused", "stopped"])
def test_a_worker_that_dies_while_its_lead_is_set_aside_still_leaves_an_unknown(play: Make, aside: str) -> None:
    run = play(people=[ADA], settings=NO_PAUSE)
    _past_the_gate(run)
    if aside == "paused":
        _pause(run)
    else:
        stop_enrollments(run.ctx, [1], "by hand")
    run.machine.advance(run.ctx.lease + timedelta(seconds=1))
    rescue(run.ctx)
    assert _attempts(run) == ["unknown"]
    resolve(run.ctx, 1, sent=True, by="test")
    run.run()
    assert run.status(1)[0] == aside
    assert _sent_steps(run) == []


def test_a_pause_with_an_end_survives_the_death_of_a_worker(play: Make) -> None:
    run = play(people=[ADA], settings=NO_PAUSE)
    _past_the_gate(run)
    with run.ctx.db.write() as connection:
        pause_rows(connection, [1], "back on Friday", run.clock.now(), MONDAY + timedelta(days=4))
    run.machine.advance(run.ctx.lease + timedelta(seconds=1))
    rescue(run.ctx)
    run.run(MONDAY + timedelta(days=3))
    assert run.status(1) == ("paused", "paused")
    run.run()
    assert run.status(1)[0] == "completed"


def test_a_task_that_is_done_during_a_pause_does_not_end_it(play: Make) -> None:
    run = play(people=[ADA], settings=NO_PAUSE)
    run.channel(ChannelType.EMAIL).script("ada@example.com", HandedOver(TaskDraft("mail", "Write", "Hello")))
    run.settle()
    _pause(run)
    with run.ctx.db.read() as connection:
        [task] = task_rows(connection)
    close_task(run.ctx, task["task"], "done", by="test")
    run.run(MONDAY + timedelta(days=30))
    assert run.status(1) == ("paused", "paused")


def test_what_the_gate_put_off_is_cancelled_with_the_enrollment(play: Make) -> None:
    run = play(people=[ADA])
    with run.ctx.db.write() as connection:
        set_switch(connection, "global", reason="stop", actor="test", now=MONDAY)
    run.settle()
    assert _attempts(run) == ["pending"]
    run.happen(Signal(EventKind.REPLIED, MONDAY, "m:1", address="ada@example.com"))
    assert _attempts(run) == ["cancelled"]


def test_a_bounce_does_not_reopen_what_somebody_answered(play: Make) -> None:
    run = play(ONCE_THEN_ELSE, [ADA], settings=NO_PAUSE)
    run.run()
    assert run.status(1)[0] == "completed"
    key = run.channel(ChannelType.EMAIL).ledger[0].key
    run.happen(Signal(EventKind.REPLIED, MONDAY, "m:1", key=key))
    run.happen(Signal(EventKind.BOUNCED, MONDAY, "m:2", key=key, permanent=True))
    run.run()
    assert run.status(1)[0] == "completed"
    assert run.channel(ChannelType.CONTACT_FORM).ledger == []


def test_a_bounce_does_not_reopen_what_somebody_answered_in_another_campaign(play: Make) -> None:
    from dataclasses import replace

    from runner.model.campaign import Campaign
    from runner.store.definitions import publish

    run = play(ONCE_THEN_ELSE, [ADA], settings=NO_PAUSE)
    run.run()
    key = run.channel(ChannelType.EMAIL).ledger[0].key
    project = run.ctx.book.project
    two = replace(project, campaigns={**project.campaigns, "other": Campaign("other", "once")})
    run.ctx = run.ctx.with_book(publish(run.ctx.db, two, MONDAY))
    enroll(run.ctx, "other", [1])
    run.settle()
    answered = run.channel(ChannelType.EMAIL).ledger[1].key
    run.happen(Signal(EventKind.REPLIED, MONDAY, "m:1", key=answered))
    run.happen(Signal(EventKind.BOUNCED, MONDAY, "m:2", key=key, permanent=True))
    run.run()
    assert run.channel(ChannelType.CONTACT_FORM).ledger == []


def test_a_clock_that_was_set_back_leaves_the_order_of_things(play: Make) -> None:
    run = play(people=[ADA], settings=NO_PAUSE)
    work = _past_the_gate(run)
    run.clock.set(MONDAY - timedelta(hours=3))
    record(run.ctx, work, Sent("<a@b>"))
    assert broken(run.ctx) == []
