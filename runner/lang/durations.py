"""Durations as people write them: `90s`, `15m`, `24h`, `3d`, `2w`, and `3bd` for business days."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache

_UNITS = {
    "s": timedelta(seconds=1),
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
}
_TEXT = re.compile(r"(\d{1,9})\s*(bd|[smhdw])")
LONGEST = timedelta(weeks=1000)


@dataclass(frozen=True, slots=True)
class Duration:
    """A length of time: `elapsed` on the clock, or `business_days` in a lead's calendar (one of them is zero)."""

    elapsed: timedelta = timedelta(0)
    business_days: int = 0

    def __str__(self) -> str:
        if self.business_days:
            return f"{self.business_days}bd"
        seconds = int(self.elapsed.total_seconds())
        for unit in ("w", "d", "h", "m"):
            size = int(_UNITS[unit].total_seconds())
            if seconds and seconds % size == 0:
                return f"{seconds // size}{unit}"
        return f"{seconds}s"


@lru_cache(maxsize=4096)
def parse_duration(text: str) -> Duration:
    """Read a duration such as `3d` or `5bd`.

    Raises ValueError, with words for the user, on a missing unit or on more than a thousand weeks.
    """
    match = _TEXT.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"`{text}` is not a duration; write a number and a unit (s, m, h, d, w, bd), like `3d`")
    count, unit = int(match[1]), match[2]
    if unit == "bd":
        if count > LONGEST.days:
            raise ValueError(f"`{text}` is longer than a thousand weeks")
        return Duration(business_days=count)
    if count > LONGEST / _UNITS[unit]:
        raise ValueError(f"`{text}` is longer than a thousand weeks")
    return Duration(elapsed=count * _UNITS[unit])
