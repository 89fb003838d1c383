"""Running to the end: everything that is due, then the next thing that will be, until nobody is on the way."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import exists, func, select

from runner.clocks import ManualClock
from runner.serve.app import App
from runner.serve.dispatch import Dispatcher
from runner.store.claims import rescue
from runner.store.enrolling import enroll_matching, next_room
from runner.store.tables import claims, enrollments, timers

Hidden = Callable[[], datetime | None]
"""When something that nobody can see yet will show itself, such as a bounce on its way (the sandbox knows)."""


LOOK_AGAIN = timedelta(seconds=2)
LISTEN_EVERY = timedelta(minutes=5)
"""Shorter than the age at which an unread inbox holds follow-ups back."""


@dataclass(slots=True)
class JumpingRun:
    """Plays a project on a clock that jumps to the next instant at which anything happens.

    It is the very engine of `serve`; only the sleeping is left out. `on_step` is told after every round.
    """

    app: App
    clock: ManualClock
    dispatcher: Dispatcher
    hidden: Sequence[Hidden] = ()
    limit: timedelta = timedelta(days=400)
    on_step: Callable[[], None] = lambda: None
    _landed: threading.Event = field(default_factory=threading.Event)
    _sent: bool = False
    _expected: bool = True
    _heard_at: datetime | None = None

    def run(self) -> None:
        """Until nothing is on the way, or the clock has moved by `limit`."""
        self.dispatcher.on_idle = self._landed.set
        end = self.clock.now() + self.limit
        rescue(self.app.ctx)
        while True:
            self._settle()
            self.on_step()
            following = self._next()
            if following is None or following > end:
                return
            self.clock.jump_to(following)

    def _settle(self) -> None:
        """Do all that can be done at this instant."""
        heard = 1
        while heard:
            heard = self._listen() + enroll_matching(self.app.ctx)
            self.dispatcher.tick()
            self._wait_for_workers()

    def _listen(self) -> int:
        """Read the inboxes when something new is known to be there, and every few minutes of the campaign's time."""
        now = self.clock.now()
        if not self._expected and self._heard_at is not None and now - self._heard_at < LISTEN_EVERY:
            return 0
        self._expected, self._heard_at = False, now
        self.app.reconciliation.run()
        heard = self.app.inboxes.read_all()
        self.app.judge()
        return heard

    def _wait_for_workers(self) -> None:
        while self.dispatcher.in_flight():
            self._sent = True
            self._landed.wait(timeout=1.0)
            self._landed.clear()
            self.dispatcher.tick()

    def _next(self) -> datetime | None:
        now = self.clock.now()
        heard = [look() for look in self.hidden]
        if self._sent:  # what was just sent may have been answered at once: look again before leaping on
            heard.append(now + LOOK_AGAIN)
        self._sent = False
        due = [self.dispatcher.next_due()] if is_anybody_on_the_way(self.app) else []
        event, timer = _earliest(heard, now), _earliest([*due, next_room(self.app.ctx)], now)
        self._expected = event is not None and (timer is None or event <= timer)
        return _earliest([event, timer], now)


def _earliest(times: Sequence[datetime | None], now: datetime) -> datetime | None:
    return min((max(at, now + timedelta(microseconds=1)) for at in times if at is not None), default=None)


def open_count(app: App) -> int:
    """How many people are on the way: not over, and not paused."""
    with app.ctx.db.read() as connection:
        query = select(func.count()).select_from(enrollments).where(_ON_THE_WAY)
        return int(connection.execute(query).scalar_one())


def is_anybody_on_the_way(app: App) -> bool:
    """Whether that is more than none. Asked several times a second, so it looks first where somebody is found soon."""
    with app.ctx.db.read() as connection:
        return any(connection.execute(select(exists(look))).scalar_one() for look in _SOMEBODY)


_ON_THE_WAY = enrollments.c.status.in_(("active", "waiting"))
_SOMEBODY = (
    select(claims.c.enrollment_id),
    select(timers.c.enrollment_id).join(enrollments, enrollments.c.id == timers.c.enrollment_id).where(_ON_THE_WAY),
    select(enrollments.c.id).where(_ON_THE_WAY),
)
