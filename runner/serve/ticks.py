"""When to tick: at once when something wakes, once more for what woke meanwhile, else when something will be due.

The scheduler begins the tick. As long as sends are under way it stays and listens for their landing, since a job of
the scheduler for each costs more than the claim it leads to.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

SHORTEST_SLEEP = timedelta(milliseconds=50)
"""Between two ticks that nobody asked for: what is due and cannot be moved must not keep a processor busy."""
DOUBLINGS = 3
"""So often that sleep doubles while ticks find nothing to take up: several processes would all come for each place."""


@dataclass(slots=True)
class Ticks:
    """The one tick at a time. Safe between threads.

    `move` moves what is due, says how much that was and raises nothing; `due` is when something will be due next, as
    far as `move` found out; `busy` is whether sends are under way, which wake when they land. `fire_at` lets the
    scheduler call `run` at an instant of `now`, instead of when it would have.
    """

    move: Callable[[], int | None]
    due: Callable[[], datetime | None]
    busy: Callable[[], bool]
    fire_at: Callable[[datetime], None]
    now: Callable[[], datetime]
    longest_sleep: timedelta
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _woken: threading.Event = field(default_factory=threading.Event)
    _running: bool = False
    _in_vain: int = 0

    def wake(self) -> None:
        """Something became due, or a worker is free: tick at once, or once more when the present tick is through."""
        with self._lock:
            self._woken.set()
            if self._running:
                return
        self.fire_at(self.now())

    def run(self) -> None:
        """Tick as long as sends are under way or something woke meanwhile, and plan the next time."""
        with self._lock:
            if self._running:
                self._woken.set()
                return
            self._running = True
        try:
            self._until_nobody_woke()
        except BaseException:
            self._running = False  # or whoever wakes would wait for a tick that is gone
            raise

    def _until_nobody_woke(self) -> None:
        while self._running:
            self._woken.clear()
            self._in_vain = 0 if self.move() else self._in_vain + 1
            planned = self._planned()
            if self.busy():
                self._woken.wait((planned - self.now()).total_seconds())
                continue
            self.fire_at(planned)  # before the last look: who wakes after it plans an earlier time
            with self._lock:
                self._running = self._woken.is_set()

    def _planned(self) -> datetime:
        now, due = self.now(), self.due()
        latest = now + self.longest_sleep
        shortest = SHORTEST_SLEEP * 2 ** min(max(self._in_vain - 1, 0), DOUBLINGS)
        return latest if due is None else max(now + shortest, min(due, latest))
