"""The channel through the engine: the breaker, quotas of notes, people without an id, what a person records."""

from __future__ import annotations

import tomllib
from datetime import timedelta

import pytest
import tree
from sqlalchemy import select

from runner.errors import UsageError
from runner.model.rates import LimitSet, Rate
from runner.store.explaining import explain_lead
from runner.store.health import resume_account
from runner.store.tables import channel_configs, leads, problems

DAY = timedelta(days=1)
CONNECT = """\
version: 1
name: play
steps:
  - {id: invite, channel: linkedin, action: connect, expires_after: 2d}
"""
NOTE = """\
version: 1
name: play
steps:
  - {id: invite, channel: linkedin, action: connect, template: hello}
"""


def health(run) -> str:
    with run.play.ctx.db.read() as connection:
        return connection.execute(select(channel_configs.c.health)).scalar_one()


def account_problems(run) -> list[str]:
    with run.play.ctx.db.read() as connection:
        rows = connection.execute(select(problems).where(problems.c.scope.like("account:%"))).all()
    return [f"{row.text} {row.help}" for row in rows]


def tried(run) -> int:
    return sum(record.kind == "invitation" for record in run.sandbox.ledger.records())


def test_one_limit_rests_the_account_and_a_second_in_a_row_stops_it_until_a_person_says_so(played):
    run = played("429-ada", "429-bob", "eve", source=CONNECT)
    run.play.settle()
    assert (health(run), tried(run)) == ("backing_off", 1)
    assert account_problems(run) == []
    run.play.run(until=run.play.clock.now() + timedelta(hours=6))
    assert (health(run), tried(run)) == ("stopped", 2)
    [told] = account_problems(run)
    assert "too many requests" in told
    assert "runner channels resume linkedin/ada" in told
    run.play.run(until=run.play.clock.now() + 2 * DAY)
    assert tried(run) == 2
    assert all(explain_lead(run.play.ctx, lead)[0].sentence for lead in (1, 2, 3))
    assert {explain_lead(run.play.ctx, 3)[0].sentence.partition(":")[0]} == {"account_stopped"}


def test_a_limit_that_passed_is_forgotten_with_the_next_success(played):
    run = played("once-429-ada", "bob", "once-429-eve", source=CONNECT)
    run.play.run(until=run.play.clock.now() + 2 * DAY)
    assert health(run) == "ok"
    assert [run.play.path(lead)[0] for lead in (1, 2, 3)] == ["invite sent"] * 3


@pytest.mark.parametrize("fate", ["challenge", "checkpoint", "401", "999", "html", "ends-session", "410"])
def test_a_bad_answer_stops_everything_within_that_call(fate, played):
    run = played(f"once-{fate}-ada", "bob", "eve", source=CONNECT)
    run.play.settle()
    asked = len(run.sandbox.ledger.records())
    assert (health(run), tried(run)) == ("stopped", 1)
    for _ in range(3):
        run.reader.read_all()
        run.play.run(until=run.play.clock.now() + DAY)
    assert len(run.sandbox.ledger.records()) == asked
    assert run.sandbox.taken("invitation") == []
    [told] = account_problems(run)
    assert "runner channels resume linkedin/ada" in told
    assert explain_lead(run.play.ctx, 2)[0].state == "held"
    with run.play.ctx.db.write() as connection:
        assert resume_account(connection, "linkedin/ada", run.play.clock.now())
    run.play.holds.clear()
    run.play.run(until=run.play.clock.now() + DAY)
    assert len(run.sandbox.taken("invitation")) == 3


@pytest.mark.parametrize(("rule", "notes", "first_day"), [("drop_if_needed", 1, 3), ("required", 1, 1)])
def test_the_quota_of_notes_drops_the_note_or_holds_the_step(rule, notes, first_day, played):
    limits = LimitSet(by_action=(("connect_with_note", Rate(1, 30 * DAY)),))
    run = played("ada", "bob", "eve", source=NOTE, limits=limits, note=rule)
    run.play.run(until=run.play.clock.now() + DAY)
    sent = run.sandbox.taken("invitation")
    assert len(sent) == first_day
    assert sum(bool(record.text) for record in sent) == notes
    run.play.run(until=run.play.clock.now() + 31 * DAY)
    with_note = [record for record in run.sandbox.taken("invitation") if record.text]
    assert len(with_note) == (2 if rule == "required" else 1)


def test_someone_whose_id_nobody_tells_becomes_a_task_that_expires(played, sandbox):
    sandbox.dead |= {"networkinfo": 410, "profile": 410}
    run = played("ada", source=CONNECT)
    run.play.settle()
    [task] = run.operator.list_tasks()
    assert (task["kind"], task["link"]) == ("linkedin_connect", "https://www.linkedin.com/in/ada/")
    assert task["expires_at"].startswith("2026-03-04")
    assert "does not tell" in task["detail"]["why"]
    run.play.run(until=run.play.clock.now() + 3 * DAY)
    assert run.play.path(1) == ["invite failed"]
    assert run.operator.list_tasks() == []


def test_an_id_that_was_resolved_is_kept_with_the_lead(played):
    run = played("ada", source=CONNECT)
    run.play.settle()
    with run.play.ctx.db.read() as connection:
        assert connection.execute(select(leads.c.linkedin_urn)).scalar_one().startswith("ACoAA")


class TestWhatAPersonRecords:
    def test_done_accepted_and_replied_drive_the_sequence(self, played):
        run = played("ada", provider="task")
        run.play.settle()
        [invite] = run.operator.list_tasks()
        run.operator.finish_task(invite["task"], "done", by="grace")
        assert run.lead_status() == ["connection_requested"]
        assert run.operator.report_event(1, "accepted", by="grace") == 1
        run.play.settle()
        assert run.lead_status() == ["connected"]
        [message] = run.operator.list_tasks()
        assert (message["kind"], message["text"]) == ("linkedin_message", "Hello ada")
        assert run.operator.report_event(1, "replied", by="grace") == 1
        assert run.play.status(1) == ("stopped", "replied")
        assert run.operator.list_tasks() == []
        assert run.sandbox.ledger.records() == []

    def test_skipped_counts_as_skipped(self, played):
        run = played("ada", provider="task")
        run.play.settle()
        run.operator.finish_task(1, "skipped", by="grace")
        assert run.play.path(1)[0] == "invite skipped"

    def test_an_acceptance_told_before_the_task_is_closed_is_not_undone(self, played):
        run = played("ada", provider="task")
        run.play.settle()
        run.operator.report_event(1, "accepted", by="grace")
        run.operator.finish_task(1, "done", by="grace")
        assert run.lead_status() == ["connected"]

    def test_other_words_are_refused(self, played):
        run = played("ada", provider="task")
        run.play.settle()
        with pytest.raises(UsageError, match="no result of a task"):
            run.operator.finish_task(1, "sent", by="grace")
        with pytest.raises(UsageError, match="cannot be reported"):
            run.operator.report_event(1, "bounced", by="grace")


def test_the_package_is_pinned_to_the_version_that_was_measured():
    project = tomllib.loads((tree.ROOT / "pyproject.toml").read_text())["project"]
    every = [*project["dependencies"], *(one for group in project["optional-dependencies"].values() for one in group)]
    assert [one for one in every if one.startswith("linkedin-api")] == ["linkedin-api==2.3.1"]
