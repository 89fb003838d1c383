"""A LinkedIn account that does more than accounts are known to survive."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from runner.compile.reporting import warning
from runner.compile.view import ProjectView
from runner.lang.diagnostics import Diagnostic, Span
from runner.lang.durations import Duration
from runner.lang.source import Source
from runner.model.channel import ChannelConfig, ChannelType
from runner.model.linkedin_limits import OverLimit, over_safe_limits

SLUG = "linkedin-over-safe-limit"

_WORDS = {"connect": "invitations", "connect_with_note": "invitations with a note"}
_KEYS = {timedelta(hours=1): "per_hour", timedelta(days=1): "per_day", timedelta(days=7): "per_week",
         timedelta(days=30): "per_month"}  # fmt: skip


def check(view: ProjectView) -> Iterator[Diagnostic]:
    """Yield one diagnostic for each limit over a safe one; an account without limits gets safe ones by default."""
    for stem, account in view.accounts.items():
        if account.channel is ChannelType.LINKEDIN:
            premium = account.settings.get("premium") is True
            for over in over_safe_limits(account.limits, premium):
                yield _warn(view.files.channels[stem], account, over)


def _warn(source: Source, account: ChannelConfig, over: OverLimit) -> Diagnostic:
    rate, safe = over.configured, over.safe
    per = Duration(elapsed=rate.per)
    what = _WORDS.get(safe.action, safe.action)
    return warning(
        SLUG, f"{rate.count} {what} in {per} put `{account.name}` at risk", _place(source, over),
        help=f"at most {safe.rate.count} in {Duration(elapsed=safe.rate.per)} ({safe.source})", path=("limits",),
    )  # fmt: skip


def _place(source: Source, over: OverLimit) -> Span:
    """Where the limit is written: under its action, among the limits of all actions, or as `notes_per_month`."""
    limits = source.data.get("limits")
    key = _KEYS.get(over.configured.per, "count")
    holders: list[Any] = [limits.get(over.safe.action), limits] if isinstance(limits, dict) else []
    for holder in holders:
        if isinstance(holder, dict) and holder.get(key) == over.configured.count:
            return source.value_span(holder, key)
    if "notes_per_month" in source.data:
        return source.at(("notes_per_month",))
    return source.key_span(source.data, "limits" if isinstance(limits, dict) else "channel")
