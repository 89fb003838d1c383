"""A campaign names an account that is not there, or one of another channel."""

from __future__ import annotations

from collections.abc import Iterator

from runner.compile.reporting import correcting, error
from runner.compile.view import ProjectView
from runner.lang.diagnostics import Diagnostic, Span
from runner.lang.suggest import meant, nearest

SLUG = "unknown-account"


def check(view: ProjectView) -> Iterator[Diagnostic]:
    """Yield one diagnostic for each such name. A file that is there but broken counts as there."""
    for draft, data in view.raw_campaigns():
        accounts = data.get("accounts")
        for channel, names in accounts.items() if isinstance(accounts, dict) else ():
            for place, name in enumerate(names if isinstance(names, list) else ()):
                path = ("accounts", channel, place)
                if not isinstance(name, str) or path in draft.broken:
                    continue
                yield from _look_up(view, draft.source.at(path), path, name)


def _look_up(view: ProjectView, span: Span, path: tuple[str | int, ...], name: str) -> Iterator[Diagnostic]:
    channel = str(path[1])
    account = view.accounts.get(name)
    if account is not None and account.channel.value != channel:
        yield error(SLUG, f"`{name}` is an account of {account.channel.value}, not of {channel}", span, path=path,
                    help=meant(name, _of(view, channel)))  # fmt: skip
    elif name not in view.files.channels:
        known = _of(view, channel)
        near = nearest(name, known)
        hint = meant(name, known) or f"create channel_configs/{name}.yaml"
        yield error(SLUG, f"there is no account `{name}`", span, label=hint if near else "", help=hint, path=path,
                    fix=correcting(span, name, known))  # fmt: skip


def _of(view: ProjectView, channel: str) -> list[str]:
    return [name for name, account in view.accounts.items() if account.channel.value == channel]
