"""Commands become rows: the decisions of one transaction, gathered and written with few statements."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from operator import itemgetter
from typing import Any, assert_never

from sqlalchemy import Connection, Table, bindparam, delete, exists, update

from runner.engine.commands import CloseTask, Command, End, Enter, Finish, Forget, MoveTo, Perform, Update, Wait
from runner.engine.state import EnrollmentStatus, StepRun, WaitingOn
from runner.store.bulk import bulk_insert, bulk_update
from runner.store.context import Context
from runner.store.fixed import Fixed
from runner.store.lanes import lane_for
from runner.store.loading import Loaded
from runner.store.log import chained, write
from runner.store.tables import enrollments, outreach_attempts, reservations, step_runs, tasks, timers

Values = dict[str, Any]
Rows = list[tuple[Any, ...]]
RUN = ("outcome", "reason", "stage", "action", "tries", "entered_at", "until", "acted_at", "settle_until", "ended_at")
MESSAGE = ("message_id",)
SENT_RUN = (*RUN, *MESSAGE)
NEW_RUN = (*RUN, "enrollment_id", "step", "account", "key")
TIMER = ("lane_id", "due_at", "enrollment_id")
"""The columns of the rows that are gathered, in their order."""


@dataclass(slots=True)
class Writer:
    """Gathers what decisions ask for and writes it all in `flush`. One for each transaction."""

    connection: Connection
    ctx: Context
    now: datetime
    lanes: dict[tuple[int, str], int] = field(default_factory=dict)
    new_runs: Rows = field(default_factory=list)
    changed_runs: Rows = field(default_factory=list)
    moved: list[Values] = field(default_factory=list)
    timers: Rows = field(default_factory=list)
    log: Rows = field(default_factory=list)
    newest: dict[int, int | None] = field(default_factory=dict)
    message_ids: dict[int, str] = field(default_factory=dict)
    """What step runs sent, by their row ids; written with what else changes of a run."""

    def add(self, loaded: Loaded, commands: Iterable[Command]) -> None:
        """Take the commands of one decision. The enrollment's timer row must be out already."""
        step = _OneEnrollment(self, loaded)
        for command in commands:
            step.take(command)
        step.close()

    def lane(self, campaign_id: int, account: str = "") -> int:
        """The lane of an account in a campaign; the campaign's own lane without one."""
        found = self.lanes.get((campaign_id, account))
        if found is None:
            found = lane_for(self.connection, campaign_id, account)
            self.lanes[campaign_id, account] = found
        return found

    def flush(self) -> None:
        """Write everything gathered so far."""
        self._insert(step_runs, NEW_RUN, self.new_runs)
        self._change_runs()
        log = chained(self.connection, self.log, self.newest)
        self._move()
        self._insert(timers, TIMER, self.timers)
        write(self.connection, log)
        self.log.clear()
        self.newest.clear()

    def _change_runs(self) -> None:
        """A run's id stands last in its row. What was sent by one that does not change otherwise goes by itself."""
        sent = self.message_ids
        plain = [row for row in self.changed_runs if row[-1] not in sent]
        named = [(*row[:-1], sent.pop(row[-1]), row[-1]) for row in self.changed_runs if row[-1] in sent]
        alone = [(message_id, run_id) for run_id, message_id in sent.items()]
        for columns, rows in ((RUN, plain), (SENT_RUN, named), (MESSAGE, alone)):
            bulk_update(step_runs, columns, self.connection.dialect).run(self.connection, rows)
        self.changed_runs.clear()
        sent.clear()

    def _insert(self, table: Table, columns: tuple[str, ...], rows: Rows) -> None:
        if rows:
            bulk_insert(table, columns, self.connection.dialect).run(self.connection, rows)
            rows.clear()

    def _move(self) -> None:
        """Rows that name the same columns go together; a column that is not named keeps its index entries as well."""
        alike: dict[tuple[str, ...], list[Values]] = {}
        for row in self.moved:
            row["last_transition_id"] = self.newest[row["id"]]
            alike.setdefault(tuple(row), []).append(row)
        for names, group in alike.items():
            columns, take = _columns(names)
            bulk_update(enrollments, columns, self.connection.dialect).run(self.connection, [*map(take, group)])
        self.moved.clear()


@lru_cache(maxsize=128)
def _columns(names: tuple[str, ...]) -> tuple[tuple[str, ...], Callable[[Values], tuple[Any, ...]]]:
    """The columns that rows of these names change, and how such a row is taken in the order of a `bulk_update`."""
    columns = tuple(name for name in names if name != "id")
    return columns, itemgetter(*columns, "id")


class _OneEnrollment:
    """The commands for one enrollment, folded into the row values they leave behind."""

    __slots__ = ("ended", "fresh", "loaded", "row", "runs", "status", "writer")

    def __init__(self, writer: Writer, loaded: Loaded) -> None:
        self.writer, self.loaded = writer, loaded
        self.runs: dict[str, StepRun] = {}
        self.ended: set[str] = set()
        self.fresh: dict[str, tuple[str | None, str | None]] = {}
        state = loaded.state
        self.status: str = state.status.value
        self.row: Values = {
            "step": state.step, "status": self.status, "waiting_on": None, "waiting_why": None,
            "due_at": None if state.is_over else loaded.due_at, "lane_id": loaded.lane_id,
            "ended_at": state.ended_at, "end_reason": state.end_reason or None,
        }  # fmt: skip
        if state.status is EnrollmentStatus.PAUSED:  # the reason for a pause outlives what happens during it
            del self.row["waiting_on"], self.row["waiting_why"]

    def take(self, command: Command) -> None:
        """Fold one command in; the most frequent come first, since every step comes by here several times."""
        row = self.row
        match command:
            case Enter(run=run):
                self._enter(run)
            case Finish(run=run, values=values):
                self.runs[run.step] = run
                self.ended.add(run.step)
                self._log(run.step, "finished", _told(outcome=run.outcome, reason=run.reason, saw=values))
            case Wait(until=until, on=on, why=why):
                row["status"], row["waiting_on"], row["waiting_why"] = "waiting", on.value, why or None
                row["lane_id"], row["due_at"] = self.writer.lane(self.loaded.campaign_id), until
            case Perform(step=step, action=action):
                row["status"], row["waiting_on"], row["waiting_why"] = "active", _SLOT, action or None
                row["lane_id"] = self.writer.lane(self.loaded.campaign_id, self._account(step))
                row["due_at"] = self.writer.now
            case Update(run=run, why=why):
                self.runs[run.step] = run
                self._log(run.step, run.stage.value, _told(why=why, until=run.until.isoformat() if run.until else ""))
            case End(status=status, reason=reason):
                row["status"], row["end_reason"], row["ended_at"] = status.value, reason, self.writer.now
                row["due_at"] = row["waiting_on"] = row["waiting_why"] = None
                self._log(row["step"], status.value, _told(reason=reason))
            case CloseTask(step=step, status=status):
                close_task(self.writer.connection, self.loaded.state.id, step, status, self.writer.now)
            case Forget(steps=steps):
                self._forget(steps)
            case MoveTo(step=step, why=why):
                row["step"], row["status"], row["ended_at"], row["end_reason"] = step, "active", None, None
                self._log(step, "moved", _told(why=why))
            case _:
                assert_never(command)

    def close(self) -> None:
        """Hand the folded rows to the writer."""
        writer, row, enrollment_id = self.writer, self.row, self.loaded.state.id
        for step, run in self.runs.items():
            values = (
                run.outcome, run.reason, run.stage.value, run.action, run.tries, run.entered_at, run.until,
                run.acted_at, run.settle_until, writer.now if step in self.ended else None,
            )  # fmt: skip
            if step in self.fresh:
                writer.new_runs.append((*values, enrollment_id, step, *self.fresh[step]))
            else:
                writer.changed_runs.append((*values, self.loaded.run_ids[step]))
        if row["status"] == self.status:
            del row["status"]
        row["id"] = enrollment_id
        writer.newest.setdefault(enrollment_id, self.loaded.last_transition_id)
        writer.moved.append(row)
        if row["due_at"] is not None:
            writer.timers.append((row["lane_id"], row["due_at"], enrollment_id))

    def _enter(self, run: StepRun) -> None:
        self.runs[run.step] = run
        self.row["step"], self.row["status"] = run.step, "active"
        if run.step not in self.loaded.run_ids:
            self.fresh[run.step] = self._identity(run.step)
        self._log(run.step, "entered", {})

    def _identity(self, step: str) -> tuple[str | None, str | None]:
        """What a step that acts keeps for good: its account and the token of its message. Others have neither."""
        ctx = self.writer.ctx
        channel = ctx.book.graph(self.loaded.sequence_id).node(step).channel
        if channel is None:
            return None, None
        used = [*self.loaded.accounts.values(), *(account for account, _ in self.fresh.values())]
        config = ctx.book.keep_account(self.loaded.campaign, channel, self.loaded.state.lead.id, used)
        key = ctx.key.message_token(self.loaded.state.id, self.loaded.state.started_at, step)
        return config.key if config else None, key

    def _account(self, step: str) -> str:
        if step in self.fresh:
            return self.fresh[step][0] or ""
        return self.loaded.accounts.get(step) or ""

    def _forget(self, steps: tuple[str, ...]) -> None:
        """Delete runs that never tried anything. One with attempts keeps its row, and its open attempt is cancelled."""
        mine = (step_runs.c.enrollment_id == self.loaded.state.id, step_runs.c.step.in_(steps))
        tried = exists().where(outreach_attempts.c.step_run_id == step_runs.c.id)
        connection = self.writer.connection
        gone = connection.execute(delete(step_runs).where(*mine, ~tried).returning(step_runs.c.step)).scalars().all()
        for step in gone:
            self.loaded.run_ids.pop(step, None)
        _cancel_open(connection, self.loaded.state.id, steps, self.writer.now)

    def _log(self, step: str | None, kind: str, detail: Values) -> None:
        self.writer.log.append((self.loaded.state.id, self.writer.now, step, kind, detail))


_SLOT = WaitingOn.SLOT.value


def _told(**detail: object) -> Values:
    """What there is to say; the rest is left out."""
    return {name: value for name, value in detail.items() if value}


_TAKE_TIMER = Fixed(
    delete(timers).where(
        timers.c.lane_id == bindparam("lane"),
        timers.c.due_at == bindparam("due"),
        timers.c.enrollment_id == bindparam("enrollment"),
    )
)


def take_timer(connection: Connection, loaded: Loaded) -> bool:
    """Remove the enrollment's timer row. False when it has none, or another worker took it."""
    if loaded.due_at is None:
        return False
    mine = {"lane": loaded.lane_id, "due": loaded.due_at, "enrollment": loaded.state.id}
    return _TAKE_TIMER.change(connection, **mine) == 1


def close_task(connection: Connection, enrollment_id: int, step: str, status: str, now: datetime) -> None:
    """Close the open task of a step, and give back what its attempt had reserved."""
    mine = (tasks.c.enrollment_id == enrollment_id, tasks.c.step == step, tasks.c.aside.is_(False))
    where = (*mine, tasks.c.status == "open")
    changed = update(tasks).where(*where).values(status=status, closed_at=now, closed_by="runner")
    for (attempt_id,) in connection.execute(changed.returning(tasks.c.attempt_id)).all():
        final = "cancelled" if status == "cancelled" else "failed"
        end = {"status": final, "outcome": status, "reason": f"task_{status}", "finished_at": now}
        connection.execute(update(outreach_attempts).where(outreach_attempts.c.id == attempt_id).values(**end))
        connection.execute(delete(reservations).where(reservations.c.attempt_id == attempt_id))


def _cancel_open(connection: Connection, enrollment_id: int, steps: tuple[str, ...], now: datetime) -> None:
    runs = step_runs.c.id == outreach_attempts.c.step_run_id
    mine = exists().where(runs, step_runs.c.enrollment_id == enrollment_id, step_runs.c.step.in_(steps))
    where = (outreach_attempts.c.status.in_(("pending", "claimed")), mine)
    end = {"status": "cancelled", "reason": "superseded", "finished_at": now}
    connection.execute(update(outreach_attempts).where(*where).values(**end))
