"""The engine under test, set up for the model: two campaigns, two mailboxes, a channel that tells the reference."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta
from functools import cache
from pathlib import Path
from typing import Any, cast

from reference import BETWEEN, CLOSES, OPENS, PER, Caps, Flight, Reference
from sqlalchemy import insert, text

from runner.channels.worker import Failpoint, Worker
from runner.compile.sequences import Surroundings, compile_sequence
from runner.engine.outcomes import (
    AccountTrouble,
    Failed,
    HandedOver,
    NotConnected,
    Outcome,
    Permit,
    Sent,
    TaskDraft,
    TryAgain,
    Unconfirmed,
    Unknown,
)
from runner.engine.ports import Doubt, Evidence, Gate, Job, Prepared
from runner.lang.diagnostics import Diagnostic
from runner.model.calendar import Block, SendWindow, Weekday
from runner.model.campaign import Campaign
from runner.model.channel import ChannelConfig, ChannelType
from runner.model.project import CompiledSequence, ContactPolicy, Project, ProjectSettings
from runner.model.rates import LimitSet, Rate
from runner.store.database import Database, open_database
from runner.store.schema import upgrade
from runner.store.tables import leads
from runner.testing import MONDAY, Play

SEQUENCE = """\
version: 1
name: model
steps:
  - {id: intro, channel: email, template: hello, retry: {count: 1, delay: 2h}, next: {failed: meet}}
  - {id: quiet, wait: WAIT}
  - {id: bump, channel: email, template: hello, thread: intro}
  - {id: meet, channel: linkedin, action: connect, condition: if email_failed, template: hello}
  - {id: met, wait_for: meet.accepted, timeout: 2d, condition: if meet_sent}
  - {id: hello, channel: linkedin, action: message, condition: if meet.accepted, template: hello}
  - {id: form, channel: contact_form, condition: if not hello_sent, template: hello}
  - {id: call, channel: phone, condition: if form_failed, template: hello, expires_after: 2d}
"""
STEPS = ("intro", "quiet", "bump", "meet", "met", "hello", "form", "call")
CAMPAIGNS = ("first", "second")
EAST = {"Asia/Tokyo": 9, "UTC": 0, "Asia/Dubai": 4}
"""Zones that never change their clocks, so that the reference can add hours."""
PEOPLE = [
    {"email": f"p{n}@d{n % 2}.example", "email_key": f"p{n}@d{n % 2}.example", "domain": f"d{n % 2}.example",
     "linkedin_urn": f"urn{n}", "phone": f"+4930000{n}", "timezone": zone, "created_at": MONDAY, "updated_at": MONDAY}
    for n, zone in enumerate(["Asia/Tokyo", "UTC", "Asia/Dubai", "UTC"])
]  # fmt: skip
ACCOUNTS = (
    (ChannelType.EMAIL, "ada"), (ChannelType.EMAIL, "bob"), (ChannelType.LINKEDIN, "profile"),
    (ChannelType.CONTACT_FORM, "site"), (ChannelType.PHONE, "desk"),
)  # fmt: skip
WINDOW = SendWindow(
    (Block(frozenset(Weekday) - {Weekday.SUN}, time(OPENS), time(CLOSES)),), timezone="lead"
)  # fmt: skip


@dataclass(frozen=True)
class Files:
    """One state of the project's files: which edit of the sequence and of its text, which limits, is `bob` on?"""

    wait: str = "1d"
    text: str = "Hello"
    caps: Caps = field(default_factory=Caps)
    bob: bool = True

    def project(self) -> Project:
        """The files, compiled."""
        caps = self.caps
        accounts = {name: _account(kind, name, caps) for kind, name in ACCOUNTS}
        accounts["bob"] = replace(accounts["bob"], enabled=self.bob)
        of_channel = LimitSet(rates=(Rate(caps.campaign, PER),))
        limits = {kind: of_channel for kind in ChannelType if kind is not ChannelType.PHONE}
        contact = ContactPolicy(min_between=BETWEEN, unknown_hold=timedelta(hours=3), one_active_enrollment=False)
        settings = ProjectSettings(limits=LimitSet(rates=(Rate(caps.overall, PER),)), contact=contact)
        campaigns = {name: Campaign(name, "model", limits=limits) for name in CAMPAIGNS}
        return Project(Path(), settings, {"model": _compiled(self.wait, self.text)}, accounts, campaigns)


def _account(kind: ChannelType, name: str, caps: Caps) -> ChannelConfig:
    if kind is ChannelType.PHONE:
        return ChannelConfig(kind, name)
    domain = Rate(caps.domain, PER) if kind is ChannelType.EMAIL else None
    limits = LimitSet(rates=(Rate(caps.account, PER),), recipient_domain=domain)
    inbox = {"imap": {"host": "x"}} if kind is ChannelType.EMAIL else {}
    return ChannelConfig(kind, name, limits=limits, settings=inbox, send_window=WINDOW)


@cache
def _compiled(wait: str, text: str) -> CompiledSequence:
    source = SEQUENCE.replace("WAIT", wait)
    around = Surroundings(check_templates=False)
    compiled, problems = compile_sequence(source, "model.yaml", {"hello": text}, surroundings=around)
    assert compiled is not None, problems
    return compiled


WATCH = (
    "CREATE TABLE moves (before TEXT, after TEXT, UNIQUE (before, after))",
    "CREATE TRIGGER watch AFTER UPDATE OF status ON outreach_attempts WHEN OLD.status <> NEW.status BEGIN"
    " INSERT OR IGNORE INTO moves VALUES (OLD.status, NEW.status); END",
)
"""The database itself notes every move of an attempt, whoever makes it."""


@cache
def _migrated() -> bytes:
    """A migrated database with everybody in it, as bytes: a copy costs less than a migration."""
    db = open_database("sqlite://", create=True)
    upgrade(db)
    with db.write() as connection:
        connection.execute(insert(leads), PEOPLE)
        for statement in WATCH:
            connection.execute(text(statement))
        raw = cast("sqlite3.Connection", connection.connection.driver_connection)
        raw.commit()
        image = raw.serialize()
        raw.execute("BEGIN")
    db.close()
    return image


def fresh_database() -> Database:
    """A database of its own, in memory."""
    db = open_database("sqlite://", create=True)
    with db.engine.connect() as connection:
        raw = cast("sqlite3.Connection", connection.connection.driver_connection)
        raw.rollback()
        raw.deserialize(_migrated())
        raw.execute("BEGIN")
    return db


POSSIBLE = {
    ChannelType.EMAIL: (Sent, Failed, TryAgain, Unknown, AccountTrouble),
    ChannelType.LINKEDIN: (Sent, Failed, TryAgain, Unknown, AccountTrouble, NotConnected, HandedOver),
    ChannelType.CONTACT_FORM: (Sent, Failed, TryAgain, Unknown, AccountTrouble, Unconfirmed, HandedOver),
    ChannelType.PHONE: (Failed, HandedOver),
}
"""What a try on each channel can come to. A message to a connection is never told that there is none."""


class Died(BaseException):
    """The process ended here."""


@dataclass
class World:
    """Every channel: it answers as the script says, tells the reference, and remembers what really went out."""

    reference: Reference
    scripts: dict[int, list[Outcome]] = field(default_factory=dict)
    delivered: set[str] = field(default_factory=set)
    last: Flight | None = None
    outcome: Outcome | None = None

    def check(self, config: ChannelConfig) -> Sequence[Diagnostic]:
        return ()

    def prepare(self, job: Job) -> Prepared | Outcome:
        return _Ready(self, job)

    def close(self) -> None:
        return None

    def find(self, doubt: Doubt) -> Evidence | None:
        """Positive evidence only: what went out can be found, what did not leaves no trace."""
        found = f"{doubt.key}|{doubt.action}" in self.delivered
        return Evidence("the world", self.reference.now()) if found else None

    def flight(self, job: Job) -> Flight:
        """A job as the reference sees it."""
        who = (job.lead.id, job.campaign)
        return Flight(
            who, job.step, STEPS.index(job.step), job.action, job.account.channel.value, job.account.key,
            job.lead.domain or "", job.content.body, EAST[job.lead.timezone or ""], self.reference.caps,
        )  # fmt: skip

    def answer(self, job: Job, flight: Flight) -> Outcome:
        """What the next try comes to. An Unknown that says so went out all the same."""
        script, channel = self.scripts.get(job.lead.id), job.account.channel
        usual: Outcome = HandedOver(TaskDraft("call", "call", "call")) if channel is ChannelType.PHONE else Sent()
        outcome = script.pop(0) if script else usual
        if not isinstance(outcome, POSSIBLE[channel]):
            outcome = usual
        if isinstance(outcome, Sent | Unconfirmed) or (isinstance(outcome, Unknown) and outcome.reason == "went out"):
            self.delivered.add(f"{job.key}|{job.action}")
            self.reference.went_out(flight)
        self.last, self.outcome = flight, outcome
        return outcome

    def recorded(self) -> None:
        """The last outcome is on record."""
        if self.last is not None and self.outcome is not None and provably_unsent(self.outcome):
            self.reference.not_sent(self.last)
        self.last = self.outcome = None


def provably_unsent(outcome: Outcome) -> bool:
    """Whether an outcome says that nothing went out."""
    return not isinstance(outcome, Sent | Unconfirmed | Unknown | HandedOver)


@dataclass(frozen=True)
class _Ready:
    world: World
    job: Job

    def fire(self, gate: Gate) -> Outcome:
        verdict = gate()
        if not isinstance(verdict, Permit):
            return verdict
        flight = self.world.flight(self.job)
        self.world.reference.permitted(flight)
        return self.world.answer(self.job, flight)

    def abandon(self) -> None:
        return None


@dataclass(slots=True)
class ModelPlay(Play):
    """A play whose channels are the world's."""

    world: Any = None
    failpoint: Failpoint = lambda name: None

    def advance_to(self, instant: datetime) -> None:
        self.world.reference.time_moves(max(timedelta(0), instant - self.clock.now()))
        Play.advance_to(self, instant)

    def worker(self) -> Worker:
        return Worker(lambda: self.ctx, dict.fromkeys(ChannelType, self.world), self._at)

    def _at(self, name: str) -> None:
        self.failpoint(name)
        if name == "recorded":
            self.world.recorded()
