"""Enrollments as decisions see them, loaded many at a time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC as _UTC
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select

from runner.engine.state import EnrollmentState, EnrollmentStatus, Seen, Settings, Stage, StepRun
from runner.model.campaign import Campaign
from runner.model.channel import ChannelType
from runner.model.events import EventKind
from runner.model.lead import Lead
from runner.store.batches import in_batches
from runner.store.book import Book
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


def load(connection: Connection, book: Book, ids: Iterable[int], *, lock: bool = False) -> list[Loaded]:
    """Load enrollments, in the order of `ids`; with `lock`, nobody else can change them until the transaction ends."""
    wanted = list(ids)
    rows: dict[int, Row[Any]] = {}
    for batch in in_batches(wanted):
        query = select(enrollments).where(enrollments.c.id.in_(batch))
        for row in connection.execute(query.with_for_update() if lock else query):
            rows[row.id] = row
    runs, seen = _runs(connection, rows), _events(connection, rows)
    people = load_leads(connection, {row.lead_id for row in rows.values()})
    inboxes = {row.account: row.read_at for row in connection.execute(select(inbox_cursors))}
    around = {key: _Around.of(book, key, inboxes) for key in {row.campaign_id for row in rows.values()}}
    loaded = []
    for enrollment_id in wanted:
        if enrollment_id in rows:
            row = rows[enrollment_id]
            surroundings = around[row.campaign_id]
            state = _state(surroundings, row, people[row.lead_id], runs[enrollment_id], tuple(seen[enrollment_id]))
            loaded.append(_loaded(book, row, state, runs[enrollment_id]))
    return loaded


def _runs(connection: Connection, ids: Iterable[int]) -> Mapping[int, list[Row[Any]]]:
    found: dict[int, list[Row[Any]]] = defaultdict(list)
    for batch in in_batches(ids):
        query = select(step_runs).where(step_runs.c.enrollment_id.in_(batch)).order_by(step_runs.c.id)
        for row in connection.execute(query):
            found[row.enrollment_id].append(row)
    return found


def _events(connection: Connection, ids: Iterable[int]) -> Mapping[int, list[Seen]]:
    found: dict[int, list[Seen]] = defaultdict(list)
    columns = (events.c.enrollment_id, events.c.kind, events.c.at, events.c.step, events.c.permanent)
    for batch in in_batches(ids):
        query = select(*columns).where(events.c.enrollment_id.in_(batch), events.c.pending.is_(False))
        for enrollment_id, kind, at, step, permanent in connection.execute(query.order_by(events.c.id)):
            found[enrollment_id].append(Seen(EventKind(kind), at, step, permanent))
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


def _state(
    around: _Around, row: Row[Any], lead: Lead, runs: Sequence[Row[Any]], seen: tuple[Seen, ...]
) -> EnrollmentState:
    read = {run.step: _inbox_read(around.book, run.account, around.inboxes) for run in runs if run.account}
    return EnrollmentState(
        id=row.id,
        lead=lead,
        campaign=around.values,
        vars=around.campaign.vars,
        status=EnrollmentStatus(row.status),
        step=row.step,
        started_at=row.started_at,
        runs={run.step: run_from(run) for run in runs},
        events=seen,
        inboxes={step: at for step, at in read.items() if at is not None},
        channels_off=around.channels_off,
        ended_at=row.ended_at,
        end_reason=row.end_reason or "",
        settings=around.settings,
    )


def _inbox_read(book: Book, account: str, inboxes: Mapping[str, datetime | None]) -> datetime | None:
    """When the account's inbox was last read; the beginning of time when it has one that never was."""
    config = book.account(account)
    if config is None or not config.settings.get("imap"):
        return None
    return inboxes.get(account) or datetime.min.replace(tzinfo=_UTC)


def run_from(row: Row[Any]) -> StepRun:
    """A step run from its row."""
    return StepRun(
        step=row.step,
        entered_at=row.entered_at,
        outcome=row.outcome,
        reason=row.reason,
        stage=Stage(row.stage),
        action=row.action,
        tries=row.tries,
        until=row.until,
        acted_at=row.acted_at,
        settle_until=row.settle_until,
    )


def _loaded(book: Book, row: Row[Any], state: EnrollmentState, runs: Sequence[Row[Any]]) -> Loaded:
    return Loaded(
        state=state,
        campaign=book.campaigns[row.campaign_id],
        campaign_id=row.campaign_id,
        sequence_id=row.sequence_id,
        lane_id=row.lane_id,
        due_at=row.due_at,
        run_ids={run.step: run.id for run in runs},
        accounts={run.step: run.account for run in runs},
    )
