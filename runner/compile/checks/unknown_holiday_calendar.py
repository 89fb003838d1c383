"""A holiday calendar that there is none of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from runner.compile.drafts import SequenceDraft
from runner.compile.reporting import error
from runner.lang.diagnostics import Diagnostic
from runner.lang.source import Source

SLUG = "unknown-holiday-calendar"
_NO_LOOKUP = frozenset({"lead", "none"})


def check(draft: SequenceDraft) -> Iterator[Diagnostic]:
    """Yield one diagnostic for each send window with such a calendar."""
    defaults = draft.source.data.get("defaults")
    holders: list[Any] = [defaults, *(step.raw for step in draft.steps)]
    for holder in holders:
        yield from in_window(draft.source, holder)


def in_window(source: Source, holder: object) -> Iterator[Diagnostic]:
    """Yield a diagnostic if the `send_window` of a mapping names a calendar that there is none of."""
    window = holder.get("send_window") if isinstance(holder, Mapping) else None
    code = window.get("holidays") if isinstance(window, dict) else None
    if not isinstance(code, str) or code in _NO_LOOKUP:
        return
    from runner.model.calendar_holidays import known_holiday_calendar

    if not known_holiday_calendar(code):
        near = code.upper() if known_holiday_calendar(code.upper()) else None
        yield error(SLUG, f"there is no holiday calendar `{code}`", source.value_span(window, "holidays"),
                    label=f"did you mean `{near}`?" if near else "",
                    help="write `lead`, `none`, or a country code like DE, with a region: DE-BY")  # fmt: skip
