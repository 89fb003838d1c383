"""Enrollments as decisions see them, loaded many at a time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC as _UTC
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Dialect, select

from runner.engine.state import EnrollmentState, EnrollmentStatus, Seen, Stage, StepRun
from runner.model.campaign import Campaign
from runner.model.events import EventKind
from runner.model.lead import Lead
from runner.store.book import Book
from runner.store.bulk import BulkSelect, by_value, wanted
from runner.store.fixed import Fixed
from runner.store.people import lead_of, read_leads
from runner.store.tables import enrollments, events, inbox_cursors, step_runs
from runner.values import value

Row = tuple[Any, ...]


@value
class Loaded:
    """An enrollment with what the store needs to write its next state. `run_ids` are row ids by step."""

    state: EnrollmentState
    campaign: Campaign
    campaign_id: int
    sequence_id: int
    lane_id: int
    due_at: datetime | None
    last_transition_id: int | None
    run_ids: dict[str, int]
    accounts: Mapping[str, str | None]
    undecided: bool
    """Whether events wait that were not decided on yet."""


def load(connection: Connection, book: Book, ids: Iterable[int], *, lock: bool = False) -> list[Loaded]:
    """Load enrollments, in the order of `ids`; with `lock`, nobody else can change them until the transaction ends."""
    return list(load_each(connection, book, ids, lock=lock))


def load_each(connection: Connection, book: Book, ids: Iterable[int], *, lock: bool = False) -> Iterator[Loaded]:
    """The same, one by one: all is read at once, and the objects of each live only while somebody looks at them."""
    asked = list(ids)
    statements = _statements(connection.dialect, lock)
    rows = {row[0]: row for row in statements.enrollments.run(connection, asked)}
    run_rows = statements.runs.run(connection, rows)
    runs = _by_enrollment(run_rows)
    seen = _by_enrollment(statements.events.run(connection, rows))
    people = read_leads(connection, {row[_LEAD] for row in rows.values()})
    watched = any(_reads_imap(book, account) for account in {row[_ACCOUNT] for row in run_rows})
    inboxes: dict[str, datetime | None] = dict(_INBOXES.rows(connection)) if watched else {}
    for enrollment_id in asked:
        if (row := rows.get(enrollment_id)) is not None:
            mine = runs.get(enrollment_id, ()), seen.get(enrollment_id, ())
            yield _loaded(book, inboxes, row, lead_of(people[row[_LEAD]]), *mine)


_ENROLLMENT = (
    "id", "campaign_id", "lead_id", "sequence_id", "lane_id", "due_at", "status", "step", "started_at", "ended_at",
    "end_reason", "last_transition_id",
)  # fmt: skip
_LEAD = _ENROLLMENT.index("lead_id")
_RUN = tuple(field.name for field in fields(StepRun))
_RUN_ROW = ("enrollment_id", "id", "account", *_RUN)
_ACCOUNT = _RUN_ROW.index("account")
_INBOXES = Fixed(select(inbox_cursors.c.account, inbox_cursors.c.read_at))


@dataclass(frozen=True, slots=True)
class _Statements:
    enrollments: BulkSelect
    runs: BulkSelect
    events: BulkSelect


@lru_cache(maxsize=16)
def _statements(dialect: Dialect, lock: bool) -> _Statements:
    rows = select(*(enrollments.c[name] for name in _ENROLLMENT)).where(wanted(enrollments.c.id, dialect))
    runs = select(*(step_runs.c[name] for name in _RUN_ROW)).where(wanted(step_runs.c.enrollment_id, dialect))
    names = ("enrollment_id", "pending", "kind", "at", "step", "permanent")
    seen = select(*(events.c[name] for name in names)).where(wanted(events.c.enrollment_id, dialect))
    return _Statements(
        BulkSelect(rows.with_for_update() if lock else rows, dialect, {"status": by_value(EnrollmentStatus)}),
        BulkSelect(runs.order_by(step_runs.c.id), dialect, {"stage": by_value(Stage)}),
        BulkSelect(seen.order_by(events.c.id), dialect, {"kind": by_value(EventKind)}),
    )


def wrote_from(loaded: Loaded, step: str) -> frozenset[str]:
    """The accounts that wrote to the lead before this step acts: in their inboxes a reply could be waiting.

    An invitation of `auto` that was accepted counts: its message follows it.
    """
    runs = loaded.state.runs.values()
    acted = {loaded.accounts.get(run.step) for run in runs if run.acted_at is not None and run.step != step}
    if any(seen.kind is EventKind.ACCEPTED and seen.step == step for seen in loaded.state.events):
        acted.add(loaded.accounts.get(step))
    return frozenset(account for account in acted if account)


def _by_enrollment(rows: Iterable[Row]) -> Mapping[int, list[Row]]:
    """Rows that begin with the id of their enrollment."""
    found: dict[int, list[Row]] = defaultdict(list)
    for row in rows:
        found[row[0]].append(row)
    return found


def _loaded(
    book: Book, read: Mapping[str, datetime | None], row: Row, lead: Lead, run_rows: Sequence[Row], seen: Sequence[Row]
) -> Loaded:
    enrollment_id, campaign_id, _, sequence_id, lane_id, due_at, status, step, started_at, *rest = row
    ended_at, end_reason, last_transition_id = rest
    around = book.around(campaign_id)
    runs: dict[str, StepRun] = {}
    run_ids: dict[str, int] = {}
    accounts: dict[str, str | None] = {}
    inboxes: dict[str, datetime] = {}
    for _, run_id, account, *values in run_rows:
        run = StepRun(*values)
        runs[run.step], run_ids[run.step], accounts[run.step] = run, run_id, account
        if account and (read_at := _inbox_read(book, account, read)) is not None:
            inboxes[run.step] = read_at
    state = EnrollmentState(
        id=enrollment_id, lead=lead, campaign=around.values, vars=around.campaign.vars,
        status=status, step=step, started_at=started_at, runs=runs,
        events=tuple([Seen(*event) for _, pending, *event in seen if not pending]) if seen else (),
        inboxes=inboxes, channels_off=around.channels_off, ended_at=ended_at, end_reason=end_reason or "",
        settings=around.settings,
    )  # fmt: skip
    return Loaded(
        state=state,
        campaign=around.campaign,
        campaign_id=campaign_id,
        sequence_id=sequence_id,
        lane_id=lane_id,
        due_at=due_at,
        last_transition_id=last_transition_id,
        run_ids=run_ids,
        accounts=accounts,
        undecided=bool(seen) and any(pending for _, pending, *_ in seen),
    )


def _reads_imap(book: Book, account: str | None) -> bool:
    config = book.account(account) if account else None
    return config is not None and bool(config.settings.get("imap"))


def _inbox_read(book: Book, account: str, inboxes: Mapping[str, datetime | None]) -> datetime | None:
    """When the account's inbox was last read; the beginning of time when it has one that never was."""
    if not _reads_imap(book, account):
        return None
    return inboxes.get(account) or datetime.min.replace(tzinfo=_UTC)
