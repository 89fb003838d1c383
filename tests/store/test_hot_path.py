"""What every tick and every send asks of the database costs the same however many people are enrolled."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import bindparam, event, select

from runner.engine.ports import Signal
from runner.model.channel import ChannelConfig, ChannelType
from runner.model.events import EventKind
from runner.model.rates import LimitSet, Rate
from runner.store.claims import renew, rescue
from runner.store.database import Database, open_database
from runner.store.dossier import dossier
from runner.store.erasing import erase
from runner.store.fixed import Fixed
from runner.store.health import wake
from runner.store.lanes import first_due
from runner.store.matching import match_signal
from runner.store.outcomes_report import enrollment_trace
from runner.store.reconciling import doubts
from runner.store.tables import leads
from runner.testing import MONDAY, Play

SEQUENCE = """\
version: 1
name: both
steps:
  - {id: first, channel: email, template: hello}
  - {id: quiet, wait: 2d}
  - {id: us, wait: 1d, condition: if lead.country == "US"}
  - {id: second, channel: email, template: hello, thread: first}
"""
FEW = frozenset({"inbox_cursors", "switches", "channel_overlays", "lanes", "channel_configs", "campaigns", "meta"})
"""Tables with a row an account, a campaign or a switch: scanning them is what an index would do anyway."""


@contextmanager
def _statements(db: Database) -> Iterator[list[tuple[str, Any]]]:
    seen: list[tuple[str, Any]] = []

    def before(_c: object, _cursor: object, sql: str, parameters: Any, _ctx: object, many: bool) -> None:
        seen.append((sql, parameters[0] if many else parameters))

    event.listen(db.engine, "before_cursor_execute", before)
    yield seen
    event.remove(db.engine, "before_cursor_execute", before)


def _scans(db: Database, sql: str, parameters: Any) -> list[str]:
    with db.read() as connection:
        plan = [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", parameters)]
    whole = [line.removeprefix("SCAN ").partition(" ") for line in plan if line.startswith("SCAN ")]
    return [f"{table}: {sql}" for table, _, how in whole if table in leads.metadata.tables and table not in FEW
            and "INDEX" not in how]  # fmt: skip


def test_no_statement_of_a_tick_or_a_send_goes_through_a_whole_table() -> None:
    limits = LimitSet(rates=(Rate(9, timedelta(days=1)),), recipient_domain=Rate(9, timedelta(days=1)))
    accounts = {"desk": ChannelConfig(ChannelType.EMAIL, "desk", limits=limits)}
    people = [{"email": f"p{n}@d{n}.example", "country": "US" if n % 2 else "DE"} for n in range(4)]
    play = Play(SEQUENCE, people, db=open_database("sqlite://", create=True), accounts=accounts)
    with _statements(play.ctx.db) as seen:
        play.run()
    asked = {sql: parameters for sql, parameters in seen if sql.startswith(("SELECT", "UPDATE", "DELETE", "WITH"))}
    assert len(asked) > 20
    assert [scan for sql, parameters in asked.items() for scan in _scans(play.ctx.db, sql, parameters)] == []


@pytest.mark.parametrize(
    "known",
    [{"key": "token"}, {"message_ids": ("<a@elsewhere.example>", "<b@elsewhere.example>")}, {"profile": "ada"},
     {"address": "ada@d1.example"}, {"domain": "d1.example"}],
)  # fmt: skip
def test_whom_something_concerns_is_found_without_going_through_a_whole_table(known: dict[str, Any]) -> None:
    play = Play(SEQUENCE, [{"email": "ada@d1.example", "country": "US"}], inbox=True)
    play.settle()
    with _statements(play.ctx.db) as seen, play.ctx.db.read() as connection:
        match_signal(connection, Signal(EventKind.REPLIED, MONDAY, "m:1", **known), "email/email_test")
    asked = [statement for statement in seen if statement[0].startswith("SELECT")]
    assert asked
    assert [scan for statement in asked for scan in _scans(play.ctx.db, *statement)] == []


def test_no_statement_of_the_jobs_beside_it_goes_through_a_whole_table() -> None:
    play = Play(SEQUENCE, [{"email": "ada@d1.example", "country": "US"}], inbox=True)
    now = play.ctx.now()
    with _statements(play.ctx.db) as seen:
        rescue(play.ctx)
        renew(play.ctx, ["nobody's"])
        play.happen()
        with play.ctx.db.write() as connection:
            wake(connection, "account", now)
            list(doubts(connection, play.ctx, now - timedelta(days=7), now))
            first_due(connection)
    assert len(seen) > 10
    assert [scan for sql, parameters in seen if sql.startswith(("SELECT", "UPDATE", "DELETE", "WITH"))
            for scan in _scans(play.ctx.db, sql, parameters)] == []  # fmt: skip


def test_nothing_that_is_asked_about_one_person_goes_through_the_whole_log() -> None:
    play = Play(SEQUENCE, [{"email": "ada@d1.example", "country": "US"}])
    play.settle()
    with _statements(play.ctx.db) as seen:
        enrollment_trace(play.ctx, 1)
        with play.ctx.db.read() as connection:
            dossier(connection, 1)
        erase(play.ctx, 1, actor="a test")
    asked = [statement for statement in seen if "transitions" in statement[0]]
    assert len({sql for sql, _ in asked if sql.startswith(("WITH", "SELECT", "UPDATE"))}) > 2
    scans = [scan for sql, parameters in asked for scan in _scans(play.ctx.db, sql, parameters)]
    assert [scan for scan in scans if scan.startswith("transitions")] == []


def test_a_fixed_statement_reads_and_writes_values_as_their_columns_do(tables_url: str) -> None:
    play = Play(SEQUENCE, [{"email": "ada@example.com"}], db=open_database(tables_url, create=True))
    found = Fixed(select(leads.c.created_at, leads.c.tags).where(leads.c.created_at <= bindparam("until")))
    with play.ctx.db.read() as connection:
        assert found.rows(connection, until=MONDAY) == [[MONDAY, []]]
        assert found.rows(connection, until=MONDAY.replace(year=2025)) == []
    play.ctx.db.close()
