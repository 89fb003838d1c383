"""A slow and simple answer to "when is the next slot": look at every minute, one after the other."""

from __future__ import annotations

import random
from array import array
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache, lru_cache
from zoneinfo import ZoneInfo

import holidays

from runner.model.calendar import Block, SendWindow, Weekday
from runner.model.calendar_zones import Zones

HORIZON_DAYS = 9

ODD_NIGHTS = (
    ("Europe/Berlin", "2027-03-28"),
    ("Europe/Berlin", "2027-10-31"),
    ("America/New_York", "2027-03-14"),
    ("America/New_York", "2027-11-07"),
    ("America/St_Johns", "2010-11-07"),
    ("America/St_Johns", "2027-03-14"),
    ("Australia/Lord_Howe", "2027-04-04"),
    ("Australia/Lord_Howe", "2027-10-03"),
    ("Asia/Kathmandu", "2027-01-01"),
    ("Africa/Casablanca", "2027-02-07"),
    ("Africa/Casablanca", "2027-03-14"),
    ("Europe/Dublin", "2027-10-31"),
    ("Pacific/Apia", "2011-12-30"),
    ("Pacific/Kiritimati", "2027-12-31"),
    ("Etc/GMT+12", "2028-02-29"),
    ("America/Sao_Paulo", "2018-11-04"),
    ("America/Sao_Paulo", "2027-02-28"),
    ("Asia/Gaza", "2027-10-30"),
    ("Africa/Cairo", "2027-04-30"),
    ("Africa/Cairo", "2027-10-29"),
    ("Antarctica/Troll", "2027-03-28"),
    ("UTC", "2038-01-19"),
)
LIKELY_HOURS = ((540, 1020), (0, 0), (60, 150), (90, 135), (120, 180), (1320, 120), (0, 60), (135, 165))
COUNTRIES = (None, None, "DE", "US", "GB", "MA", "JP")


@dataclass(frozen=True)
class Case:
    """One random question."""

    now: datetime
    windows: tuple[SendWindow, ...]
    zones: Zones


def random_case(seed: int) -> Case:
    """The question number `seed`: about a night on which something odd happens in the lead's zone."""
    rng = random.Random(seed)
    zone, night = rng.choice(ODD_NIGHTS)
    start = datetime.fromisoformat(night).replace(tzinfo=UTC) - timedelta(days=2)
    now = start + timedelta(seconds=rng.randrange(0, 4 * 86400) if rng.random() < 0.7 else 60 * rng.randrange(5760))
    windows = tuple(_random_window(rng, zone) for _ in range(rng.choice((1, 1, 2, 3))))
    account = rng.choice((None, "Europe/Berlin", "America/New_York"))
    zones = Zones(lead=zone, account=account, project="Asia/Kathmandu", country=rng.choice(COUNTRIES))
    return Case(now, windows, zones)


def _random_window(rng: random.Random, zone: str) -> SendWindow:
    blocks = tuple(_random_block(rng) for _ in range(rng.choice((1, 1, 2, 3))))
    return SendWindow(blocks, rng.choice(("lead", "lead", "account", zone)), rng.choice((None, "lead", "DE", "US")))


def _random_block(rng: random.Random) -> Block:
    days = frozenset(rng.sample(list(Weekday), rng.choice((1, 2, 5, 5, 7))))
    start, end = rng.randrange(1440), rng.randrange(1440)
    if rng.random() < 0.5:
        start, end = rng.choice(LIKELY_HOURS)
    return Block(days, time(start // 60, start % 60), time(end // 60, end % 60))


def brute_force(case: Case) -> datetime | None:
    """The first inside minute (or `now` itself), or None when there is none within the horizon."""
    plain = [_plain(case, window) for window in case.windows]
    first = int(case.now.timestamp()) // 60
    for minute in range(first, first + HORIZON_DAYS * 1440):
        for window in plain:
            if not _inside(window, minute):
                break
        else:
            return case.now if minute == first else datetime.fromtimestamp(minute * 60, UTC)
    return None


@dataclass(frozen=True)
class Plain:
    """A window as bare numbers: its zone, the country of its holidays, its blocks, and the days looked at so far."""

    zone: str
    country: str | None
    blocks: tuple[tuple[int, int, frozenset[int]], ...]
    """(start, end, weekdays), in minutes of the day."""
    days: dict[int, set[int]]
    """The minutes of a day, by its number, at which the window is open."""


def _plain(case: Case, window: SendWindow) -> Plain:
    zones = case.zones
    name = {"lead": zones.lead, "account": zones.account or zones.project}.get(window.timezone, window.timezone)
    country = zones.country if window.holidays == "lead" else window.holidays
    blocks = tuple(
        (_minute(one.start), _minute(one.end), frozenset(day.value for day in one.days)) for one in window.blocks
    )
    return Plain(name or "UTC", country, blocks, {})


def _minute(clock: time) -> int:
    return clock.hour * 60 + clock.minute


def _inside(window: Plain, epoch_minute: int) -> bool:
    epoch_day, offset = divmod(epoch_minute, 1440)
    day, minute = divmod(_local_minutes(window.zone, epoch_day)[offset], 1440)
    minutes = window.days.get(day)
    if minutes is None:
        minutes = window.days[day] = _open(window, date.fromordinal(day))
    return minute in minutes


def _open(window: Plain, day: date) -> set[int]:
    before, minutes = day - timedelta(days=1), set[int]()
    for start, end, days in window.blocks:
        runs_over = end <= start
        if day.weekday() in days and not _free(window.country, day):
            minutes.update(range(start, 1440 if runs_over else end))
        if runs_over and before.weekday() in days and not _free(window.country, before):
            minutes.update(range(end))
    return minutes


@cache
def _local_minutes(zone: str, epoch_day: int) -> array[int]:
    """What clocks in a zone show at each minute of a UTC day: the local date's number, and the minute of that day."""
    there, first = ZoneInfo(zone), epoch_day * 86400
    shown = (datetime.fromtimestamp(second, there) for second in range(first, first + 86400, 60))
    return array("q", (local.toordinal() * 1440 + local.hour * 60 + local.minute for local in shown))


@lru_cache(maxsize=10_000)
def _free(country: str | None, day: date) -> bool:
    return country is not None and day in holidays.country_holidays(country, years=day.year)
