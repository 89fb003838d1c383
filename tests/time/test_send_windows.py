"""Send windows: the cases people trip over, each with the instant it must give."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pytest

from runner.errors import Refused
from runner.model.calendar import WORKDAYS, Block, SendWindow, Weekday, next_slot
from runner.model.calendar_holidays import holiday_data_version, is_holiday, known_holiday_calendar
from runner.model.calendar_zones import Zones, find_zone, zone_data_problem
from runner.serve.app import build

EVERY_DAY = frozenset(Weekday)
BERLIN = Zones(lead="Europe/Berlin", account="America/New_York", country="DE")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def window(
    hours: str, days: frozenset[Weekday] = WORKDAYS, zone: str = "lead", holidays: str | None = None
) -> SendWindow:
    start, end = (time.fromisoformat(part) for part in hours.split("-"))
    return SendWindow((Block(days, start, end),), zone, holidays)


OFFICE = window("09:00-17:00")


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        pytest.param("2026-11-27T15:59:59", "2026-11-27T15:59:59", id="the last second of Friday is inside"),
        pytest.param("2026-11-27T16:00:00", "2026-11-30T08:00:00", id="the end itself is outside: Friday to Monday"),
        pytest.param("2026-11-23T07:59:59.999999", "2026-11-23T08:00:00", id="just before it opens"),
        pytest.param("2026-11-23T12:34:56.789", "2026-11-23T12:34:56.789", id="inside, to the microsecond"),
        pytest.param("2027-03-26T20:00:00", "2027-03-29T07:00:00", id="over the night on which the hour is skipped"),
        pytest.param("2027-10-29T20:00:00", "2027-11-01T08:00:00", id="over the night on which the hour comes twice"),
    ],
)
def test_office_hours_in_the_leads_zone(now: str, expected: str) -> None:
    assert next_slot(at(now), [OFFICE], BERLIN) == at(expected)


def test_without_windows_now_is_the_slot() -> None:
    assert next_slot(at("2026-11-22T03:00:00"), [], BERLIN) == at("2026-11-22T03:00:00")


def test_an_aware_instant_of_any_zone_comes_back_in_utc() -> None:
    berlin = find_zone("Europe/Berlin")
    found = next_slot(datetime(2026, 11, 23, 12, tzinfo=berlin), [OFFICE], BERLIN)
    assert found == at("2026-11-23T11:00:00")
    assert found is not None
    assert found.tzinfo is UTC


def test_a_holiday_moves_the_slot_to_the_next_day_that_is_none() -> None:
    friday_evening = at("2026-12-24T20:00:00")
    assert next_slot(friday_evening, [window("09:00-17:00", holidays="lead")], BERLIN) == at("2026-12-28T08:00:00")
    assert next_slot(friday_evening, [OFFICE], BERLIN) == at("2026-12-25T08:00:00")


def test_a_holiday_of_a_region_counts_only_there() -> None:
    epiphany = at("2026-01-06T05:00:00")
    assert next_slot(epiphany, [window("09:00-17:00", holidays="DE-BY")], BERLIN) == at("2026-01-07T08:00:00")
    assert next_slot(epiphany, [window("09:00-17:00", holidays="DE")], BERLIN) == at("2026-01-06T08:00:00")


def test_a_lead_without_a_country_has_no_holidays() -> None:
    zones = Zones(lead="Europe/Berlin")
    assert next_slot(at("2026-12-25T05:00:00"), [window("09:00-17:00", holidays="lead")], zones) == at(
        "2026-12-25T08:00:00"
    )


def test_a_window_across_midnight_belongs_to_the_day_on_which_it_starts() -> None:
    night = window("22:00-02:00", frozenset({Weekday.FRI}))
    assert next_slot(at("2026-11-28T00:30:00"), [night], BERLIN) == at("2026-11-28T00:30:00")
    assert next_slot(at("2026-11-28T01:00:00"), [night], BERLIN) == at("2026-12-04T21:00:00")


def test_a_window_whose_end_is_its_start_lasts_a_whole_day() -> None:
    sunday = window("00:00-00:00", frozenset({Weekday.SUN}))
    assert next_slot(at("2026-11-21T12:00:00"), [sunday], BERLIN) == at("2026-11-21T23:00:00")
    assert next_slot(at("2026-11-22T22:59:59"), [sunday], BERLIN) == at("2026-11-22T22:59:59")


def test_several_blocks_a_day_leave_the_noon_free() -> None:
    blocks = (Block(WORKDAYS, time(9), time(12)), Block(WORKDAYS, time(13), time(17)))
    assert next_slot(at("2026-11-23T11:30:00"), [SendWindow(blocks, "lead")], BERLIN) == at("2026-11-23T12:00:00")


def test_two_windows_in_two_zones_intersect() -> None:
    sender = window("09:00-17:00", zone="account")
    assert next_slot(at("2026-11-23T06:00:00"), [OFFICE, sender], BERLIN) == at("2026-11-23T14:00:00")


def test_windows_that_never_meet_give_none() -> None:
    assert next_slot(at("2026-11-23T06:00:00"), [OFFICE, window("18:00-19:00")], BERLIN) is None


def test_a_window_without_blocks_is_never_open() -> None:
    assert next_slot(at("2026-11-23T06:00:00"), [SendWindow(())], BERLIN) is None


@pytest.mark.parametrize(
    ("hours", "now", "expected"),
    [
        pytest.param("02:15-03:30", "2027-03-27T23:00:00", "2027-03-28T01:00:00", id="opens within the skipped hour"),
        pytest.param("02:15-02:45", "2027-03-27T23:00:00", "2027-03-29T00:15:00", id="lies wholly in the skipped hour"),
        pytest.param("02:15-02:45", "2027-10-31T00:00:00", "2027-10-31T00:15:00", id="first of the doubled hour"),
        pytest.param("02:15-02:45", "2027-10-31T00:50:00", "2027-10-31T01:15:00", id="second of the doubled hour"),
        pytest.param("01:30-02:30", "2027-10-31T00:45:00", "2027-10-31T01:00:00", id="the change leads back into it"),
    ],
)
def test_the_odd_nights_of_berlin(hours: str, now: str, expected: str) -> None:
    assert next_slot(at(now), [window(hours, EVERY_DAY)], BERLIN) == at(expected)


def test_the_half_hour_change_of_lord_howe() -> None:
    zones = Zones(lead="Australia/Lord_Howe")
    assert next_slot(at("2027-10-02T15:00:00"), [window("02:10-03:00", EVERY_DAY)], zones) == at("2027-10-02T15:30:00")


def test_a_day_that_the_calendar_of_apia_left_out_has_no_slot() -> None:
    zones = Zones(lead="Pacific/Apia")
    friday_which_never_was = window("09:00-17:00", frozenset({Weekday.FRI}))
    assert next_slot(at("2011-12-30T00:00:00"), [friday_which_never_was], zones) == at("2012-01-05T19:00:00")


@pytest.mark.parametrize(
    ("zones", "name", "expected"),
    [
        (Zones(lead="Asia/Tokyo", account="Europe/Paris"), "lead", "Asia/Tokyo"),
        (Zones(lead=None, account="Europe/Paris"), "lead", "Europe/Paris"),
        (Zones(lead="Mars/Olympus", account=None, project="America/Denver"), "lead", "America/Denver"),
        (Zones(lead="Asia/Tokyo", account=None, project="America/Denver"), "account", "America/Denver"),
        (Zones(lead="Asia/Tokyo", account="Europe/Paris"), "Africa/Cairo", "Africa/Cairo"),
        (Zones(lead="../../etc/localtime", account="x", project="y"), "lead", "UTC"),
    ],
)
def test_a_missing_or_unknown_zone_falls_back(zones: Zones, name: str, expected: str) -> None:
    assert zones.resolve(name).key == expected


@pytest.mark.parametrize(
    "name", ["", "../../etc/localtime", "/etc/localtime", "Europe/Berlin\0", "Europe", "nope", "a\\b"]
)
def test_a_name_that_is_no_zone_is_refused(name: str) -> None:
    assert find_zone(name) is None


def test_this_machine_has_zone_data_and_says_which_holiday_dates_it_uses() -> None:
    assert zone_data_problem() is None
    assert holiday_data_version().count(".") >= 1


def test_a_machine_without_zone_data_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("runner.model.calendar_zones.find_zone", lambda name: None)
    assert zone_data_problem() == "there is no time zone data on this machine"


def test_a_machine_without_zone_data_is_refused_at_the_start(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("runner.model.calendar_zones.find_zone", lambda name: None)
    with pytest.raises(Refused, match="no time zone data"):
        build(tmp_path)


def test_holiday_calendars_are_known_by_country_and_region() -> None:
    assert known_holiday_calendar("DE")
    assert known_holiday_calendar("DE-BY")
    assert not known_holiday_calendar("DE-XX")
    assert not known_holiday_calendar("ZZ")
    assert not is_holiday("ZZ", datetime(2026, 12, 25, tzinfo=UTC).date())


def test_the_search_reaches_a_window_that_opens_only_months_later() -> None:
    holidays_only_in_one_week = SendWindow((Block(frozenset({Weekday.THU}), time(9), time(10)),), "UTC", "US")
    thanksgiving = at("2026-11-26T00:00:00")
    assert next_slot(thanksgiving, [holidays_only_in_one_week], BERLIN) == thanksgiving + timedelta(days=7, hours=9)
