"""The numbers: lengths as LinkedIn counts them, defaults that are safe, and what is above safe."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.model.channel import ChannelConfig, ChannelType
from runner.model.linkedin_limits import (
    DEFAULT_LIMITS,
    DEFAULT_WINDOW,
    NOTES_PER_MONTH,
    allowed_in,
    length_limit,
    linkedin_length,
    note_limit,
    over_safe_limits,
    with_defaults,
)
from runner.model.rates import LimitSet, Rate

DAY, WEEK = timedelta(days=1), timedelta(weeks=1)


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("", 0),
        ("abc", 3),
        ("ü", 1),
        ("\N{ROCKET}", 2),
        ("a\r\nb", 3),
        ("a\rb", 3),
        ("👨‍👩‍👧", 8),
        ("e\u0301", 2),
        ("\ud83d", 1),
    ],
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
    assert Rate(15, DAY) in [rate for action, rate in DEFAULT_LIMITS.by_action if action == "connect"]
    assert Rate(80, WEEK) in [rate for action, rate in DEFAULT_LIMITS.by_action if action == "connect"]
    assert (DEFAULT_LIMITS.min_gap, DEFAULT_LIMITS.max_gap) == (timedelta(minutes=3), timedelta(minutes=10))
    assert DEFAULT_LIMITS.ramp.cap(0) == 3  # 20 % of 15
    assert DEFAULT_LIMITS.ramp.cap(12) == 15


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


MONTH = timedelta(days=30)


def linkedin(limits=LimitSet(), **settings):
    return with_defaults(ChannelConfig(ChannelType.LINKEDIN, "ada", limits=limits, settings=settings))


def test_an_account_without_limits_gets_careful_ones():
    account = linkedin(provider="voyager")
    assert account.limits == DEFAULT_LIMITS
    assert account.send_window == DEFAULT_WINDOW


def test_what_a_file_says_stays():
    own = LimitSet(by_action=(("connect", Rate(5, DAY)),), min_gap=timedelta(seconds=1), ramp=DEFAULT_LIMITS.ramp)
    limits = linkedin(own, provider="voyager").limits
    assert [rate for action, rate in limits.by_action if action == "connect"] == [Rate(5, DAY)]
    assert (limits.min_gap, limits.max_gap) == (timedelta(seconds=1), None)


@pytest.mark.parametrize("provider", ["task", "official"])
def test_a_person_is_counted_but_not_spaced_out(provider):
    account = linkedin(provider=provider)
    assert account.limits.by_action == DEFAULT_LIMITS.by_action
    assert (account.limits.min_gap, account.limits.ramp, account.send_window) == (timedelta(0), None, None)


def test_a_gateway_and_the_sandbox_keep_exactly_what_the_file_says():
    assert linkedin(provider="voyager", base_url="http://127.0.0.1:1").limits == LimitSet()


@pytest.mark.parametrize(
    ("settings", "notes"),
    [
        ({}, NOTES_PER_MONTH),
        ({"premium": True}, None),
        ({"notes_per_month": 12}, 12),
        ({"notes_per_month": 0}, 0),
        ({"notes_per_month": 7, "base_url": "http://127.0.0.1:1"}, 7),
    ],
)
def test_notes_have_a_quota_of_their_own(settings, notes):
    found = [rate for action, rate in linkedin(provider="voyager", **settings).limits.by_action
             if action == "connect_with_note"]  # fmt: skip
    assert found == ([] if notes is None else [Rate(notes, MONTH)])


def test_other_channels_keep_what_they_have():
    email = ChannelConfig(ChannelType.EMAIL, "ada")
    assert with_defaults(email) is email
