"""Time zones: whose zone counts, and which instants show a given reading of the wall clock."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from runner.values import value

_DAY = timedelta(days=1)
_SECOND = timedelta(seconds=1)


@value
class Zones:
    """Whose zones and country apply to one lead on one account. `project` is the zone of runner.yaml.

    A zone that is missing or unknown to this machine's tz data falls back: lead, then account, then project, then UTC.
    """

    lead: str | None = None
    account: str | None = None
    project: str = "UTC"
    country: str | None = None

    def resolve(self, name: str) -> ZoneInfo:
        """The zone that `lead`, `account` or an IANA name stands for."""
        for wanted in self._order(name):
            if wanted and (zone := find_zone(wanted)):
                return zone
        return ZoneInfo("UTC")

    def _order(self, name: str) -> tuple[str | None, ...]:
        match name:
            case "lead":
                return (self.lead, self.account, self.project)
            case "account":
                return (self.account, self.project)
            case _:
                return (name, self.account, self.project)

    def holiday_calendar(self, name: str | None) -> str | None:
        """The country whose holidays count: `lead` is the lead's country, and no holidays when that is unknown."""
        return self.country if name == "lead" else name


@lru_cache(maxsize=2048)
def find_zone(name: str) -> ZoneInfo | None:
    """The zone of an IANA name, or None when tz data has no such zone. Names that look like paths are no zones."""
    if not name or name.startswith((".", "/")) or ".." in name or "\\" in name or not name.isprintable():
        return None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def zone_data_problem() -> str | None:
    """Why zones cannot be computed on this machine, or None: for `serve` to refuse at its start, not at midnight."""
    if find_zone("Europe/Berlin") and find_zone("Pacific/Kiritimati"):
        return None
    return "there is no time zone data on this machine"


def first_reading(zone: ZoneInfo, start: datetime, end: datetime, not_before: datetime) -> datetime | None:
    """The earliest instant, from `not_before` on, at which the wall clock of `zone` enters `start` <= reading < `end`.

    `start` and `end` are naive. A reading that the clock never shows is entered at the change that skips it, one
    that it shows twice may be entered twice. `not_before` is taken to be outside; None when nothing is left.
    """
    candidates = [*readings(zone, start)]
    day = start.date() - _DAY
    while day <= end.date() + _DAY:
        change = _change_on(zone, day)
        if change is not None and start <= wall_clock(zone, change) < end:
            candidates.append(change)
        day += _DAY
    return min((one for one in candidates if one >= not_before), default=None)


def readings(zone: ZoneInfo, wall: datetime) -> tuple[datetime, ...]:
    """The instants at which the wall clock of `zone` reads the naive `wall`: none, one or two, in order."""
    found = {wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1)}
    return tuple(sorted(one for one in found if wall_clock(zone, one) == wall))


def at_wall_clock(zone: ZoneInfo, wall: datetime) -> datetime:
    """The instant of a naive local time: the first of two, and the next minute that exists when it is skipped."""
    if found := readings(zone, wall):
        return found[0]
    before, after = sorted(wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    return _bisect(zone, before, after)


def wall_clock(zone: ZoneInfo, instant: datetime) -> datetime:
    """What the clock on the wall reads at `instant`, naive."""
    return instant.astimezone(zone).replace(tzinfo=None)


@lru_cache(maxsize=65536)
def _change_on(zone: ZoneInfo, day: date) -> datetime | None:
    """The instant within the UTC day `day` at which the offset of `zone` changes, or None. At most one is found."""
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
    before, after = midnight - _SECOND, midnight + _DAY - _SECOND
    if _offset(zone, before) == _offset(zone, after):
        return None
    return _bisect(zone, before, after)


def _bisect(zone: ZoneInfo, before: datetime, after: datetime) -> datetime:
    """The first second after `before` whose offset is that of `after`."""
    target = _offset(zone, after)
    while after - before > _SECOND:
        middle = before + timedelta(seconds=int((after - before).total_seconds()) // 2)
        if _offset(zone, middle) == target:
            after = middle
        else:
            before = middle
    return after


def _offset(zone: ZoneInfo, instant: datetime) -> timedelta:
    return instant.astimezone(zone).utcoffset() or timedelta(0)
