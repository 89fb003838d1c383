"""Windows, business days and holidays: when a thing may happen, and the one `next_slot()` that answers it.

Pure arithmetic on aware datetimes; UTC comes in and UTC goes out.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import time
from enum import Enum


class Weekday(Enum):
    """The days of a week, numbered as `datetime.weekday()` does."""

    MON = 0
    TUE = 1
    WED = 2
    THU = 3
    FRI = 4
    SAT = 5
    SUN = 6


@dataclass(frozen=True, slots=True)
class Block:
    """One stretch of local wall-clock time on some weekdays; `end` before or at `start` runs past midnight."""

    days: frozenset[Weekday]
    start: time
    end: time


@dataclass(frozen=True, slots=True)
class SendWindow:
    """When sending is allowed.

    `timezone` is an IANA name, or `lead` or `account` for the zone of the one or the other; `holidays` is an ISO
    country code, `lead` for the lead's country, or None.
    """

    blocks: tuple[Block, ...]
    timezone: str = "account"
    holidays: str | None = None
