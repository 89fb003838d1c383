"""The arithmetic of limits: gaps and ramps."""

from __future__ import annotations

from datetime import timedelta

from runner.model.rates import LimitSet, Ramp

HOUR = timedelta(hours=1)


def test_a_gap_lies_between_its_bounds() -> None:
    limits = LimitSet(min_gap=timedelta(minutes=3), max_gap=timedelta(minutes=10))
    assert limits.gap(0.0) == timedelta(minutes=3)
    assert limits.gap(0.5) == timedelta(minutes=6.5)


def test_jitter_only_lengthens_a_gap() -> None:
    limits = LimitSet(min_gap=timedelta(seconds=100), jitter=0.3)
    assert limits.gap(0.0) == timedelta(seconds=100)
    assert limits.gap(0.5) == timedelta(seconds=115)


def test_a_largest_gap_below_the_least_is_ignored() -> None:
    assert LimitSet(min_gap=HOUR, max_gap=timedelta(minutes=1)).gap(0.9) == HOUR


def test_a_ramp_grows_with_the_days_on_which_something_was_sent() -> None:
    ramp = Ramp(start=10, step=5, ceiling=50)
    assert [ramp.cap(days) for days in (-1, 0, 1, 8, 99)] == [10, 10, 15, 50, 50]
