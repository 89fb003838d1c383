"""Watching the clock: a leap is told, frees no limit, and a clock that is behind what is known sends nothing."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from runner.store.clock_mark import HELP, SLACK, carry_limits, move_mark, newest_known
from runner.store.context import Context

log = structlog.get_logger("runner.serve")
LEAP = timedelta(minutes=1)
"""What the wall clock may differ from the steady one between two looks; setting it by NTP moves it less."""
MARK_EVERY = timedelta(minutes=1)
LOOK_AGAIN_SECONDS = 2.0


def steady() -> float:
    """Seconds that only go forward, and go on while the machine sleeps, where it can tell (Linux)."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


@dataclass(slots=True)
class ClockWatch:
    """Asked before anything is claimed for sending."""

    context: Callable[[], Context]
    steady: Callable[[], float] = steady
    watching: bool = True
    _seen: tuple[datetime, float] | None = None
    _newest: datetime | None = None
    _behind: bool = False
    _again_at: float = 0.0

    def may_send(self) -> bool:
        """Whether the clock can be believed. Raises DatabaseUnavailable."""
        if not self.watching:
            return True
        ctx = self.context()
        now = ctx.now()
        self._look(ctx, now)
        if self._behind and self.steady() < self._again_at:
            return False
        self._again_at = self.steady() + LOOK_AGAIN_SECONDS
        if self._newest is None or self._behind:
            with ctx.db.read() as connection:
                self._newest = newest_known(connection) or now
        behind = self._newest - now > SLACK
        if behind and not self._behind:
            log.error("clock.behind", clock=now.isoformat(), newest_known=self._newest.isoformat(), sending="stopped",
                      help=HELP)  # fmt: skip
        elif self._behind and not behind:
            log.info("clock.caught_up", clock=now.isoformat(), sending="goes on")
        self._behind = behind
        if now - self._newest > MARK_EVERY:
            move_mark(ctx, now)
            self._newest = now
        return not behind

    def _look(self, ctx: Context, now: datetime) -> None:
        """Compare with the steady clock; what occupies limits keeps its age over a leap forward."""
        ticks = self.steady()
        seen, self._seen = self._seen, (now, ticks)
        if seen is None:
            return
        expected = seen[0] + timedelta(seconds=ticks - seen[1])
        leap = now - expected
        if abs(leap) < LEAP:
            return
        log.warning("clock.jumped", before=expected.isoformat(), after=now.isoformat(), by=str(leap))
        if leap > LEAP:
            carry_limits(ctx, expected, now)
        else:
            move_mark(ctx, expected)
            self._newest = expected
