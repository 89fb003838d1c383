"""The migrations make exactly the tables that the code works with, on both databases, and can be taken back."""

from __future__ import annotations

import shutil
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import func, inspect, select, update

from runner.engine.outcomes import HandedOver, Permit, TaskDraft, TryAgain, Unknown
from runner.errors import DatabaseUnavailable
from runner.model.channel import ChannelType
from runner.model.project import ContactPolicy, ProjectSettings
from runner.store import schema
from runner.store.claims import rescue
from runner.store.database import Database, open_database
from runner.store.enrolling import enroll
from runner.store.gatekeeping import pass_gate
from runner.store.invariants import broken
from runner.store.operations import pause_rows, resume_rows, stop_enrollments
from runner.store.schema import check_schema, current_revision, downgrade, newest_revision, upgrade
from runner.store.tables import enrollments, metadata
from runner.testing import Play


@pytest.fixture
def db(database_url: str) -> Any:
    """An empty database."""
    opened = open_database(database_url, create=True)
    yield opened
    opened.close()


def test_the_migrations_and_the_tables_say_the_same(db: Database) -> None:
    upgrade(db)
    with db.read() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    assert current_revision(db) == newest_revision()


def test_upgrading_twice_changes_nothing_and_going_back_leaves_nothing(db: Database) -> None:
    upgrade(db)
    upgrade(db)
    check_schema(db)
    downgrade(db, "base")
    assert set(inspect(db.engine).get_table_names()) <= {"alembic_version"}


def test_a_database_without_tables_is_refused_with_the_remedy(db: Database) -> None:
    with pytest.raises(DatabaseUnavailable, match="this version needs"):
        check_schema(db)


SEQUENCE = """\
version: 1
name: one
steps:
  - {id: first, channel: email, template: hello, retry: {count: 1, delay: 1d}}
  - {id: call, channel: phone, condition: if lead.company == "task", template: hello}
  - {id: pause, wait: 3d}
  - {id: second, channel: email, template: hello}
"""
LATER = """\
import sqlalchemy as sa
from alembic import op

revision, down_revision, branch_labels, depends_on = "later", "{head}", None, None


def upgrade():
    op.create_table("extra", sa.Column("id", sa.Integer(), primary_key=True), sa.Column("note", sa.Text()))
    with op.batch_alter_table("enrollments") as table:
        table.add_column(sa.Column("mood", sa.Text(), server_default="calm", nullable=False))
        table.alter_column("end_reason", type_=sa.String(4000))
    with op.batch_alter_table("outreach_attempts") as table:
        table.add_column(sa.Column("weight", sa.Integer()))


def downgrade():
    with op.batch_alter_table("outreach_attempts") as table:
        table.drop_column("weight")
    with op.batch_alter_table("enrollments") as table:
        table.alter_column("end_reason", type_=sa.Text())
        table.drop_column("mood")
    op.drop_table("extra")
"""
STATES = {
    "active slot": 3, "completed": 1, "paused parked": 1, "paused paused": 1, "stopped": 1, "waiting retry": 1,
    "waiting task": 1, "waiting unknown": 1, "waiting wait": 1,
}  # fmt: skip
"""Of the active ones two are claimed, one of them past the gate."""


@pytest.fixture
def later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A revision after the newest one, which rebuilds the tables that everything hangs on."""
    folder = tmp_path / "migrations"
    shutil.copytree(schema.MIGRATIONS, folder)
    (folder / "versions" / "later.py").write_text(LATER.format(head=newest_revision()))
    monkeypatch.setattr(schema, "MIGRATIONS", folder)


def _in_every_state(db: Database) -> Play:
    """People in every state there is."""
    no_gap = ProjectSettings(contact=ContactPolicy(min_between=timedelta(0)))
    play = Play(SEQUENCE, [{"email": "done@x.example"}], db=db, settings=no_gap)
    play.run()
    names = ("wait", "retry", "unknown", "parked", "task", "paused", "stopped")
    people = [{"email": f"{name}@x.example", "company": name} for name in names]
    enroll(play.ctx, "play", play.add_leads(people))
    email = play.channel(ChannelType.EMAIL)
    email.script("retry@x.example", TryAgain("greylisted"))
    email.script("unknown@x.example", Unknown("no_answer"))
    play.channel(ChannelType.PHONE).script("task@x.example", HandedOver(TaskDraft("call", "Call", "Hello")))
    play.settle()
    with db.write() as connection:
        assert pause_rows(connection, [5, 7], "on holiday", play.clock.now()) == 2
        connection.execute(update(enrollments).where(enrollments.c.id == 5).values(waiting_on="parked"))
    stop_enrollments(play.ctx, [8], "by hand")
    enroll(play.ctx, "play", play.add_leads([{"email": f"{name}@x.example"} for name in ("gate", "claimed", "due")]))
    past_the_gate = play.open()
    assert isinstance(pass_gate(play.ctx, past_the_gate.intention()), Permit)
    play.open()
    return play


def _states(db: Database) -> dict[str, int]:
    with db.read() as connection:
        rows = connection.execute(select(enrollments.c.status, enrollments.c.waiting_on)).all()
    ended = ("completed", "stopped")
    return dict(Counter(row.status if row.status in ended else f"{row.status} {row.waiting_on}" for row in rows))


def _rows(db: Database) -> dict[str, int]:
    with db.read() as connection:
        return {
            table.name: connection.execute(select(func.count()).select_from(table)).scalar_one()
            for table in metadata.sorted_tables
        }


def test_people_in_every_state_go_up_and_down_a_revision_and_on_to_the_end(db: Database, later: None) -> None:
    upgrade(db, "0001")
    play = _in_every_state(db)
    assert _states(db) == STATES
    before = _rows(db)
    for move in (lambda: upgrade(db), lambda: downgrade(db, "0001"), lambda: upgrade(db)):
        move()
        assert (_rows(db), _states(db)) == (before, STATES)
        assert broken(play.ctx) == []
    play.machine.advance(timedelta(minutes=5))
    assert rescue(play.ctx) == 2
    play.run(until=play.clock.now() + timedelta(days=1))
    downgrade(db, "0001")
    with db.write() as connection:
        assert resume_rows(connection, [5, 7], play.clock.now()) == 2
    play.run()
    assert set(_states(db)) == {"completed", "stopped"}
    out = Counter((delivery.lead_id, delivery.step) for delivery in play.channel(ChannelType.EMAIL).ledger)
    assert max(out.values()) == 1
    assert broken(play.ctx) == []
