"""The test kit: a project in memory, channels that follow a script, and the engine on a clock that jumps.

play = Play(SEQUENCE, leads=[{"email": "ada@example.com"}])
play.channel(ChannelType.EMAIL).script("ada@example.com", Failed("address_unknown"))
play.run()
assert play.path(1) == ["email failed", "linkedin sent"]
"""

from __future__ import annotations

import sqlite3
import threading
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import insert, select

from runner.channels.worker import Worker
from runner.clocks import ManualClock
from runner.compile.sequences import Surroundings, compile_sequence
from runner.engine.outcomes import NotNow, Outcome, Permit, Sent
from runner.engine.ports import Gate, InboxBatch, Job, Prepared, Signal
from runner.lang.diagnostics import Diagnostic
from runner.model.campaign import Campaign
from runner.model.channel import ChannelConfig, ChannelType
from runner.model.lead import Lead
from runner.model.project import Project, ProjectSettings
from runner.store.claims import Claim
from runner.store.context import Context
from runner.store.database import Database, open_database
from runner.store.definitions import publish
from runner.store.enrolling import Enrolled, enroll
from runner.store.keys import Key
from runner.store.lanes import all_lanes, first_due
from runner.store.signals import record_batch
from runner.store.tables import enrollments, leads, metadata, step_runs
from runner.store.ticking import advance_due, claim_due
from runner.store.work import Work, open_work

MONDAY = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message that a scripted channel let out."""

    lead_id: int
    step: str
    action: str
    at: datetime
    body: str
    key: str


@dataclass(slots=True)
class ScriptedChannel:
    """A channel that answers as it is told to, and keeps a ledger of what went out."""

    ledger: list[Delivery] = field(default_factory=list)
    scripts: dict[str, list[Outcome]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def script(self, who: str, *outcomes: Outcome) -> None:
        """What the next attempts to a lead come to, in order; then Sent. `who` is an address or a first name."""
        self.scripts.setdefault(who, []).extend(outcomes)

    def check(self, config: ChannelConfig) -> Sequence[Diagnostic]:
        """Nothing is wrong with a scripted account."""
        return ()

    def prepare(self, job: Job) -> Prepared | Outcome:
        """Ready at once."""
        return _ScriptedPrepared(self, job)

    def close(self) -> None:
        """Nothing is kept open."""

    def next_outcome(self, lead: Lead) -> Outcome:
        """Take the next outcome of a lead's script."""
        with self._lock:
            for name in (lead.email, lead.first_name):
                if name and self.scripts.get(name):
                    return self.scripts[name].pop(0)
        return Sent()


@dataclass(frozen=True, slots=True)
class _ScriptedPrepared:
    channel: ScriptedChannel
    job: Job

    def fire(self, gate: Gate) -> Outcome:
        verdict = gate()
        if not isinstance(verdict, Permit):
            return verdict
        outcome = self.channel.next_outcome(self.job.lead)
        if isinstance(outcome, Sent):
            job = self.job
            body = "" if verdict.without_note else job.content.body
            self.channel.ledger.append(Delivery(job.lead.id, job.step, job.action, job.now, body, job.key))
            if outcome.message_id is None:
                return Sent(message_id=f"<{job.key}@test.example>", detail=outcome.detail)
        return outcome

    def abandon(self) -> None:
        return None


@dataclass(slots=True)
class Play:
    """A sequence, some leads, and the engine over a database of its own.

    A whole `project` may be given instead; then nobody is in any of its campaigns yet.
    """

    source: str
    people: Sequence[Mapping[str, Any]] = ()
    templates: Mapping[str, str] = field(default_factory=dict)
    start: datetime = MONDAY
    db: Database | None = None
    campaign: Campaign | None = None
    settings: ProjectSettings = field(default_factory=ProjectSettings)
    accounts: Mapping[str, ChannelConfig] | None = None
    project: Project | None = None
    inbox: bool = False
    clock: ManualClock = field(init=False)
    machine: ManualClock = field(init=False)
    ctx: Context = field(init=False)
    channels: dict[ChannelType, ScriptedChannel] = field(init=False)
    enrolled: list[Enrolled] = field(init=False)
    holds: dict[int, datetime] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.clock, self.machine = ManualClock(self.start), ManualClock(self.start)
        self.channels = {kind: ScriptedChannel() for kind in ChannelType}
        db = self.db or open_database("sqlite://", create=True)
        make_tables(db)
        book = publish(db, self.project or self._project(), self.start)
        self.ctx = Context(db, book, self.clock, self.machine, Key(b"0" * 32))
        ids = self.add_leads(self.people)
        self.enrolled = enroll(self.ctx, self._campaign().name, ids) if self.project is None else []

    def _campaign(self) -> Campaign:
        return self.campaign or Campaign(name="play", sequence=_name_of(self.source))

    def _project(self) -> Project:
        around = Surroundings(check_templates=False)
        templates = defaultdict(lambda: "Hello {{ lead.first_name | default('there') }}", self.templates)
        compiled, problems = compile_sequence(
            self.source, "play.yaml", _named(self.source, templates), surroundings=around
        )
        if compiled is None:
            raise ValueError("; ".join(f"{d.span.start.line}: {d.slug} {d.summary}" for d in problems))
        accounts = self.accounts or {f"{kind.value}_test": self._account(kind) for kind in ChannelType}
        campaign = self._campaign()
        return Project(Path(), self.settings, {compiled.config.name: compiled}, accounts, {campaign.name: campaign})

    def _account(self, kind: ChannelType) -> ChannelConfig:
        settings = {"imap": {"host": "imap.test.example"}} if self.inbox and kind is ChannelType.EMAIL else {}
        return ChannelConfig(kind, f"{kind.value}_test", settings=settings)

    def add_leads(self, people: Sequence[Mapping[str, Any]]) -> list[int]:
        """Store people. Returns their ids."""
        ids = []
        with self.ctx.db.write() as connection:
            for person in people:
                email = person.get("email")
                row = {"email_key": email, "domain": email.partition("@")[2] if email else None} | dict(person)
                row |= {"created_at": self.start, "updated_at": self.start}
                ids.append(int(connection.execute(insert(leads).values(**row).returning(leads.c.id)).scalar_one()))
        return ids

    def channel(self, kind: ChannelType) -> ScriptedChannel:
        """The scripted channel of a kind."""
        return self.channels[kind]

    def worker(self) -> Worker:
        """A worker over the scripted channels."""
        return Worker(lambda: self.ctx, self.channels)

    def settle(self) -> None:
        """Do everything that can be done now."""
        while self._round():
            pass

    def _round(self) -> int:
        with self.ctx.db.read() as connection:
            due, lanes = first_due(connection), all_lanes(connection)
        moved = 0
        for lane_id, at in sorted(due.items()):
            if at > self.clock.now():
                continue
            lane = lanes[lane_id]
            if not lane.account:
                moved += advance_due(self.ctx, lane, 100).taken
                continue
            if self.holds.get(lane_id, at) > self.clock.now():
                continue
            for claim in claim_due(self.ctx, lane, 1).claims:
                outcome = self.worker().perform(claim)
                moved += 1
                if isinstance(outcome, NotNow) and outcome.lane_wide and outcome.until is not None:
                    self.holds[lane_id] = outcome.until
        return moved

    def next_due(self) -> datetime | None:
        """When something is due next, held lanes counted from the end of their hold."""
        with self.ctx.db.read() as connection:
            due = first_due(connection)
        return min((max(at, self.holds.get(lane_id, at)) for lane_id, at in due.items()), default=None)

    def run(self, until: datetime | None = None) -> None:
        """Settle, jump to the next due instant, and so on, until nothing is due or `until` is reached."""
        for _ in range(10_000):
            self.settle()
            following = self.next_due()
            if following is None or (until is not None and following > until):
                if until is not None:
                    self.advance_to(until)
                return
            self.advance_to(max(following, self.clock.now() + timedelta(microseconds=1)))
        raise AssertionError("the play does not end")

    def advance_to(self, instant: datetime) -> None:
        """Move both clocks on; with `inbox`, every inbox is read (and empty) at the new time."""
        self.clock.jump_to(instant)
        self.machine.jump_to(instant)
        if self.inbox:
            self.read_inboxes()

    def read_inboxes(self) -> None:
        """Read every e-mail account's inbox, and find nothing."""
        for config in self.ctx.book.project.channels.values():
            if config.channel is ChannelType.EMAIL:
                self.happen(account=config.key)

    def happen(self, *signals: Signal, account: str | None = None) -> None:
        """Let an inbox report something: that of `account`, or of the first e-mail account."""
        accounts = self.ctx.book.project.channels.values()
        first = next(config.key for config in accounts if config.channel is ChannelType.EMAIL)
        record_batch(self.ctx, account or first, InboxBatch(cursor={}, signals=signals))

    def claim(self, enrollment_id: int) -> Claim | None:
        """Claim one enrollment as a worker would; None when it is not due on a channel."""
        with self.ctx.db.read() as connection:
            lanes = all_lanes(connection)
        for lane in lanes.values():
            if lane.account:
                for claim in claim_due(self.ctx, lane, 100).claims:
                    if claim.enrollment_id == enrollment_id:
                        return claim
        return None

    def open(self) -> Work:
        """Claim and open the first send that is due, as a worker has it before the gate."""
        self.decide()
        with self.ctx.db.read() as connection:
            lanes = [lane for lane in all_lanes(connection).values() if lane.account]
        for lane in lanes:
            for claim in claim_due(self.ctx, lane, 1).claims:
                work = open_work(self.ctx, claim)
                if isinstance(work, Work):
                    return work
        raise AssertionError("nothing is due to be sent")

    def decide(self) -> None:
        """Take every decision that is due; what has to be sent is queued then."""
        with self.ctx.db.read() as connection:
            lanes = [lane for lane in all_lanes(connection).values() if not lane.account]
        for lane in lanes:
            while advance_due(self.ctx, lane, 100).taken:
                pass

    def status(self, lead_id: int) -> tuple[str, str | None]:
        """The enrollment's status and its reason or what it waits on."""
        with self.ctx.db.read() as connection:
            row = connection.execute(select(enrollments).where(enrollments.c.lead_id == lead_id)).one()
        return row.status, row.end_reason or row.waiting_on

    def path(self, lead_id: int) -> list[str]:
        """The steps a lead went through, each with its outcome."""
        query = select(step_runs.c.step, step_runs.c.outcome).join(enrollments)
        with self.ctx.db.read() as connection:
            rows = connection.execute(query.where(enrollments.c.lead_id == lead_id).order_by(step_runs.c.id)).all()
        return [f"{row.step} {row.outcome or '...'}" for row in rows]


def make_tables(db: Database) -> None:
    """Make the tables that are missing. SQLite, when it is empty, gets a copy: to make them takes as long as a play."""
    with closing(db.engine.raw_connection()) as held:
        raw = held.driver_connection
        if isinstance(raw, sqlite3.Connection) and raw.execute("SELECT 1 FROM sqlite_master").fetchone() is None:
            _tables().backup(raw)
            return
    metadata.create_all(db.engine)


@cache
def _tables() -> sqlite3.Connection:
    """A database in memory with the tables and no rows."""
    kept = sqlite3.connect(":memory:", check_same_thread=False)
    db = open_database("sqlite://", create=True)
    metadata.create_all(db.engine)
    with closing(db.engine.raw_connection()) as held:
        raw = held.driver_connection
        assert isinstance(raw, sqlite3.Connection)
        raw.backup(kept)
    db.close()
    return kept


def _name_of(source: str) -> str:
    return next(line.partition(":")[2].strip() for line in source.splitlines() if line.startswith("name:"))


def _named(source: str, templates: Mapping[str, str]) -> dict[str, str]:
    import re

    names = set(re.findall(r"template:\s*([\w-]+)", source)) | set(templates)
    return {name: templates[name] for name in names}


__all__ = ["MONDAY", "Delivery", "Play", "ScriptedChannel", "make_tables"]
