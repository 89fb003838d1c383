"""The composition root: context, channels and loops become one running whole. The only place that wires them."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from pathlib import Path

import structlog

from runner.channels.sent_watch import SentWatch
from runner.channels.wiring import ChannelSet, real_channels
from runner.channels.worker import Failpoint, Patience, Worker
from runner.clocks import SystemClock
from runner.engine.ports import Clock
from runner.errors import Refused
from runner.model.calendar_zones import zone_data_problem
from runner.model.project import Project
from runner.serve.clock_watch import ClockWatch
from runner.serve.dispatch import Dispatcher
from runner.serve.inboxes import InboxReader
from runner.serve.reconciler import Reconciliation
from runner.serve.trouble import DatabaseTrouble
from runner.store.context import Context
from runner.store.database import Database
from runner.store.definitions import publish
from runner.store.guardrails import guard_all
from runner.store.opening import compile_or_raise, open_context
from runner.store.restoring import notice_restored

log = structlog.get_logger("runner.serve")


@dataclass(slots=True)
class App:
    """Everything that runs, wired. `context` gives the current context, which a reload replaces as a whole."""

    ctx: Context
    channel_set: ChannelSet
    root: Path
    failpoint: Failpoint = lambda name: None
    trouble: DatabaseTrouble = field(default_factory=DatabaseTrouble)
    clock_watch: ClockWatch = field(init=False)
    sent_watch: SentWatch = field(init=False)
    worker: Worker = field(init=False)
    inboxes: InboxReader = field(init=False)
    reconciliation: Reconciliation = field(init=False)

    def __post_init__(self) -> None:
        # a clock that a test or the demo moves leaps all the time
        self.clock_watch = ClockWatch(self.context, watching=isinstance(self.ctx.clock, SystemClock))
        self.sent_watch = SentWatch(self.context, self.channel_set.sent_folders)
        patience = Patience(math.inf, self.trouble.failed)
        self.worker = Worker(self.context, self.channel_set.channels, self.failpoint, patience)
        self.inboxes = InboxReader(self.context, self.channel_set.inboxes)
        self.reconciliation = Reconciliation(self.context, self.channel_set.reconcilers)

    def context(self) -> Context:
        """The context as of the last load."""
        return self.ctx

    def dispatcher(self, *, workers: int = 8, dry_run: bool = False) -> Dispatcher:
        """A dispatcher over this app's database and channels."""
        return Dispatcher(self.context, self.worker, workers, dry_run=dry_run, may_send=self.may_send)

    def may_send(self) -> bool:
        """Whether clock and database can be believed. Raises DatabaseUnavailable."""
        return self.clock_watch.may_send() and self.sent_watch.look()

    def judge(self) -> None:
        """Stop accounts and campaigns of whose mail too much came back, counted anew."""
        for stopped in guard_all(self.ctx):
            log.error("guardrail.stopped", stopped=stopped, help="`runner doctor` says why and what to do")

    def reload(self) -> None:
        """Load the files again; a broken project raises ProjectError and the last good one keeps running."""
        project = compile_or_raise(self.root)
        self.ctx = self.ctx.with_book(publish(self.ctx.db, project, self.ctx.now()))
        self.channel_set.current.project = project

    def close(self) -> None:
        """Let go of channels and database."""
        self.worker.patience.stopping.set()
        self.channel_set.close()
        if self.ctx.journal is not None:
            self.ctx.journal.close()
        self.ctx.db.close()


def build(
    root: Path,
    *,
    project: Project | None = None,
    clock: Clock | None = None,
    machine: Clock | None = None,
    channel_set: ChannelSet | None = None,
    db: Database | None = None,
    failpoint: Failpoint = lambda name: None,
) -> App:
    """Wire an app over the project at `root`, its files published.

    Raises ProjectError for a broken project, DatabaseUnavailable for a database that is not ready or not durable, and
    Refused on a machine without time zone data, which would otherwise fail at the first window.
    """
    if problem := zone_data_problem():
        raise Refused(problem, help="pip install tzdata")
    ctx = open_context(root, project=project, clock=clock, machine=machine, db=db)
    try:
        ctx.db.check_durable()
        notice_restored(ctx)
        ctx = replace(ctx, worker=f"serve-{ctx.worker}")
        project = ctx.book.project
        channel_set = channel_set or real_channels(root, ctx.clock, ctx.key, project, ctx)
        return App(ctx, channel_set, root, failpoint)
    except BaseException:
        if db is None:
            ctx.db.close()
        raise
