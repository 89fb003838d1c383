"""`serve` as a process: signals, draining, one round and exit, and the report of a dry run."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from queue import Empty, SimpleQueue
from types import FrameType

import structlog
from sqlalchemy import select

from runner.errors import DatabaseUnavailable
from runner.serve.app import App
from runner.serve.exclusive import claim_machine
from runner.serve.heap import settle_heap
from runner.serve.loop import Pace, Service
from runner.serve.public import start_public
from runner.serve.until_idle import is_anybody_on_the_way, open_count
from runner.store.claims import rescue
from runner.store.enrolling import enroll_matching
from runner.store.lanes import all_lanes, first_due
from runner.store.tables import campaigns, enrollments, leads, timers

log = structlog.get_logger("runner.serve")


@dataclass(frozen=True, slots=True)
class Options:
    """How to serve. `lease` and `inbox_every` are seconds."""

    workers: int = 8
    lease: float = 60.0
    inbox_every: float = 60.0
    until_idle: bool = False


def run_service(app: App, options: Options) -> int:
    """Serve until a signal, or with `until_idle` until nobody is on the way. Returns the exit code."""
    app.ctx = replace(app.ctx, lease=timedelta(seconds=options.lease))
    with claim_machine(app):
        pace = Pace(inbox=timedelta(seconds=options.inbox_every), enroll=timedelta(seconds=1))
        service = Service(app, app.dispatcher(workers=options.workers), pace)
        stopping = _Stopping(service)
        stopping.listen()
        service.start()
        public = start_public(app.context)
        settle_heap()
        log.info("serve.ready", people=open_count(app))
        while not stopping.wanted(0.2):
            if options.until_idle and _is_idle(app, service):
                break
        if public is not None:
            public.stop()
        service.stop()
    with suppress(DatabaseUnavailable):
        log.info("serve.stopped", people=open_count(app))
    return 0


class _Stopping:
    """SIGTERM and SIGINT: the first drains, the second ends the process at once. SIGHUP reloads.

    A handler may run while its own thread holds any lock, a logger's or an Event's; it takes none.
    """

    def __init__(self, service: Service) -> None:
        self.service = service
        self._came: SimpleQueue[int] = SimpleQueue()  # the one queue whose `put` may interrupt its own `get`
        self._asked = False

    def listen(self) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        signal.signal(signal.SIGHUP, self._reload)

    def wanted(self, seconds: float) -> bool:
        """Whether to drain, after waiting for a signal for up to so long."""
        try:
            number = self._came.get(timeout=seconds)
        except Empty:
            return False
        log.info("serve.draining", signal=signal.Signals(number).name)
        return True

    def _stop(self, number: int, frame: FrameType | None) -> None:
        if self._asked:
            os._exit(1)  # any other way out waits for the threads, and they for servers that do not answer
        self._asked = True
        self._came.put(number)

    def _reload(self, number: int, frame: FrameType | None) -> None:
        self.service.reload_wanted.set()


def _is_idle(app: App, service: Service) -> bool:
    """Nobody is on the way, and nobody can enter any more."""
    try:
        if service.dispatcher.in_flight() or is_anybody_on_the_way(app):
            return False
        return enroll_matching(app.ctx) == 0 and not is_anybody_on_the_way(app)
    except DatabaseUnavailable as error:
        app.trouble.failed(error)
        return False


def run_once(app: App, options: Options) -> int:
    """Do what is due now, wait for it, and return. Returns the exit code."""
    app.ctx = replace(app.ctx, lease=timedelta(seconds=options.lease))
    landed = threading.Event()
    with claim_machine(app):
        rescue(app.ctx)
        app.inboxes.read_all()
        app.judge()
        enroll_matching(app.ctx)
        dispatcher = app.dispatcher(workers=options.workers)
        dispatcher.on_idle = landed.set
        dispatcher.tick()
        while dispatcher.in_flight():
            landed.wait(1.0)
            landed.clear()
            dispatcher.tick()
        dispatcher.drain()
    return 0


def dry_report(app: App) -> Iterator[str]:
    """What would go out now, a line each, from what the database already holds. Nothing is written."""
    now, shown = app.ctx.now(), 0
    with app.ctx.db.read() as connection:
        lanes = all_lanes(connection)
        for lane_id, at in sorted(first_due(connection).items()):
            lane = lanes[lane_id]
            if at > now:
                continue
            query = (
                select(enrollments.c.id, enrollments.c.step, leads.c.email, campaigns.c.name, timers.c.due_at)
                .select_from(timers)
                .join(enrollments, enrollments.c.id == timers.c.enrollment_id)
                .join(leads, leads.c.id == enrollments.c.lead_id)
                .join(campaigns, campaigns.c.id == enrollments.c.campaign_id)
                .where(timers.c.lane_id == lane_id, timers.c.due_at <= now)
                .order_by(timers.c.due_at)
            )
            for row in connection.execute(query):
                shown += 1
                what = f"{row.step} by {lane.account}" if lane.account else "moves on"
                yield f"{row.name}: {row.email or row.id} {what} (due {row.due_at.isoformat(timespec='seconds')})"
    yield f"{shown} due now; nothing was sent"
