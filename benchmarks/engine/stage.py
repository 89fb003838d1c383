"""A campaign of waits and conditions with as many people in flight as wanted, all in their first wait.

Their due instants are spread evenly, one a second: in the order in which they entered, as people do who wait equally
long, or scattered, in an order that has nothing to do with that of their rows, which is the hardest for a big table.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection, text

from runner.clocks import ManualClock
from runner.compile.sequences import Surroundings, compile_sequence
from runner.model.campaign import Campaign
from runner.model.project import Project, ProjectSettings
from runner.store.context import Context
from runner.store.database import Database, open_database
from runner.store.definitions import open_book, publish
from runner.store.keys import Key
from runner.store.lanes import Lane, lane_for
from runner.store.schema import upgrade

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
SCATTER = 2_654_435_761
"""Knuth's multiplicative constant; odd and prime to every size used here, so each second gets exactly one person."""

SEQUENCE = """\
version: 1
name: waits
steps:
  - {id: first, wait: 30d}
  - {id: us, wait: 60d, condition: if lead.country == "US"}
  - {id: de, wait: 60d, condition: if lead.country == "DE"}
  - {id: later, wait: 60d}
  - {id: titled, wait: 60d, condition: if has(lead.title) and not us_skipped}
  - {id: last, wait: 60d}
"""


def project() -> Project:
    """The project with its one campaign."""
    compiled, problems = compile_sequence(SEQUENCE, "waits.yaml", {}, surroundings=Surroundings(check_templates=False))
    assert compiled is not None, problems
    campaign = Campaign(name="waits", sequence="waits")
    return Project(Path(), ProjectSettings(), {"waits": compiled}, {}, {"waits": campaign})


def fill(url: str, people: int, *, scattered: bool = True) -> None:
    """Make the tables of an empty database, and put `people` into the campaign's first wait."""
    db = open_database(url, create=True)
    upgrade(db)
    book = publish(db, project(), START)
    [campaign_id] = book.campaigns
    with db.write() as connection:
        lane = lane_for(connection, campaign_id)
        for statement in _FILL:
            values = {"people": people, "lane": lane, "campaign": campaign_id, "sequence": book.newest["waits"]}
            values |= {"start": _stored(db, START), "scatter": SCATTER if scattered else 1}
            _run(connection, db, statement, values)
    if not db.is_sqlite:
        with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM ANALYZE"))
    db.close()


def context(url: str) -> tuple[Context, Lane, ManualClock]:
    """A context on a filled database, the campaign's lane, and the clock that both go by."""
    db = open_database(url)
    clock = ManualClock(START)
    ctx = Context(db, open_book(db, project()), clock, clock, Key(b"0" * 32))
    [campaign_id] = ctx.book.campaigns
    with db.write() as connection:
        lane = lane_for(connection, campaign_id)
    return ctx, Lane(lane, campaign_id, "", ""), clock


def due_by(count: int) -> datetime:
    """The instant at which exactly `count` people are due."""
    return START + timedelta(seconds=count - 0.5)


def _stored(db: Database, instant: datetime) -> object:
    return instant.strftime("%Y-%m-%d %H:%M:%S.000000") if db.is_sqlite else instant


def _run(connection: Connection, db: Database, statement: str, values: dict[str, object]) -> None:
    due = "strftime('%Y-%m-%d %H:%M:%S.000000', CAST(:start AS TEXT), '+' || (n * :scatter % :people) || ' seconds')"
    if not db.is_sqlite:
        due = "CAST(:start AS TIMESTAMPTZ) + make_interval(secs => (CAST(n AS BIGINT) * :scatter) % :people)"
    json = "'{}'" if db.is_sqlite else "CAST('{}' AS JSONB)"
    lists = "'[]'" if db.is_sqlite else "CAST('[]' AS JSONB)"
    made = statement.replace("{due}", due).replace("{json}", json).replace("{list}", lists)
    used = {name: value for name, value in values.items() if f":{name}" in made}
    connection.execute(text(made), used)


_NUMBERS = "WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < :people) "
_FILL = (
    "INSERT INTO leads (email, email_key, domain, first_name, title, country, tags, fields, linkedin_status,"
    " created_at, updated_at) "
    + _NUMBERS
    + "SELECT 'p' || n || '@d' || (n / 3) || '.example', 'p' || n || '@d' || (n / 3) || '.example',"
    " 'd' || (n / 3) || '.example', 'Ada', CASE WHEN n % 3 = 0 THEN 'Founder' END,"
    " CASE WHEN n % 2 = 0 THEN 'US' ELSE 'DE' END, {list}, {json}, 'not_connected', :start, :start FROM numbers",
    "INSERT INTO enrollments (campaign_id, lead_id, sequence_id, status, step, waiting_on, lane_id, due_at,"
    " started_at, last_transition_id) "
    + _NUMBERS
    + "SELECT :campaign, n, :sequence, 'waiting', 'first', 'wait', :lane, {due}, :start, n FROM numbers",
    "INSERT INTO step_runs (enrollment_id, step, reason, stage, action, tries, entered_at, until) "
    + _NUMBERS
    + "SELECT n, 'first', '', 'new', '', 0, :start, {due} FROM numbers",
    "INSERT INTO transitions (enrollment_id, at, step, kind, detail) "
    + _NUMBERS
    + "SELECT n, :start, 'first', 'entered', {json} FROM numbers",
    "INSERT INTO timers (lane_id, due_at, enrollment_id) SELECT lane_id, due_at, id FROM enrollments",
)
