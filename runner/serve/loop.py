"""The service: APScheduler fires a handful of fixed jobs; everything that is due lives in the database."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import structlog
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.jobstores.base import JobLookupError
from apscheduler.jobstores.memory import MemoryJobStore
from apscheduler.schedulers.background import BackgroundScheduler

from runner.clocks import SystemClock
from runner.errors import DatabaseUnavailable, RunnerError
from runner.serve.app import App
from runner.serve.dispatch import Dispatcher
from runner.serve.ticks import Ticks
from runner.serve.watching import InboxWatches
from runner.store.announcing import last_announced
from runner.store.claims import renew, rescue
from runner.store.enrolling import enroll_matching
from runner.store.restoring import HELP, REASON, note_opt_outs, notice_restored
from runner.store.retention import forget_old

T = TypeVar("T")
log = structlog.get_logger("runner.serve")
JOB_DEFAULTS = {"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
"""APScheduler's own default grace is one second, after which a late job is silently skipped."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How often the fixed jobs run. `longest_sleep` bounds how late a change made by another process is seen."""

    longest_sleep: timedelta = timedelta(seconds=2)
    inbox: timedelta = timedelta(seconds=60)
    enroll: timedelta = timedelta(seconds=10)
    reconcile: timedelta = timedelta(minutes=5)
    judge: timedelta = timedelta(minutes=5)
    retention: timedelta = timedelta(hours=6)
    journal: timedelta = timedelta(seconds=15)


@dataclass(slots=True)
class Service:
    """The jobs of one `serve` process."""

    app: App
    dispatcher: Dispatcher
    pace: Pace = Pace()
    reload_wanted: threading.Event = field(default_factory=threading.Event)
    watches: InboxWatches = field(init=False)
    _held_back: bool = False
    _opt_outs: int = 0
    _lifted: str | None = None
    _due: datetime | None = None
    _ticks: Ticks = field(init=False)
    _scheduler: BackgroundScheduler = field(init=False)
    _jobs: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(6))

    def __post_init__(self) -> None:
        app = self.app
        self.watches = InboxWatches(app.context, app.inboxes, app.channel_set.watchers, self.wake)
        self._scheduler = BackgroundScheduler(
            jobstores={"default": MemoryJobStore()},
            executors={"default": self._jobs},
            job_defaults=JOB_DEFAULTS,
            timezone=UTC,
        )
        logging.getLogger("apscheduler").setLevel(logging.ERROR)  # a run left out while the last goes on is no news
        move = self._guarded("tick", self._tick)
        self._ticks = Ticks(
            move, self._next_due, lambda: self.dispatcher.in_flight() > 0, self._tick_at, _now, self.pace.longest_sleep
        )
        self.dispatcher.on_idle = self.wake

    def start(self) -> None:
        """Rescue what an earlier process left behind, then begin."""
        longest = self.pace.longest_sleep.total_seconds()
        self._scheduler.add_job(self._ticks.run, "interval", id="tick", seconds=longest, max_instances=2)
        lease = self.app.ctx.lease / 3
        for name, job, every in (
            ("inbox", self.app.inboxes.read_all, self.pace.inbox),
            ("rescue", self._rescue, lease),
            ("journal", self._look_back, self.pace.journal),
            ("enroll", self._enroll, self.pace.enroll),
            ("reconcile", self.app.reconciliation.run, self.pace.reconcile),
            ("judge", self.app.judge, self.pace.judge),
            ("retention", self._retention, self.pace.retention),
            ("reload", self._reload, timedelta(seconds=1)),
            ("database", self._database, timedelta(seconds=0.5)),
        ):
            self._scheduler.add_job(
                self._guarded(name, job), "interval", id=name, seconds=every.total_seconds(), next_run_time=_now()
            )
        self._scheduler.start()
        self.watches.sync()
        self.wake()

    def wake(self) -> None:
        """Tick as soon as possible: something became due or a worker is free."""
        self._ticks.wake()

    def stop(self) -> None:
        """Claim nothing more; finish sends and jobs under way."""
        self.watches.close()
        self.dispatcher.drain()
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)  # waiting, it would hold a lock that the jobs it waits for need
            self._jobs.shutdown()

    def is_running(self) -> bool:
        """Whether jobs are still being started."""
        return bool(self._scheduler.running)

    def _next_due(self) -> datetime | None:
        return None if self.app.trouble.stands else self._due

    def _tick(self) -> int:
        self._due = None
        taken = self.dispatcher.tick()
        self._due = self.dispatcher.expected()
        return taken

    def _tick_at(self, instant: datetime) -> None:
        with suppress(JobLookupError):  # the scheduler has stopped meanwhile
            if self._scheduler.running:
                self._scheduler.modify_job("tick", next_run_time=instant)

    def _rescue(self) -> None:
        renew(self.app.ctx, self.dispatcher.tokens())
        if rescued := rescue(self.app.ctx):
            log.warning("claims.rescued", count=rescued)
            self.wake()

    def _look_back(self) -> None:
        """Notice a restored older database, and that it was reconciled; note new opt-outs beside the database."""
        ctx = self.app.ctx
        held, self._held_back = self._held_back, notice_restored(ctx)
        if self._held_back and not held:
            log.error("database.restored", reason=REASON, help=HELP, sending="stopped")
        if held and not self._held_back:
            log.info("database.reconciled", sending="goes on")
            self._opt_outs = 0
            self.dispatcher.release_holds()
            self.wake()
        self.app.sent_watch.again()
        self._hear_what_was_lifted()
        if ctx.journal is not None and not self._held_back:
            self._opt_outs = note_opt_outs(ctx, ctx.journal, self._opt_outs)

    def _hear_what_was_lifted(self) -> None:
        """A person, in another process, resumed an account or a campaign: lanes held for it are looked at again."""
        with self.app.ctx.db.read() as connection:
            before, self._lifted = self._lifted, last_announced(connection)
        if self._lifted != before:
            self.dispatcher.release_holds()
            self.wake()

    def _enroll(self) -> None:
        if entered := enroll_matching(self.app.ctx):
            log.info("leads.enrolled", count=entered)
            self.wake()

    def _retention(self) -> None:
        forget_old(self.app.ctx)
        if self.app.ctx.journal is not None:
            self.app.ctx.journal.forget(self.app.ctx.now())

    def _database(self) -> None:
        """Try again while the database is away; everything else rests meanwhile."""
        if self.app.trouble.retry(self._prove):
            self.wake()

    def _prove(self) -> None:
        """What came back can be another server's settings, or an older database."""
        self.app.ctx.db.prove_writable()
        self.app.ctx.db.check_durable()
        self._look_back()

    def _reload(self) -> None:
        if self.reload_wanted.is_set():
            self.reload_wanted.clear()
            self.app.reload()
            self.dispatcher.release_holds()
            self.watches.sync()
            log.info("project.reloaded", commit=self.app.ctx.book.project.git_commit)
            self.wake()

    def _guarded(self, name: str, job: Callable[[], T]) -> Callable[[], T | None]:
        """A job that logs its trouble and comes again: no fault of one run may end the service."""

        def run() -> T | None:
            try:
                if name == "database" or not self.app.trouble.stands:
                    return job()
            except DatabaseUnavailable as error:
                self.app.trouble.failed(error)
            except RunnerError as error:
                log.error("job.refused", job=name, error=str(error), help=error.help)
            except Exception:
                log.exception("job.crashed", job=name)
            return None

        return run


def _now() -> datetime:
    """The scheduler runs by the machine's time: it wakes processes, it decides nothing."""
    return SystemClock().now()
