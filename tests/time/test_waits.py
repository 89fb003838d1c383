"""Waits in hours, days and business days, and what a pause leaves of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.lang.durations import Duration, parse_duration
from runner.model.calendar import WORKDAYS, Weekday
from runner.model.calendar_waits import BusinessCalendar, add_duration, remaining, resume
from runner.model.calendar_zones import Zones, find_zone


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def calendar(zone: str = "Europe/Berlin", country: str | None = None) -> BusinessCalendar:
    return BusinessCalendar.of(Zones(lead=zone, country=country))


@pytest.mark.parametrize(
    ("start", "wait", "expected"),
    [
        pytest.param("2026-11-23T09:00:00", "3bd", "2026-11-26T09:00:00", id="Monday to Thursday"),
        pytest.param("2026-11-27T09:00:00", "1bd", "2026-11-30T09:00:00", id="Friday to Monday"),
        pytest.param("2026-11-28T09:00:00", "1bd", "2026-11-30T09:00:00", id="Saturday to Monday"),
        pytest.param("2026-12-23T09:00:00", "2bd", "2026-12-28T09:00:00", id="over Christmas"),
        pytest.param("2027-03-26T09:00:00", "1bd", "2027-03-30T08:00:00", id="Easter and the change of the clock"),
        pytest.param("2026-11-27T22:59:00", "1bd", "2026-11-30T22:59:00", id="the lead's date counts, not that of UTC"),
        pytest.param("2026-11-27T23:01:00", "1bd", "2026-11-29T23:01:00", id="already Saturday for the lead"),
        pytest.param("2027-03-27T23:00:00", "3d", "2027-03-30T23:00:00", id="three days are 72 hours"),
        pytest.param("2026-11-23T09:00:00", "0bd", "2026-11-23T09:00:00", id="no wait at all"),
    ],
)
def test_a_wait_is_over_when_the_leads_calendar_says_so(start: str, wait: str, expected: str) -> None:
    assert add_duration(at(start), parse_duration(wait), calendar(country="DE")) == at(expected)


def test_a_business_wait_into_the_skipped_hour_ends_at_the_next_minute_that_exists() -> None:
    every_day = BusinessCalendar(find_zone("Europe/Berlin"), days=frozenset(Weekday))  # type: ignore[arg-type]
    assert add_duration(at("2027-03-27T01:30:00"), Duration(business_days=1), every_day) == at("2027-03-28T01:00:00")


def test_a_wait_from_the_leap_day() -> None:
    assert add_duration(at("2028-02-29T12:00:00"), Duration(business_days=1), calendar("UTC")) == at(
        "2028-03-01T12:00:00"
    )


def test_a_calendar_without_days_is_refused() -> None:
    with pytest.raises(ValueError, match="weekday"):
        BusinessCalendar(find_zone("UTC"), days=frozenset())  # type: ignore[arg-type]


def test_two_days_into_a_three_day_wait_leave_one_day() -> None:
    left = remaining(due=at("2026-11-26T10:00:00"), paused_at=at("2026-11-25T10:00:00"))
    assert left == timedelta(days=1)
    assert resume(left, at("2027-02-01T08:00:00")) == at("2027-02-02T08:00:00")


def test_two_business_days_into_a_wait_of_three_leave_one_business_day() -> None:
    days = calendar()
    due = add_duration(at("2026-11-25T09:00:00"), Duration(business_days=3), days)
    left = remaining(due, at("2026-11-27T09:00:00"), days)
    assert left == timedelta(days=1)
    assert resume(left, at("2026-12-04T09:00:00"), days) == at("2026-12-07T09:00:00")


def test_a_weekend_within_the_pause_takes_nothing_from_what_is_left() -> None:
    days = calendar()
    left = remaining(at("2026-11-30T09:00:00"), at("2026-11-28T15:00:00"), days)
    assert left == timedelta(hours=10)
    assert resume(left, at("2026-12-02T12:00:00"), days) == at("2026-12-02T22:00:00")


def test_a_wait_that_was_over_at_the_pause_is_over_at_the_resumption() -> None:
    assert remaining(at("2026-11-23T09:00:00"), at("2026-11-23T10:00:00"), calendar()) == timedelta(0)
    assert resume(timedelta(0), at("2026-11-25T10:00:00"), calendar()) == at("2026-11-25T10:00:00")


starts = st.integers(0, 3 * 365 * 86400).map(lambda seconds: at("2026-01-01T00:00:00") + timedelta(seconds=seconds))


@given(start=starts, count=st.integers(1, 12), share=st.floats(0, 1), country=st.sampled_from([None, "DE", "US"]))
def test_pausing_and_resuming_at_once_changes_nothing(
    start: datetime, count: int, share: float, country: str | None
) -> None:
    days = BusinessCalendar(find_zone("Asia/Kathmandu"), country, WORKDAYS)  # type: ignore[arg-type]
    due = add_duration(start, Duration(business_days=count), days)
    paused = start + (due - start) * share
    resumed = resume(remaining(due, paused, days), paused, days)
    assert resumed == due


@given(start=starts, count=st.integers(1, 12), later=st.timedeltas(timedelta(0), timedelta(days=60)))
def test_a_pause_never_shortens_a_wait(start: datetime, count: int, later: timedelta) -> None:
    days = calendar(country="DE")
    due = add_duration(start, Duration(business_days=count), days)
    paused = start + (due - start) / 2
    assert resume(remaining(due, paused, days), paused + later, days) >= due
