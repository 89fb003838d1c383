"""A LinkedIn account that does more than accounts survive."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from runner.compile.reporting import warning
from runner.compile.view import ProjectView
from runner.lang.diagnostics import Diagnostic
from runner.lang.source import Source
from runner.model.channel import ChannelConfig, ChannelType
from runner.model.rates import Rate

SLUG = "linkedin-over-safe-limit"

SAFE = {
    "connect": (Rate(20, timedelta(days=1)), Rate(100, timedelta(days=7))),
    "message": (Rate(60, timedelta(days=1)),),
    "": (Rate(100, timedelta(days=1)),),
}
"""What vendors that live from it call safe for a free account; LinkedIn publishes no number."""

_PAID = 2
"""A paid account stands about twice as much."""

_KEYS = {timedelta(days=1): "per_day", timedelta(days=7): "per_week"}


def check(view: ProjectView) -> Iterator[Diagnostic]:
    """Yield one diagnostic for each limit over the safe one; an account without limits gets safe ones by default."""
    for stem, account in view.accounts.items():
        if account.channel is ChannelType.LINKEDIN:
            yield from _check(view.files.channels[stem], account)


def _check(source: Source, account: ChannelConfig) -> Iterator[Diagnostic]:
    limits = account.limits
    own = source.data.get("limits", {})
    given = [*(("", rate) for rate in limits.rates), *limits.by_action]
    factor = _PAID if account.settings.get("premium") is True else 1
    for action, rate in given:
        for safe in SAFE.get(action, ()):
            most = safe.count * factor
            if rate.per == safe.per and rate.count > most and (action in own or not action):
                path = ("limits", *((action,) if action else ()))
                container = own[action] if action else own
                what = {"connect": "invitations", "message": "messages", "": "actions"}[action]
                span = source.value_span(container, _KEYS.get(rate.per, "per_day"))
                yield warning(SLUG, f"{rate.count} {what} in {rate.per.days or 1}d put the account at risk", span,
                              help=f"{most} is what accounts like this survive", path=path)  # fmt: skip
