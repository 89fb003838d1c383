"""An exception of ours, wherever it comes from: its lead is parked with the traceback, and nobody else is held up."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from runner.channels import worker as working
from runner.engine.decide import decide as sound_decide
from runner.engine.outcomes import Permit
from runner.model.channel import ChannelType
from runner.store import claims
from runner.store import results as recording
from runner.store.claims import rescue
from runner.store.explaining import explain_lead
from runner.store.gatekeeping import pass_gate
from runner.store.invariants import broken
from runner.store.operations import resume_rows
from runner.store.reconciling import resolve
from runner.store.tables import outreach_attempts
from runner.store.work import open_work

PEOPLE = ({"email": "ada@a.example"}, {"email": "bob@b.example"}, {"email": "eve@c.example"})


def _failing_for(lead_id):
    def failing(graph, state, trigger, now):
        if state.lead.id == lead_id:
            raise ZeroDivisionError("a fault of ours")
        return sound_decide(graph, state, trigger, now)

    return failing


def _attempt(play, lead_id):
    with play.ctx.db.read() as connection:
        return connection.execute(select(outreach_attempts).where(outreach_attempts.c.lead_id == lead_id)).one()


def test_a_fault_while_a_result_is_recorded_parks_the_lead_and_leaves_the_send_in_doubt(play, monkeypatch):
    scene = play(people=PEOPLE)
    monkeypatch.setattr(recording, "decide", _failing_for(2))
    scene.settle()
    monkeypatch.undo()
    assert scene.status(2) == ("paused", "parked")
    assert (_attempt(scene, 2).status, _attempt(scene, 2).reason) == ("unknown", "internal_error")
    assert [_attempt(scene, lead).status for lead in (1, 3)] == ["sent", "sent"]
    assert broken(scene.ctx) == []
    [told] = explain_lead(scene.ctx, 2)
    assert "ZeroDivisionError" in str(told)


def test_resuming_after_such_a_fault_sends_nothing_again(play, monkeypatch):
    scene = play(people=PEOPLE)
    monkeypatch.setattr(recording, "decide", _failing_for(2))
    scene.settle()
    monkeypatch.undo()
    with scene.ctx.db.write() as connection:
        resume_rows(connection, [2], scene.ctx.now())
    scene.run(scene.clock.now() + timedelta(days=10))
    first = [each for each in scene.channel(ChannelType.EMAIL).ledger if (each.lead_id, each.step) == (2, "first")]
    assert len(first) == 1
    assert broken(scene.ctx) == []


def test_after_such_a_fault_a_persons_word_that_it_was_sent_lets_the_lead_go_on(play, monkeypatch):
    scene = play(people=PEOPLE)
    monkeypatch.setattr(recording, "decide", _failing_for(2))
    scene.settle()
    monkeypatch.undo()
    resolve(scene.ctx, _attempt(scene, 2).id, sent=True, by="Ada")
    with scene.ctx.db.write() as connection:
        resume_rows(connection, [2], scene.ctx.now())
    scene.run(scene.clock.now() + timedelta(days=10))
    assert scene.path(2) == ["first sent", "pause done", "second sent"]
    assert [each.step for each in scene.channel(ChannelType.EMAIL).ledger if each.lead_id == 2] == ["first", "second"]


def test_a_fault_while_work_is_opened_parks_the_lead(play, monkeypatch):
    scene = play(people=PEOPLE)

    def failing(ctx, claim, *rest):
        if claim.enrollment_id == 2:
            raise KeyError("a template that is not there")
        return open_work(ctx, claim, *rest)

    monkeypatch.setattr(working, "open_work", failing)
    scene.settle()
    assert scene.status(2) == ("paused", "parked")
    assert len(scene.channel(ChannelType.EMAIL).ledger) == 2
    assert broken(scene.ctx) == []


def test_one_that_cannot_be_rescued_holds_up_no_other(play, monkeypatch):
    scene = play(people=PEOPLE)
    dead = [scene.open() for _ in PEOPLE]
    assert all(isinstance(pass_gate(scene.ctx, work.intention()), Permit) for work in dead)
    scene.advance_to(scene.clock.now() + timedelta(minutes=5))
    with monkeypatch.context() as broken_now:
        broken_now.setattr(claims, "decide", _failing_for(2))
        assert rescue(scene.ctx) == 3
    assert [_attempt(scene, lead).reason for lead in (1, 2, 3)] == ["worker_died", "internal_error", "worker_died"]
    assert [scene.status(lead)[1] for lead in (1, 2, 3)] == ["unknown", "parked", "unknown"]
    assert broken(scene.ctx) == []
