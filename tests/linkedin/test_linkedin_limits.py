"""The numbers: lengths as LinkedIn counts them, defaults that are safe, and what is above safe."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.model.linkedin_limits import (
    DEFAULT_LIMITS,
    allowed_in,
    length_limit,
    linkedin_length,
    note_limit,
    over_safe_limits,
)
from runner.model.rates import LimitSet, Rate

DAY, WEEK = timedelta(days=1), timedelta(weeks=1)


@pytest.mark.parametrize(
    ("text", "length"),
    [("", 0), ("abc", 3), ("ü", 1), ("\N{ROCKET}", 2), ("a\r\nb", 3), ("a\rb", 3), ("👨‍👩‍👧", 8), ("e\u0301", 2), ("\ud83d", 1)],
)
def test_length_counts_utf16_units_and_a_line_break_once(text, length):
    assert linkedin_length(text) == length


@given(st.text())
def test_what_fits_here_fits_where_characters_are_counted(text):
    assert linkedin_length(text) >= len(text.replace("\r\n", "\n"))


def test_limits_of_texts():
    assert (note_limit(False), note_limit(True)) == (200, 300)
    assert length_limit("connect", False) == 200
    assert length_limit("message", False) == 8000
    assert length_limit("message", False, 500) == 500


def test_the_defaults_are_not_above_the_safe_limits():
    assert over_safe_limits(DEFAULT_LIMITS, premium=False) == ()
    assert over_safe_limits(DEFAULT_LIMITS, premium=True) == ()


def test_the_defaults_are_those_of_the_documentation():
    assert (Rate(15, DAY) in [rate for action, rate in DEFAULT_LIMITS.by_action if action == "connect"])
    assert (Rate(80, WEEK) in [rate for action, rate in DEFAULT_LIMITS.by_action if action == "connect"])
    assert (DEFAULT_LIMITS.min_gap, DEFAULT_LIMITS.max_gap) == (timedelta(minutes=3), timedelta(minutes=10))
    assert DEFAULT_LIMITS.ramp.cap(0) == 3  # 20 % of 15
    assert DEFAULT_LIMITS.ramp.cap(13) == 15


@pytest.mark.parametrize(
    ("limits", "premium", "found"),
    [
        (LimitSet(by_action=(("connect", Rate(20, DAY)),)), False, [WEEK]),  # 20 a day is 140 a week
        (LimitSet(by_action=(("connect", Rate(20, DAY)), ("connect", Rate(100, WEEK)))), False, []),
        (LimitSet(by_action=(("connect", Rate(30, DAY)), ("connect", Rate(100, WEEK)))), False, [DAY]),
        (LimitSet(by_action=(("connect", Rate(60, DAY)), ("connect", Rate(150, WEEK)))), True, []),
        (LimitSet(by_action=(("connect", Rate(90, DAY)), ("connect", Rate(300, WEEK)))), True, [DAY, WEEK]),
        (LimitSet(by_action=(("connect", Rate(5, timedelta(hours=1))),)), False, [DAY, WEEK]),
        (LimitSet(by_action=(("connect", Rate(90, DAY)),), rates=(Rate(10, DAY), Rate(70, WEEK))), False, []),
        (LimitSet(rates=(Rate(50, DAY),)), False, [DAY, WEEK]),
        (LimitSet(by_action=(("connect_with_note", Rate(10, timedelta(days=30))),)), False, [timedelta(days=30)]),
        (LimitSet(), False, []),
    ],
)
def test_what_lies_above_the_safe_limits_is_found(limits, premium, found):
    assert [over.safe.rate.per for over in over_safe_limits(limits, premium)] == found


@given(st.integers(1, 50), st.integers(1, 500), st.integers(1, 500))
def test_a_rate_allows_at_least_as_much_in_a_longer_window(count, per, window):
    rate = Rate(count, timedelta(hours=per))
    assert allowed_in(rate, timedelta(hours=window)) <= allowed_in(rate, timedelta(hours=window + 1))
