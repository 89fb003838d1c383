"""The arithmetic of limits: rolling windows, gaps and ramps."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from runner.model.rates import LimitSet, Ramp, Rate

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)


def minutes(*values: int) -> list[datetime]:
    return [NOW + timedelta(minutes=value) for value in values]


@pytest.mark.parametrize(
    ("count", "freed", "expected"),
    [
        (2, [], 0),
        (2, [30], 0),
        (2, [30, 10], 10),
        (2, [30, 10, 20], 20),
        (1, [30, 10, 20], 30),
        (2, [0, -5, 10], 0),
    ],
)
def test_there_is_room_as_soon_as_enough_places_are_given_back(count: int, freed: list[int], expected: int) -> None:
    assert Rate(count, HOUR).room_at(minutes(*freed), NOW) == NOW + timedelta(minutes=expected)


def test_a_limit_of_zero_never_has_room() -> None:
    assert Rate(0, HOUR).room_at([], NOW) is None


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
