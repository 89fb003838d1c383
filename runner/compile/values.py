"""Values of the files as the model has them: durations, windows, limits, secrets. Takes what the schema let through."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import time, timedelta
from functools import lru_cache
from typing import Any

from runner.lang.durations import Duration, parse_duration
from runner.model.calendar import Block, SendWindow, Weekday
from runner.model.channel import SecretRef
from runner.model.rates import LimitSet, Ramp, Rate

_PERIODS = {
    "per_minute": timedelta(minutes=1),
    "per_hour": timedelta(hours=1),
    "per_day": timedelta(days=1),
    "per_week": timedelta(days=7),
    "per_month": timedelta(days=30),
}
ACTIONS = ("connect", "connect_with_note", "message")
EVERY_DAY = frozenset(Weekday)


def duration(value: Any) -> Duration | None:
    """A duration, or None where the text is not one: its check has said so."""
    try:
        return parse_duration(value) if isinstance(value, str) else None
    except ValueError:
        return None


def elapsed(value: Any, default: timedelta) -> timedelta:
    """A length on the clock; `default` where none is given."""
    read = duration(value)
    return default if read is None or read.business_days else read.elapsed


def time_of_day(text: str) -> time:
    """`09:30`; `24:00` is midnight."""
    hour, minute = text.strip().split(":")
    return time(int(hour) % 24, int(minute))


def block(value: Mapping[str, Any]) -> Block:
    """One stretch of the week; without days every day, without hours the whole day."""
    return _block(tuple(value.get("days", ())), str(value.get("hours", "00:00-24:00")))


@lru_cache(maxsize=1024)
def _block(days: tuple[str, ...], hours: str) -> Block:
    start, end = (time_of_day(part) for part in hours.split("-"))
    return Block(frozenset(Weekday[day.upper()] for day in days) or EVERY_DAY, start, end)


def window(value: Any) -> SendWindow | None:
    """A send window, or None where none is given."""
    if not isinstance(value, dict):
        return None
    blocks = tuple(block(item) for item in value["blocks"]) if "blocks" in value else (block(value),)
    holidays = value.get("holidays", "none")
    return SendWindow(blocks, value.get("timezone", "account"), None if holidays == "none" else holidays)


def rate(value: Mapping[str, Any]) -> Rate:
    """`{count, per}`."""
    return Rate(value["count"], elapsed(value["per"], timedelta(days=1)))


def rates(value: Mapping[str, Any]) -> tuple[Rate, ...]:
    """Every rate of a limits mapping, the shortest window first."""
    found = [Rate(value[key], period) for key, period in _PERIODS.items() if key in value]
    if "count" in value:
        found.append(rate(value))
    found.extend(rate(item) for item in value.get("rates", ()))
    return tuple(sorted(found, key=lambda item: (item.per, item.count)))


def gap(value: Any) -> tuple[timedelta, timedelta | None]:
    """`90s`, or `3m-10m` for a least and a most."""
    if not isinstance(value, str):
        return timedelta(0), None
    least, _, most = value.partition("-")
    return elapsed(least, timedelta(0)), elapsed(most, timedelta(0)) if most else None


def limit_set(value: Any, ramp: Any = None) -> LimitSet:
    """A limits mapping, with an account's ramp."""
    limits: Mapping[str, Any] = value if isinstance(value, dict) else {}
    least, most = gap(limits.get("min_gap"))
    domain = limits.get("recipient_domain")
    return LimitSet(
        rates=rates(limits),
        by_action=tuple((action, item) for action in ACTIONS if action in limits for item in rates(limits[action])),
        per_lead=limits.get("per_lead"),
        recipient_domain=rate(domain) if domain else None,
        min_gap=least,
        max_gap=most,
        jitter=int(str(limits.get("jitter", "0%")).rstrip("%")) / 100,
        ramp=Ramp(ramp["start"], ramp["step"], ramp["ceiling"]) if ramp else None,
    )


def settings(value: Any) -> Any:
    """Plain values as they are, with a SecretRef wherever `{env: NAME}` or `{file: PATH}` stands."""
    if isinstance(value, dict):
        if len(value) == 1:
            if isinstance(value.get("env"), str):
                return SecretRef(env=value["env"])
            if isinstance(value.get("file"), str):
                return SecretRef(file=value["file"])
        return {key: settings(item) for key, item in value.items()}
    return [settings(item) for item in value] if isinstance(value, list) else value
