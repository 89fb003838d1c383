"""`serve`'s own loop inside the test, sending to a ledger, while something is done to its database.

The ledger is kept by the channel, outside the database: what stands in it is what really went out.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import func, select
from structlog.testing import capture_logs

from runner.channels.wiring import ChannelSet
from runner.clocks import SystemClock
from runner.engine.outcomes import Outcome, Permit, Sent
from runner.engine.ports import Gate, Job
from runner.lang.diagnostics import Diagnostic
from runner.model.channel import ChannelType
from runner.model.project import ContactPolicy, ProjectSettings
from runner.serve.app import App
from runner.serve.loop import Pace, Service
from runner.store.database import Database, open_database
from runner.store.invariants import broken
from runner.store.journal import Journal
from runner.store.tables import enrollments, outreach_attempts
from runner.testing import Play

TWO_STEPS = """\
version: 1
name: two
steps:
  - {id: first, channel: email, template: hello}
  - {id: pause, wait: 1s}
  - {id: second, channel: email, template: hello}
"""
NO_PAUSE = ProjectSettings(contact=ContactPolicy(min_between=timedelta(0)))
QUICK = Pace(timedelta(seconds=0.2), *[timedelta(hours=1)] * 4, journal=timedelta(seconds=0.2))


@dataclass(slots=True)
class Ledger:
    """A channel whose irrevocable byte is an entry here. `seconds` is how long the other side takes to answer."""

    seconds: float = 0.02
    entries: list[tuple[int, str]] = field(default_factory=list)
    _never: threading.Event = field(default_factory=threading.Event)

    def check(self, config: object) -> Sequence[Diagnostic]:
        return ()

    def prepare(self, job: Job) -> Entry | Outcome:
        return Entry(self, job)

    def close(self) -> None:
        return None

    def pause(self) -> None:
        self._never.wait(self.seconds)

    def twice(self) -> list[tuple[int, str]]:
        return [entry for entry, times in Counter(self.entries).items() if times > 1]


@dataclass(frozen=True, slots=True)
class Entry:
    ledger: Ledger
    job: Job

    def fire(self, gate: Gate) -> Outcome:
        verdict = gate()
        if not isinstance(verdict, Permit):
            return verdict
        self.ledger.entries.append((self.job.lead.id, self.job.step))
        self.ledger.pause()
        return Sent(f"<{self.job.key}@x>")

    def abandon(self) -> None:
        return None


@dataclass(slots=True)
class Serving:
    """One `serve` under way, with its ledger and what it logged."""

    play: Play
    ledger: Ledger
    people: int
    serve_db: Database
    service: Service
    log: list[Any] = field(default_factory=list)

    @property
    def db(self) -> Database:
        return self.play.ctx.db

    def sent(self) -> int:
        return len(self.ledger.entries)

    def logged(self, event: str) -> list[Any]:
        return [entry for entry in self.log if entry["event"] == event]

    def wait(self, until: Callable[[], object], seconds: float = 30.0) -> None:
        """Wait for something to come true. Raises AssertionError, with the log, when it does not."""
        pause, deadline = threading.Event(), time.monotonic() + seconds
        while not until():
            assert time.monotonic() < deadline, self.log[-20:]
            pause.wait(0.02)

    def finish(self, seconds: float = 60.0) -> None:
        """Wait until everybody is through, then check what must hold after any trouble."""
        self.wait(lambda: self.trouble_free(self.everybody_ended), seconds)
        assert self.ledger.twice() == []
        assert sorted(self.ledger.entries) == [(n, step) for n in range(1, self.people + 1) for step in STEPS]
        assert broken(self.play.ctx) == []
        assert self.attempts() == {"sent": 2 * self.people}
        assert self.logged("job.crashed") == []

    def everybody_ended(self) -> bool:
        query = select(func.count()).select_from(enrollments).where(enrollments.c.status == "completed")
        with self.db.read() as connection:
            return connection.execute(query).scalar_one() == self.people

    def attempts(self) -> dict[str, int]:
        query = select(outreach_attempts.c.status, func.count()).group_by(outreach_attempts.c.status)
        with self.db.read() as connection:
            return {row[0]: row[1] for row in connection.execute(query)}

    @staticmethod
    def trouble_free(ask: Callable[[], bool]) -> bool:
        from runner.errors import DatabaseUnavailable

        try:
            return ask()
        except DatabaseUnavailable:
            return False


STEPS = ("first", "second")


@contextmanager
def serving(
    url: str, people: int, *, lease: float = 5.0, serve_url: str | None = None, journal: Journal | None = None,
    **ledger: Any,
) -> Iterator[Serving]:  # fmt: skip
    """`serve` running on the database at `url`, or reaching it by `serve_url`, with so many people on their way."""
    play = Play(TWO_STEPS, [{"email": f"p{n}@example.com"} for n in range(people)], start=SystemClock().now(),
                db=open_database(url, create=True), settings=NO_PAUSE)  # fmt: skip
    clock = SystemClock()
    ctx = replace(play.ctx, clock=clock, machine=clock, lease=timedelta(seconds=lease))
    ctx = replace(ctx, db=open_database(serve_url or url), journal=journal)
    kept = Ledger(**ledger)
    app = App(ctx, ChannelSet({ChannelType.EMAIL: kept}), Path())
    with capture_logs() as log:
        service = Service(app, app.dispatcher(workers=4), QUICK)
        run = Serving(play, kept, people, ctx.db, service, log)
        play.ctx = replace(ctx, db=play.ctx.db)
        service.start()
        try:
            yield run
        finally:
            service.stop()
            app.close()
            play.ctx.db.close()


def assert_nothing_goes_out(run: Serving, cause: str) -> None:
    """From the moment at which the trouble was told; what had passed the gate before may still land."""
    run.wait(lambda: any(cause in told["error"] for told in run.log if "error" in told))
    pause = threading.Event()
    pause.wait(0.3)
    before = run.sent()
    pause.wait(1.0)
    assert run.sent() == before


def assert_told_once(run: Serving, cause: str, remedy: str) -> None:
    told = [entry for entry in run.log if "error" in entry]
    assert len(told) <= 2, told  # a busy machine may meet the busy time-out once by itself
    assert cause in told[-1]["error"]
    assert remedy in told[-1]["help"]
    assert len(run.logged("database.recovered")) == len(run.logged("database.unavailable"))
