"""A time zone that the IANA database does not have."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from functools import lru_cache
from typing import Any

from runner.compile.drafts import SequenceDraft
from runner.compile.reporting import error, replacing
from runner.lang.diagnostics import Diagnostic
from runner.lang.source import Source
from runner.lang.suggest import nearest

SLUG = "unknown-timezone"
OTHERS = frozenset({"lead", "account"})
"""What a send window may say in place of a zone."""


@lru_cache(maxsize=1024)
def is_zone(name: str) -> bool:
    """Whether there is a zone of this name."""
    from zoneinfo import ZoneInfo

    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return False
    return True


@lru_cache(maxsize=1)
def _zones() -> frozenset[str]:
    from zoneinfo import available_timezones

    return frozenset(available_timezones())


def check(draft: SequenceDraft) -> Iterator[Diagnostic]:
    """Yield one diagnostic for each send window with an unknown zone."""
    defaults = draft.source.data.get("defaults")
    holders: list[Any] = [defaults, *(step.raw for step in draft.steps)]
    for holder in holders:
        window = holder.get("send_window") if isinstance(holder, Mapping) else None
        yield from in_mapping(draft.source, window, OTHERS)


def in_mapping(source: Source, holder: object, others: frozenset[str]) -> Iterator[Diagnostic]:
    """Yield a diagnostic if the `timezone` of a mapping is neither a zone nor one of the `others`."""
    name = holder.get("timezone") if isinstance(holder, dict) else None
    if not isinstance(name, str) or name in others or is_zone(name):
        return
    best = _meant(name)
    span = source.value_span(holder, "timezone")
    hint = f"did you mean `{best}`?" if best else "write an IANA name, like Europe/Berlin"
    yield error(SLUG, f"there is no time zone `{name}`", span, label=hint if best else "", help=hint,
                fix=replacing(span, best) if best else None)  # fmt: skip


def _meant(name: str) -> str | None:
    """The zone that was meant: a whole name nearly right, or a city alone."""
    if "/" in name:
        return nearest(name, _zones())
    cities = {zone.rpartition("/")[2].lower(): zone for zone in sorted(_zones(), reverse=True)}
    alike = get_close_matches(name.lower().replace(" ", "_"), cities, n=1, cutoff=0.8)
    return cities[alike[0]] if alike else None
