"""Trouble with the database, told to the operator once and not once a second, until it is over."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import structlog

from runner.errors import DatabaseUnavailable

log = structlog.get_logger("runner.serve")
REMIND_SECONDS = 60.0
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 5.0
"""Seconds until the database is tried again; they grow while it comes and goes."""
CALM_SECONDS = 30.0
"""A database that goes away again sooner than this after it came back is not well."""


@dataclass(slots=True)
class DatabaseTrouble:
    """Whether the database is away. While it is, nothing is claimed and nothing is sent. Safe between threads."""

    now: Callable[[], float] = time.monotonic
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _since: float | None = None
    _told: float = 0.0
    _over_at: float | None = None
    _try_at: float = 0.0
    _remedies: set[str] = field(default_factory=set)
    _pause: float = FIRST_PAUSE

    @property
    def stands(self) -> bool:
        """Whether the database is away as far as is known."""
        return self._since is not None

    def failed(self, error: DatabaseUnavailable) -> None:
        """Something met the trouble: say so if it is new, and now and then while it lasts."""
        with self._lock:
            now = self.now()
            if self._since is None:
                again = self._over_at is not None and now - self._over_at < CALM_SECONDS
                self._pause = min(2 * self._pause, LONGEST_PAUSE) if again else FIRST_PAUSE
                self._since = self._told = now
                self._try_at = now + self._pause
                log.error("database.unavailable", error=str(error), help=error.help, sending="stopped")
                self._remedies = {error.help}
            elif error.help not in self._remedies or now - self._told >= REMIND_SECONDS:
                self._told = now
                self._remedies.add(error.help)  # the cause may turn into another one that wants something else done
                log.error("database.still_unavailable", seconds=round(now - self._since), error=str(error),
                          help=error.help)  # fmt: skip

    def retry(self, prove: Callable[[], None]) -> bool:
        """Try the database with `prove`, if it is away and it is time. True when it is back."""
        with self._lock:
            if self._since is None or self.now() < self._try_at:
                return False
        try:
            prove()
        except DatabaseUnavailable as error:
            self.failed(error)
            self._try_at = self.now() + self._pause
            return False
        with self._lock:
            now = self.now()
            log.info("database.recovered", seconds=round(now - self._since, 1), sending="goes on")
            self._since, self._over_at = None, now
        return True
