"""The clocks there are: the system's, one that stands where it is put, and one that jumps."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta


class SystemClock:
    """The time of this machine, in UTC."""

    def now(self) -> datetime:
        """The present instant."""
        return datetime.now(UTC)


class ManualClock:
    """A clock that moves only when told to, never backwards unless `set` says so. Safe between threads."""

    def __init__(self, start: datetime) -> None:
        self._now = start.astimezone(UTC)
        self._lock = threading.Lock()

    def now(self) -> datetime:
        """Where the clock stands."""
        with self._lock:
            return self._now

    def advance(self, by: timedelta) -> datetime:
        """Move on by `by` and return the new time."""
        with self._lock:
            self._now += by
            return self._now

    def jump_to(self, instant: datetime) -> datetime:
        """Move on to `instant`; an instant that has passed changes nothing. Returns the time."""
        with self._lock:
            self._now = max(self._now, instant.astimezone(UTC))
            return self._now

    def set(self, instant: datetime) -> None:
        """Put the clock anywhere, backwards included."""
        with self._lock:
            self._now = instant.astimezone(UTC)
