"""How long a server asks to wait, where its answer names a time: `try again in 5 minutes`, `(in 00:04:59)`."""

from __future__ import annotations

import re
from datetime import timedelta

LONGEST = timedelta(days=7)
"""More than that is no server's earnest wish."""
_LEAD = r"\b(?:in|after|for|wait|least|nach|wait for)\s+(?:about\s+|at least\s+|another\s+)?"
_AMOUNT = re.compile(rf"{_LEAD}(\d{{1,6}})\s*(s|m|h|sec(?:ond|s)?\w*|min(?:ute|s)?\w*|h(?:ou)?rs?)\b", re.IGNORECASE)
_CLOCK = re.compile(rf"{_LEAD}(\d{{1,3}}):([0-5]\d):([0-5]\d)\b", re.IGNORECASE)
_SECONDS = {"s": 1, "m": 60, "h": 3600}


def named_wait(text: str) -> timedelta | None:
    """The time that an answer names, LONGEST at most; None where it names none."""
    shown = text[:2000]
    if clock := _CLOCK.search(shown):
        hours, minutes, seconds = map(int, clock.groups())
        return min(timedelta(hours=hours, minutes=minutes, seconds=seconds), LONGEST)
    if amount := _AMOUNT.search(shown):
        return min(timedelta(seconds=int(amount[1]) * _SECONDS[amount[2][0].lower()]), LONGEST)
    return None
