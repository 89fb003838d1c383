"""Enrollments as decisions see them, loaded many at a time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC as _UTC
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Dialect, select

from runner.engine.state import EnrollmentState, EnrollmentStatus, Seen, Settings, Stage, StepRun
from runner.model.campaign import Campaign
from runner.model.channel import ChannelType
from runner.model.events import EventKind
from runner.model.lead import Lead
from runner.store.book import Book
from runner.store.bulk import BulkSelect, wanted
from runner.store.fixed import Fixed
from runner.store.people import load_leads
from runner.store.tables import enrollments, events, inbox_cursors, step_runs


@dataclass(frozen=True, slots=True)
class Loaded:
    """An enrollment with what the store needs to write its next state. `run_ids` are row ids by step."""

    state: EnrollmentState
    campaign: Campaign
    campaign_id: int
    sequence_id: int
    lane_id: int
    due_at: datetime | None
    run_ids: dict[str, int]
    accounts: Mapping[str, str | None]
    undecided: bool
    """Whether events wait that were not decided on yet."""


def load(connection: Connection, book: Book, ids: Iterable[int], *, lock: bool = False) -> list[Loaded]:
    """Load enrollments, in the order of `ids`; with `lock`, nobody else can change them until the transaction ends."""
    asked = list(ids)
    statements = _statements(connection.dialect, lock)
    rows = {row[0]: row for row in statements.enrollments.run(connection, asked)}
    runs, seen = _runs(statements, connection, rows), _events(statements, connection, rows)
    people = load_leads(connection, {row[_LEAD] for row in rows.values()})
    inboxes: dict[str, datetime | None] = dict(_INBOXES.rows(connection))
    around = {key: _Around.of(book, key, inboxes) for key in {row[_CAMPAIGN] for row in rows.values()}}
    return [
        _loaded(around[row[_CAMPAIGN]], row, people[row[_LEAD]], runs.get(row[0], ()), seen.get(row[0], ()))
        for enrollment_id in asked
        if (row := rows.get(enrollment_id)) is not None
    ]


_ENROLLMENT = (
    "id", "campaign_id", "lead_id", "sequence_id", "lane_id", "due_at", "status", "step", "started_at", "ended_at",
    "end_reason",
)  # fmt: skip
_CAMPAIGN, _LEAD = _ENROLLMENT.index("campaign_id"), _ENROLLMENT.index("lead_id")
_RUN = tuple(field.name for field in fields(StepRun))
_STAGE = _RUN.index("stage")
_STAGES = {stage.value: stage for stage in Stage}
_STATUSES = {status.value: status for status in EnrollmentStatus}
_INBOXES = Fixed(select(inbox_cursors.c.account, inbox_cursors.c.read_at))


@dataclass(frozen=True, slots=True)
class _Run:
    """A step run with what the store knows it by."""

    id: int
    account: str | None
    run: StepRun


@dataclass(frozen=True, slots=True)
class _Statements:
    enrollments: BulkSelect
    runs: BulkSelect
    events: BulkSelect


@lru_cache(maxsize=16)
def _statements(dialect: Dialect, lock: bool) -> _Statements:
    rows = select(*(enrollments.c[name] for name in _ENROLLMENT)).where(wanted(enrollments.c.id, dialect))
    names = ("enrollment_id", "id", "account", *_RUN)
    runs = select(*(step_runs.c[name] for name in names)).where(wanted(step_runs.c.enrollment_id, dialect))
    names = ("enrollment_id", "pending", "kind", "at", "step", "permanent")
    seen = select(*(events.c[name] for name in names)).where(wanted(events.c.enrollment_id, dialect))
    return _Statements(
        BulkSelect(rows.with_for_update() if lock else rows, dialect),
        BulkSelect(runs.order_by(step_runs.c.id), dialect),
        BulkSelect(seen.order_by(events.c.id), dialect),
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


def _runs(statements: _Statements, connection: Connection, ids: Iterable[int]) -> Mapping[int, list[_Run]]:
    found: dict[int, list[_Run]] = defaultdict(list)
    for enrollment_id, run_id, account, *values in statements.runs.run(connection, ids):
        values[_STAGE] = _STAGES[values[_STAGE]]
        found[enrollment_id].append(_Run(run_id, account, StepRun(*values)))
    return found


def _events(statements: _Statements, connection: Connection, ids: Iterable[int]) -> Mapping[int, list[Seen | None]]:
    """The events that were decided on; None stands for one that still waits for that."""
    found: dict[int, list[Seen | None]] = defaultdict(list)
    for enrollment_id, pending, kind, at, step, permanent in statements.events.run(connection, ids):
        found[enrollment_id].append(None if pending else Seen(EventKind(kind), at, step, permanent))
    return found


@dataclass(frozen=True, slots=True)
class _Around:
    """What is the same for everybody in a campaign."""

    book: Book
    campaign: Campaign
    values: Mapping[str, object]
    channels_off: frozenset[ChannelType]
    settings: Settings
    inboxes: Mapping[str, datetime | None]

    @classmethod
    def of(cls, book: Book, campaign_id: int, inboxes: Mapping[str, datetime | None]) -> _Around:
        campaign = book.campaigns[campaign_id]
        off = frozenset(channel for channel in ChannelType if not book.accounts_for(campaign, channel))
        return cls(book, campaign, campaign.values(), off, book.settings(), inboxes)


def _loaded(
    around: _Around, row: Sequence[Any], lead: Lead, runs: Sequence[_Run], seen: Sequence[Seen | None]
) -> Loaded:
    enrollment_id, campaign_id, _, sequence_id, lane_id, due_at, status, step, started_at, ended_at, end_reason = row
    inboxes = {
        item.run.step: read_at
        for item in runs
        if item.account and (read_at := _inbox_read(around.book, item.account, around.inboxes)) is not None
    }
    state = EnrollmentState(
        id=enrollment_id,
        lead=lead,
        campaign=around.values,
        vars=around.campaign.vars,
        status=_STATUSES[status],
        step=step,
        started_at=started_at,
        runs={item.run.step: item.run for item in runs},
        events=tuple(event for event in seen if event is not None),
        inboxes=inboxes,
        channels_off=around.channels_off,
        ended_at=ended_at,
        end_reason=end_reason or "",
        settings=around.settings,
    )
    return Loaded(
        state=state,
        campaign=around.campaign,
        campaign_id=campaign_id,
        sequence_id=sequence_id,
        lane_id=lane_id,
        due_at=due_at,
        run_ids={item.run.step: item.id for item in runs},
        accounts={item.run.step: item.account for item in runs},
        undecided=None in seen,
    )


def _inbox_read(book: Book, account: str, inboxes: Mapping[str, datetime | None]) -> datetime | None:
    """When the account's inbox was last read; the beginning of time when it has one that never was."""
    config = book.account(account)
    if config is None or not config.settings.get("imap"):
        return None
    return inboxes.get(account) or datetime.min.replace(tzinfo=_UTC)
