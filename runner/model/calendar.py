"""Windows, business days and holidays: when a thing may happen, and the one `next_slot()` that answers it.

Pure arithmetic on aware datetimes; UTC comes in and UTC goes out. An instant is inside a window when the wall clock
of the window's zone says so at that instant. Two rules for the odd nights follow from that one: in the hour that is
skipped a window opens at the next minute that exists, and in the hour that comes twice it is open both times.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import Enum
from zoneinfo import ZoneInfo

from runner.model.calendar_holidays import is_holiday
from runner.model.calendar_zones import Zones, first_reading

LOOK_AHEAD = timedelta(days=400)
"""How far `next_slot` searches: past one whole year, so that a window which opens once a year is found."""

_DAY = timedelta(days=1)


class Weekday(Enum):
    """The days of a week, numbered as `datetime.weekday()` does."""

    MON = 0
    TUE = 1
    WED = 2
    THU = 3
    FRI = 4
    SAT = 5
    SUN = 6


WORKDAYS = frozenset({Weekday.MON, Weekday.TUE, Weekday.WED, Weekday.THU, Weekday.FRI})

_WEEK = tuple(Weekday)


@dataclass(frozen=True, slots=True)
class Block:
    """One stretch of local wall-clock time on some weekdays; `end` before or at `start` runs past midnight.

    The day of a block is the day on which it starts: `fri 22:00-02:00` lasts into Saturday.
    """

    days: frozenset[Weekday]
    start: time
    end: time

    def span(self, day: date) -> tuple[datetime, datetime]:
        """The naive local beginning and end of this block when it starts on `day`."""
        last = day + _DAY if self.end <= self.start else day
        return datetime.combine(day, self.start), datetime.combine(last, self.end)


@dataclass(frozen=True, slots=True)
class SendWindow:
    """When sending is allowed.

    `timezone` is an IANA name, or `lead` or `account` for the zone of the one or the other; `holidays` is an ISO
    country code, with a subdivision after a hyphen where wanted (`DE-BY`), `lead` for the lead's country, or None.
    """

    blocks: tuple[Block, ...]
    timezone: str = "account"
    holidays: str | None = None


def next_slot(now: datetime, windows: Sequence[SendWindow], zones: Zones) -> datetime | None:
    """The earliest instant, `now` or later, that lies inside all of `windows`; `now` itself when there are none.

    None means that the windows share no instant within `LOOK_AHEAD`. `now` is aware; the answer is in UTC.
    """
    instant = now.astimezone(UTC)
    limit = instant + LOOK_AHEAD
    bound = [_Bound.to(window, zones) for window in windows]
    agreed, turn = 0, 0
    while agreed < len(bound):
        found = bound[turn].next_opening(instant, limit)
        if found is None or found > limit:
            return None
        agreed = agreed + 1 if found == instant else 1
        instant = found
        turn = (turn + 1) % len(bound)
    return instant


@dataclass(frozen=True, slots=True)
class _Bound:
    """A window whose zone and holiday calendar are known."""

    blocks: tuple[Block, ...]
    zone: ZoneInfo
    holidays: str | None

    @classmethod
    def to(cls, window: SendWindow, zones: Zones) -> _Bound:
        return cls(window.blocks, zones.resolve(window.timezone), zones.holiday_calendar(window.holidays))

    def next_opening(self, instant: datetime, limit: datetime) -> datetime | None:
        """The earliest instant inside this window, from `instant` on, looking as far as `limit`."""
        wall = instant.astimezone(self.zone).replace(tzinfo=None)
        if self._contains(wall):
            return instant
        best: datetime | None = None
        last = limit.astimezone(self.zone).date()
        day = wall.date() - _DAY
        while day <= last:
            opened = self._opening_on(day, instant)
            if best is not None and (opened is None or opened >= best):
                return best
            best = opened
            day += _DAY
        return best

    def _contains(self, wall: datetime) -> bool:
        today, clock = wall.date(), wall.time()
        for block in self.blocks:
            if block.start < block.end:
                if block.start <= clock < block.end and self._starts_on(block, today):
                    return True
            elif (clock >= block.start and self._starts_on(block, today)) or (
                clock < block.end and self._starts_on(block, today - _DAY)
            ):
                return True
        return False

    def _starts_on(self, block: Block, day: date) -> bool:
        return _WEEK[day.weekday()] in block.days and not is_holiday(self.holidays, day)

    def _opening_on(self, day: date, instant: datetime) -> datetime | None:
        """The earliest instant, from `instant` on, inside a block that starts on `day`."""
        spans = [block.span(day) for block in self.blocks if self._starts_on(block, day)]
        found = (first_reading(self.zone, start, end, instant) for start, end in spans)
        return min((one for one in found if one is not None), default=None)
