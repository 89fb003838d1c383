"""Answers that never came: what was committed is looked up or written again, and nothing counts twice."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from runner.engine.outcomes import HandedOver, Permit, Sent, TaskDraft
from runner.engine.ports import Signal
from runner.model.channel import ChannelType
from runner.model.events import EventKind
from runner.store.claims import renew, rescue
from runner.store.gatekeeping import pass_gate
from runner.store.invariants import broken
from runner.store.operations import pause_rows, resume_rows
from runner.store.results import give_back, record
from runner.store.tasking import task_rows
from runner.testing import MONDAY, Play

ADA = {"email": "ada@example.com", "first_name": "Ada"}
Make = Callable[..., Play]


def test_only_claims_that_are_acted_on_are_renewed(play: Make) -> None:
    run = play(people=[ADA])
    work = run.open()
    run.machine.advance(timedelta(seconds=50))
    assert renew(run.ctx, []) == 0
    assert renew(run.ctx, ["no such token"]) == 0
    assert renew(run.ctx, [work.claim.token]) == 1
    run.machine.advance(timedelta(seconds=50))
    assert rescue(run.ctx) == 0
    run.machine.advance(timedelta(seconds=50))
    assert renew(run.ctx, [work.claim.token]) == 0, "a lease that ran out is not taken up again"
    assert rescue(run.ctx) == 1


def test_a_claim_is_given_back_whole_however_much_of_it_was_committed(play: Make) -> None:
    run = play(people=[ADA])
    work = run.open()
    assert isinstance(pass_gate(run.ctx, work.intention()), Permit)
    assert give_back(run.ctx, work.claim)
    assert not give_back(run.ctx, work.claim)
    assert broken(run.ctx) == []
    run.run()
    assert run.path(1) == ["first sent", "pause done", "second sent"]
    assert len(run.channel(ChannelType.EMAIL).ledger) == 2


def test_recording_a_result_again_changes_nothing(play: Make) -> None:
    run = play(people=[ADA])
    work = run.open()
    pass_gate(run.ctx, work.intention())
    task = HandedOver(TaskDraft("call", "Call", "Hello"))
    assert record(run.ctx, work, task)
    assert record(run.ctx, work, task)
    with run.ctx.db.read() as connection:
        assert len(task_rows(connection)) == 1


def test_a_result_that_comes_after_the_rescue_still_counts(play: Make) -> None:
    run = play(people=[ADA])
    work = run.open()
    pass_gate(run.ctx, work.intention())
    run.machine.advance(timedelta(minutes=5))
    assert rescue(run.ctx) == 1
    assert run.status(1) == ("waiting", "unknown")
    assert record(run.ctx, work, Sent("<late@x>"))
    assert run.status(1) == ("waiting", "wait")
    run.run()
    assert run.path(1) == ["first sent", "pause done", "second sent"]


def test_a_reply_that_came_while_the_worker_died_is_decided_on_by_the_rescue(play: Make) -> None:
    run = play(people=[ADA])
    work = run.open()
    pass_gate(run.ctx, work.intention())
    run.happen(Signal(EventKind.REPLIED, MONDAY, "m:1", address="ada@example.com"))
    assert run.status(1) == ("active", "slot")
    run.machine.advance(timedelta(minutes=5))
    assert rescue(run.ctx) == 1
    assert run.status(1) == ("stopped", "replied")


def test_a_claim_given_back_decides_on_a_reply_that_came_meanwhile(play: Make) -> None:
    run = play(people=[ADA])
    work = run.open()
    pass_gate(run.ctx, work.intention())
    run.happen(Signal(EventKind.REPLIED, MONDAY, "m:1", address="ada@example.com"))
    assert give_back(run.ctx, work.claim)
    assert run.status(1) == ("stopped", "replied")
    assert broken(run.ctx) == []


def test_a_claim_given_back_leaves_a_paused_person_paused(play: Make) -> None:
    run = play(people=[ADA])
    work = run.open()
    pass_gate(run.ctx, work.intention())
    with run.ctx.db.write() as connection:
        pause_rows(connection, [1], "a look", run.clock.now())
    assert give_back(run.ctx, work.claim)
    assert run.status(1) == ("paused", "paused")
    with run.ctx.db.write() as connection:
        resume_rows(connection, [1], run.clock.now())
    run.run()
    assert run.path(1) == ["first sent", "pause done", "second sent"]
