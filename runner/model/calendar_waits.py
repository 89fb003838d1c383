"""Waits: when a duration is over, and what is left of one that was paused.

A business day is a weekday of the calendar (Monday to Friday unless told otherwise) that is no holiday there. `3bd`
ends on the third business day after the local date of the start, at the start's local time: three business days
after Monday 10:00 is Thursday 10:00, one after Friday or Saturday 10:00 is Monday 10:00. `3d` is 72 hours.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from runner.lang.durations import Duration
from runner.model.calendar import WORKDAYS, SendWindow, Weekday
from runner.model.calendar_holidays import is_holiday
from runner.model.calendar_zones import Zones, at_wall_clock, wall_clock

_DAY = timedelta(days=1)
_WEEK = tuple(Weekday)


@dataclass(frozen=True, slots=True)
class BusinessCalendar:
    """Which local dates count as business days. `country` is a holiday calendar, None for no holidays."""

    zone: ZoneInfo
    country: str | None = None
    days: frozenset[Weekday] = WORKDAYS

    def __post_init__(self) -> None:
        if not self.days:
            raise ValueError("a business calendar needs at least one weekday")

    @classmethod
    def of(cls, zones: Zones, window: SendWindow | None = None) -> BusinessCalendar:
        """The lead's calendar: its zone and its country's holidays, on the days of `window` when there is one.

        A window that names a holiday calendar of its own replaces the lead's country.
        """
        days = frozenset(day for block in window.blocks for day in block.days) if window else WORKDAYS
        country = zones.country
        if window is not None and window.holidays is not None:
            country = zones.holiday_calendar(window.holidays)
        return cls(zones.resolve("lead"), country, days or WORKDAYS)

    def is_business_day(self, day: date) -> bool:
        """Whether a local date is a business day."""
        return _WEEK[day.weekday()] in self.days and not is_holiday(self.country, day)

    def next_business_day(self, day: date) -> date:
        """The first business day after `day`."""
        day += _DAY
        while not self.is_business_day(day):
            day += _DAY
        return day


def add_duration(start: datetime, duration: Duration, calendar: BusinessCalendar) -> datetime:
    """The instant at which a wait of `duration` that began at `start` is over, in UTC."""
    if not duration.business_days:
        return start.astimezone(UTC) + duration.elapsed
    wall = wall_clock(calendar.zone, start)
    day = wall.date()
    for _ in range(duration.business_days):
        day = calendar.next_business_day(day)
    return at_wall_clock(calendar.zone, datetime.combine(day, wall.time()))


def remaining(due: datetime, paused_at: datetime, calendar: BusinessCalendar | None = None) -> timedelta:
    """What is left of a wait at the pause; never negative.

    With a `calendar` the wait was counted in business days: then only the hours of business days count, so that
    neither a weekend within the pause nor one in what was left is lost or gained.
    """
    if paused_at >= due:
        return timedelta(0)
    if calendar is None:
        return due - paused_at
    position = wall_clock(calendar.zone, paused_at)
    goal = wall_clock(calendar.zone, due)
    if position.date() == goal.date():
        return max(goal - position, timedelta(0)) if calendar.is_business_day(goal.date()) else timedelta(0)
    left = _rest_of_day(position, calendar)
    day = calendar.next_business_day(position.date())
    while day < goal.date():
        left += _DAY
        day = calendar.next_business_day(day)
    return left + (goal - datetime.combine(day, time()) if day == goal.date() else timedelta(0))


def resume(left: timedelta, resumed_at: datetime, calendar: BusinessCalendar | None = None) -> datetime:
    """When a wait with `left` remaining is over, if it goes on at `resumed_at`; `calendar` as given to `remaining`."""
    if calendar is None or left <= timedelta(0):
        return resumed_at.astimezone(UTC) + max(left, timedelta(0))
    wall = wall_clock(calendar.zone, resumed_at)
    today = _rest_of_day(wall, calendar)
    if left < today:
        return at_wall_clock(calendar.zone, wall + left)
    left -= today
    day = calendar.next_business_day(wall.date())
    while left >= _DAY:
        left -= _DAY
        day = calendar.next_business_day(day)
    return at_wall_clock(calendar.zone, datetime.combine(day, time()) + left)


def _rest_of_day(wall: datetime, calendar: BusinessCalendar) -> timedelta:
    """The part of the local date after `wall`, when that date is a business day."""
    if not calendar.is_business_day(wall.date()):
        return timedelta(0)
    return datetime.combine(wall.date() + _DAY, time()) - wall
