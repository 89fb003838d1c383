"""Batches of decisions: small where the database is slow, large where it is quick, and everybody decided on once."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

import runner.serve.dispatch
from runner.serve.batching import LARGEST, SMALLEST, START, BatchSize
from runner.serve.dispatch import Dispatcher
from runner.store.tables import enrollments
from runner.store.ticking import advance_due
from runner.testing import Play

WAITS = "version: 1\nname: waits\nsteps:\n  - {id: rest, wait: 1d}\n"
MINUTE = timedelta(minutes=1)


class Stopwatch:
    """Time passes only as batches take it: so long each, and so long for every person in it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now, self.each, self.person = 0.0, 0.0, 0.0
        self.asked: list[int] = []
        monkeypatch.setattr(runner.serve.dispatch, "advance_due", self._timed)

    def _timed(self, ctx: Any, lane: Any, limit: int) -> Any:
        ticked = advance_due(ctx, lane, limit)
        self.asked.append(limit)
        self.now += self.each + self.person * ticked.taken
        return ticked

    def __call__(self) -> float:
        return self.now


def _tick(stopwatch: Stopwatch, people: int, lease: timedelta = MINUTE) -> list[int]:
    """Let people enter and be decided on. Returns how many each batch asked for."""
    play = Play(WAITS, [{"email": f"p{n}@example.com"} for n in range(people)])
    ctx = replace(play.ctx, lease=lease)
    dispatcher = Dispatcher(lambda: ctx, play.worker(), stopwatch=stopwatch)
    assert dispatcher.tick() == people
    dispatcher.drain()
    with ctx.db.read() as connection:
        waiting = select(func.count()).select_from(enrollments).where(enrollments.c.waiting_on == "wait")
        assert connection.execute(waiting).scalar_one() == people
    return stopwatch.asked


def test_batches_grow_while_they_are_quick_and_never_past_the_largest(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = _tick(Stopwatch(monkeypatch), 1300)
    assert asked[:6] == [START, 100, 200, 400, LARGEST, LARGEST]


def test_batches_shrink_until_one_takes_no_longer_than_it_may(monkeypatch: pytest.MonkeyPatch) -> None:
    stopwatch = Stopwatch(monkeypatch)
    stopwatch.person = 0.02
    assert _tick(stopwatch, 150)[:5] == [50, 25, 12, 12, 12]


def test_a_short_lease_makes_batches_shorter_still(monkeypatch: pytest.MonkeyPatch) -> None:
    stopwatch = Stopwatch(monkeypatch)
    stopwatch.person = 0.004  # fifty take 0.2 s: good enough for a minute's lease, and too long for one of two seconds
    assert set(_tick(stopwatch, 150)) == {START}
    stopwatch.asked = []
    assert _tick(stopwatch, 150, timedelta(seconds=2))[:4] == [50, 25, 25, 25]


def test_a_database_that_is_slow_whatever_is_asked_still_gets_a_few_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    stopwatch = Stopwatch(monkeypatch)
    stopwatch.each = 10.0
    assert _tick(stopwatch, 150)[-1] == SMALLEST


def test_one_slow_moment_is_made_up_for() -> None:
    size = BatchSize(200)
    size.learn(200, 3.0, MINUTE)
    assert size.size == 100
    size.learn(100, 0.2, MINUTE)
    assert size.size == 100, "quick enough, and twice as many would not be"
    size.learn(40, 0.01, MINUTE)
    assert size.size == 100, "there was no more to do, so nothing is learnt"
    size.learn(100, 0.1, MINUTE)
    assert size.size == 200
