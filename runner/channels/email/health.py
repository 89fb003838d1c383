"""Whether an account may go on: its bounce and complaint rates against thresholds, with floors for small samples.

The defaults are what providers act on: Google wants complaints under 0.1 % and never 0.3 %; Amazon SES reviews an
account at 5 % bounces. Below the floor a rate means nothing: one bounce among ten is not ten per cent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from typing import cast


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Rates from which an account pauses, as fractions, and how many sends each needs before it is looked at.

    Bounces are counted over `bounce_window`, complaints over `complaint_window`; `warn` is the share of a threshold
    from which people are warned.
    """

    bounce_rate: float = 0.05
    bounce_floor: int = 50
    bounce_window: timedelta = timedelta(days=7)
    complaint_rate: float = 0.001
    complaint_floor: int = 100
    complaint_window: timedelta = timedelta(days=30)
    warn: float = 0.5


@dataclass(frozen=True, slots=True)
class Tally:
    """What was counted in the windows: messages sent, hard bounces, and complaints."""

    sent: int
    bounced: int
    complained_sent: int
    complained: int


class Health(Enum):
    """How an account does."""

    UNKNOWN = "unknown"
    GOOD = "good"
    WARNING = "warning"
    PAUSE = "pause"


@dataclass(frozen=True, slots=True)
class Finding:
    """The verdict, the reason as a slug, and a sentence with the figures."""

    health: Health
    reason: str = ""
    explanation: str = ""


def thresholds_of(settings: Mapping[str, object]) -> Thresholds:
    """The thresholds of an account: `health: {bounce_rate, bounce_floor, complaint_rate, complaint_floor}`."""
    part = cast(Mapping[str, float], settings.get("health") or {})
    usual = Thresholds()
    return Thresholds(
        bounce_rate=float(part.get("bounce_rate", usual.bounce_rate)),
        bounce_floor=int(part.get("bounce_floor", usual.bounce_floor)),
        complaint_rate=float(part.get("complaint_rate", usual.complaint_rate)),
        complaint_floor=int(part.get("complaint_floor", usual.complaint_floor)),
    )


def judge(tally: Tally, limits: Thresholds) -> Finding:
    """The worse of the two verdicts."""
    found = [
        _rate("bounces", tally.bounced, tally.sent, limits.bounce_rate, limits.bounce_floor, limits.warn),
        _rate(
            "complaints", tally.complained, tally.complained_sent, limits.complaint_rate, limits.complaint_floor,
            limits.warn,
        ),
    ]  # fmt: skip
    order = (Health.PAUSE, Health.WARNING, Health.GOOD, Health.UNKNOWN)
    return min(found, key=lambda finding: order.index(finding.health))


def _rate(name: str, count: int, sent: int, limit: float, floor: int, warn: float) -> Finding:
    if sent < floor:
        return Finding(Health.UNKNOWN, "", f"{sent} sent, too few to judge {name} ({floor} needed)")
    rate = count / sent
    words = f"{count} {name} in {sent} sent: {rate:.2%}, the limit is {limit:.2%}"
    if rate >= limit:
        return Finding(Health.PAUSE, f"{name}_too_high", words)
    if rate >= limit * warn:
        return Finding(Health.WARNING, f"{name}_high", words)
    return Finding(Health.GOOD, "", words)
