"""Old invitations become tasks of people; open ones are bounded, whoever sends them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from runner.store.enrolling import enroll
from runner.store.explaining import explain_lead
from runner.store.invariants import broken
from runner.store.operations import stop_enrollments
from runner.store.tables import outreach_attempts, tasks
from runner.store.withdrawing import MOST_ASKED, keep_withdrawals, was_withdrawn
from runner.testing import MONDAY


def test_an_old_invitation_becomes_one_task_long_after_the_sequence_ended(played):
    run = played("never-accepts-ada").on(20.9)
    assert run.play.status(1)[0] == "completed"
    assert run.tasks() == []
    run.on(21.1)
    [task] = run.tasks()
    assert task["title"] == "Withdraw the invitation to never-accepts-ada on LinkedIn"
    assert task["link"] == "https://linkedin.com/in/never-accepts-ada"
    assert (task["step"], task["expires_at"]) == ("invite", None)
    run.on(30)
    assert len(run.tasks(None)) == 1
    assert broken(run.play.ctx) == []


def test_the_age_is_a_setting(played):
    assert len(played("never-accepts-ada", withdraw_after="5d").on(5.1).tasks()) == 1


def test_an_acceptance_meanwhile_closes_the_task(played, sandbox):
    run = played("never-accepts-ada", withdraw_after="5d").on(6)
    assert len(run.tasks()) == 1
    sandbox.world._relation("ada", "never-accepts-ada").connected_at = run.play.clock.now()
    run.on(9)
    [task] = run.tasks(None)
    assert (task["status"], task["closed_by"]) == ("accepted", "runner")
    assert run.lead_status() == ["connected"]


def test_one_that_was_withdrawn_on_linkedin_closes_itself_and_is_open_no_more(played, sandbox):
    run = played("never-accepts-ada", withdraw_after="5d").on(6)
    sandbox.world.withdraw("ada", "never-accepts-ada")
    run.on(12)
    [task] = run.tasks(None)
    assert task["status"] == "withdrawn"
    assert run.lead_status() == ["not_connected"]


@pytest.mark.parametrize(("result", "status"), [("done", "not_connected"), ("skipped", "connection_requested")])
def test_a_person_closes_it_and_neither_the_attempt_nor_the_lead_moves(result, status, played):
    run = played("never-accepts-ada", withdraw_after="2d").on(3)
    before = run.play.status(1), run.play.path(1)
    [task] = run.tasks()
    run.operator.finish_task(task["task"], result, by="grace")
    assert (run.play.status(1), run.play.path(1)) == before
    with run.play.ctx.db.read() as connection:
        assert connection.execute(select(outreach_attempts.c.status)).scalars().all() == ["sent"]
    assert run.lead_status() == [status]
    run.on(30)
    assert [each["status"] for each in run.tasks(None)] == [result]
    assert broken(run.play.ctx) == []


def test_the_task_does_not_hide_what_the_lead_waits_for(played):
    run = played("never-accepts-ada", withdraw_after="2d").on(3)
    assert len(run.tasks()) == 1
    [said] = explain_lead(run.play.ctx, 1)
    assert said.state == "waiting"
    run.on(8)
    assert run.play.path(1) == ["invite sent", "accepted timeout", "hello skipped"]
    assert len(run.tasks()) == 1  # the end of the sequence is not the end of the invitation


AUTO = """\
version: 1
name: play
steps:
  - {id: reach, channel: linkedin, template: hello, timeout: 9d}
"""


def test_stopping_a_lead_undoes_no_invitation(played):
    run = played("never-accepts-ada", source=AUTO, withdraw_after="2d").on(3)
    assert len(run.tasks()) == 1
    stop_enrollments(run.play.ctx, [1], "stopped by hand")
    assert len(run.tasks()) == 1
    with run.play.ctx.db.read() as connection:
        assert connection.execute(select(outreach_attempts.c.status)).scalars().all() == ["sent"]


def test_people_are_asked_for_a_bounded_number_at_once_oldest_first(played):
    run = played(*[f"never-accepts-{n}" for n in range(MOST_ASKED + 4)], withdraw_after="2d").on(2.1)
    assert len(run.tasks()) == MOST_ASKED
    for task in run.tasks()[:3]:
        run.operator.finish_task(task["task"], "done", by="grace")
    run.on(2.4)
    assert len(run.tasks()) == MOST_ASKED
    assert len(run.tasks(None)) == MOST_ASKED + 3


def test_what_a_person_sent_by_hand_is_asked_for_too(played):
    run = played("never-accepts-ada", provider="task", withdraw_after="2d")
    run.play.settle()
    run.operator.finish_task(1, "done", by="grace")
    run.on(3)
    assert len(run.tasks()) == 1
    assert run.sandbox.ledger.records() == []


def test_the_same_invitation_is_never_asked_for_twice_by_two_processes(played):
    run = played("never-accepts-ada").on(1)
    later = MONDAY + timedelta(days=40)
    for _ in range(3):
        with run.play.ctx.db.write() as connection:
            keep_withdrawals(connection, "linkedin/ada", timedelta(days=21), later)
    with run.play.ctx.db.read() as connection:
        assert len(connection.execute(select(tasks)).all()) == 1


@pytest.mark.parametrize("provider", ["voyager", "task"])
def test_open_invitations_are_bounded_for_every_provider_and_across_restarts(provider, played):
    run = played("never-accepts-1", provider=provider, max_pending=1)
    run.play.settle()
    for task in run.operator.list_tasks():
        run.operator.finish_task(task["task"], "done", by="grace")
    second = {"first_name": "Bob", "linkedin_url": "https://linkedin.com/in/never-accepts-2"}
    enroll(run.play.ctx, "play", run.play.add_leads([second]))
    run.play.settle()  # nobody has read how many wait since this process began: the database knows
    assert run.play.path(2) == ["invite ..."]
    [held] = explain_lead(run.play.ctx, 2)
    assert held.sentence.startswith("too_many_pending: 1 invitations of linkedin/ada wait for an answer")
    with run.play.ctx.db.write() as connection:
        was_withdrawn(connection, 1)
    run.play.run(until=MONDAY + timedelta(hours=3))
    gone_on = {"voyager": ["invite sent", "accepted ..."], "task": ["invite ..."]}
    assert run.play.path(2) == gone_on[provider]
    assert len(run.operator.list_tasks()) == (provider == "task")
