"""The dispatcher: takes what is due lane by lane, decides in batches, and hands sends to a pool of workers."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection

from runner.channels.worker import Worker
from runner.engine.outcomes import NotNow, Outcome
from runner.errors import DatabaseUnavailable
from runner.model.campaign import CampaignMode
from runner.serve.batching import BatchSize
from runner.serve.sharing import Waiting, share_out
from runner.store.claims import Claim
from runner.store.context import Context
from runner.store.lanes import Lane, all_lanes, first_due
from runner.store.results import give_back
from runner.store.rooms import Rooms, rooms
from runner.store.ticking import advance_due
from runner.store.work import Opened, claim_and_open

TOGETHER_SECONDS = 0.005
"""So long a tick waits for the others that are under way: claiming one by one costs more than the wait."""


@dataclass(slots=True)
class Dispatcher:
    """Moves everything that is due. `per_account` bounds how many sends of one account are under way at once."""

    context: Callable[[], Context]
    worker: Worker
    workers: int = 8
    per_account: int = 4
    on_idle: Callable[[], None] = lambda: None
    dry_run: bool = False
    may_send: Callable[[], bool] = lambda: True
    stopwatch: Callable[[], float] = time.monotonic
    _pool: ThreadPoolExecutor = field(init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _flying: Counter[Lane] = field(default_factory=Counter)
    _passed: Counter[int] = field(default_factory=Counter)
    _tokens: set[str] = field(default_factory=set)
    _holds: dict[int, datetime] = field(default_factory=dict)
    _batch: BatchSize = field(default_factory=BatchSize)
    _lanes: Mapping[int, Lane] = field(default_factory=dict)
    _released: int = 0
    _draining: bool = False
    _landed_since: bool = False
    _seen: Mapping[int, datetime] = field(default_factory=dict)
    _all_landed: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self._pool = ThreadPoolExecutor(self.workers, thread_name_prefix="send")

    def tick(self) -> int:
        """Move everything that is due now. Returns how many enrollments were taken up."""
        self._gather()
        ctx = self.context()
        taken = 0
        while not self._draining:
            advanced, claimed = self._round(ctx)
            taken += advanced + claimed
            if not advanced:  # what was claimed calls again when it lands
                return taken
        return taken

    def _gather(self) -> None:
        """When something landed, wait a moment for the others."""
        if self._landed_since:
            self._all_landed.wait(TOGETHER_SECONDS)
            self._landed_since = False

    def _round(self, ctx: Context) -> tuple[int, int]:
        """How many were moved on by decisions, and how many claimed for workers."""
        believed, released = self.may_send(), self._released
        now = ctx.now()
        with ctx.db.read() as connection:
            due, lanes = self._due(connection)
            self._seen = due
            ready = [lanes[lane_id] for lane_id, at in due.items() if at <= now and lane_id in lanes]
            sending = [lane for lane in ready if self._sends(ctx, lane, now)] if believed and self._has_room() else []
            found = rooms(connection, ctx, sending, lanes)
        for lane_id, until in found.closed.items():
            self._hold(lane_id, until, released)
        claimed = self._claim(ctx, [lane for lane in sending if lane.id not in found.closed], found)
        return sum(self._advance(ctx, lane) for lane in ready if not lane.account), claimed

    def _due(self, connection: Connection) -> tuple[Mapping[int, datetime], Mapping[int, Lane]]:
        """When each lane is due, and the lanes; those are read again when there is a new one, since none changes."""
        due = first_due(connection)
        if not due.keys() <= self._lanes.keys():
            self._lanes = all_lanes(connection)
        return due, self._lanes

    def _sends(self, ctx: Context, lane: Lane, now: datetime) -> bool:
        return bool(lane.account) and self._runs(ctx, lane) and not self._held(lane.id, now)

    def _has_room(self) -> bool:
        return self.in_flight() < self.workers

    def _advance(self, ctx: Context, lane: Lane) -> int:
        started = self.stopwatch()
        ticked = advance_due(ctx, lane, self._batch.size)
        self._batch.learn(ticked.taken, self.stopwatch() - started, ctx.lease)
        return ticked.taken

    def _claim(self, ctx: Context, sending: Sequence[Lane], found: Rooms) -> int:
        """Claim as much as free workers can begin at once and shared limits let out, shared out between the lanes."""
        taken = 0
        for lane, wanted in self._shares(ctx, sending).items():
            room = found.take(lane, wanted)
            if self._draining or not room:
                continue
            claims, opened = claim_and_open(ctx, lane, room)
            for claim in claims:
                self._submit(claim, opened.get(claim))
            taken += len(claims)
        return taken

    def _shares(self, ctx: Context, running: Sequence[Lane]) -> dict[Lane, int]:
        with self._lock:
            waiting = [
                Waiting(lane, ctx.book.campaigns[lane.campaign_id].priority, self._passed[lane.id]) for lane in running
            ]
            shares = share_out(
                waiting, self._flying, ctx.book.channels_in_use(), workers=self.workers, per_account=self.per_account
            )
            if shares:
                self._passed.update(lane.id for lane in running if lane not in shares)
        return shares

    def _hold(self, lane_id: int, until: datetime, released: int) -> None:
        """Let a lane rest, unless holds were released since it was found to have to."""
        with self._lock:
            if released == self._released:
                self._holds[lane_id] = until

    def _held(self, lane_id: int, now: datetime) -> bool:
        with self._lock:
            until = self._holds.get(lane_id)
            if until is not None and until <= now:
                del self._holds[lane_id]
                until = None
            return until is not None

    def _submit(self, claim: Claim, opened: Opened) -> None:
        with self._lock:
            self._flying[claim.lane] += 1
            self._tokens.add(claim.token)
            self._all_landed.clear()
            released = self._released
        try:
            future = self._pool.submit(self.worker.perform, claim, None, opened)
        except RuntimeError:  # the drain began between the claim and here
            future = Future()
            future.cancel()
        future.add_done_callback(lambda done: self._landed(claim, done, released))

    def _landed(self, claim: Claim, done: Future[Outcome | None], released: int) -> None:
        outcome = None if done.cancelled() or done.exception() else done.result()
        with self._lock:
            self._flying[claim.lane] -= 1
            self._tokens.discard(claim.token)
            self._landed_since = True
            if not self._tokens:
                self._all_landed.set()
            if not isinstance(outcome, NotNow):
                self._passed.pop(claim.lane.id, None)
        if isinstance(outcome, NotNow) and outcome.lane_wide and outcome.until is not None:
            self._hold(claim.lane.id, outcome.until, released)
        if done.cancelled():
            with suppress(DatabaseUnavailable):  # nobody extends its lease any more: it will be rescued
                give_back(self.context(), claim)
        self.on_idle()

    def in_flight(self) -> int:
        """How many sends are under way."""
        with self._lock:
            return self._flying.total()

    def tokens(self) -> list[str]:
        """The claims that are being acted on; those of a transaction whose answer was lost are not among them."""
        with self._lock:
            return sorted(self._tokens)

    def release_holds(self) -> None:
        """Forget what lanes were held for: an account was resumed, a limit changed, a new configuration came."""
        with self._lock:
            self._released += 1
            self._holds.clear()

    def next_due(self) -> datetime | None:
        """When something will be due next, held lanes counted from when their hold ends; None when nothing waits."""
        with self.context().db.read() as connection:
            self._seen, _ = self._due(connection)
        return self.expected()

    def expected(self) -> datetime | None:
        """The same as the last tick saw it, before it claimed."""
        ctx = self.context()
        with self._lock:
            holds = dict(self._holds)
        runs = ((lane_id, at) for lane_id, at in self._seen.items() if self._runs(ctx, self._lanes[lane_id]))
        return min((max(at, holds.get(lane_id, at)) for lane_id, at in runs), default=None)

    def _runs(self, ctx: Context, lane: Lane) -> bool:
        """Whether a lane's timers can lead to anything: sends of a dry run do not."""
        if not lane.account:
            return True
        campaign = ctx.book.campaigns.get(lane.campaign_id)
        return not self.dry_run and campaign is not None and campaign.mode is CampaignMode.LIVE

    def drain(self) -> None:
        """Claim nothing more, let sends under way finish, give back what has not begun."""
        self._draining = True
        self.worker.patience.stopping.set()
        self._pool.shutdown(cancel_futures=True)
