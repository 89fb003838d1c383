"""Public holidays by country, from the `holidays` package: imported when first asked, remembered by year.

The dates change with the version of the package, which `holiday_data_version` names for logs and reports.
"""

from __future__ import annotations

from datetime import date
from functools import lru_cache


def is_holiday(calendar: str | None, day: date) -> bool:
    """Whether `day` is a public holiday in `calendar`: an ISO country code, or one with a subdivision (`DE-BY`).

    False for None and for a country the package does not know: a lead's country must never block a send for good.
    """
    return calendar is not None and day in _holidays(calendar, day.year)


@lru_cache(maxsize=512)
def known_holiday_calendar(calendar: str) -> bool:
    """Whether there are holidays to be had for an ISO country code such as `DE`, or `DE-BY`."""
    import holidays

    country, _, subdivision = calendar.partition("-")
    supported = holidays.list_supported_countries(include_aliases=False)
    if country not in supported:
        return False
    return not subdivision or subdivision in supported[country]


def holiday_data_version() -> str:
    """The version of the holiday dates in use."""
    from importlib.metadata import version

    return version("holidays")


@lru_cache(maxsize=4096)
def _holidays(calendar: str, year: int) -> frozenset[date]:
    import holidays

    if not known_holiday_calendar(calendar):
        return frozenset()
    country, _, subdivision = calendar.partition("-")
    return frozenset(holidays.country_holidays(country, subdiv=subdivision or None, years=year))
