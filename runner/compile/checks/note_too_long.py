"""A LinkedIn text that is longer than LinkedIn takes, in the worst case."""

from __future__ import annotations

from collections.abc import Iterator

from runner.compile.checks.lengths import too_long
from runner.compile.texts import texts
from runner.compile.view import ProjectView
from runner.lang.diagnostics import Diagnostic
from runner.model.channel import ChannelConfig, ChannelType
from runner.model.linkedin_limits import CONNECT, MESSAGE, longest_for_all

SLUG = "note-too-long"


def check(view: ProjectView) -> Iterator[Diagnostic]:
    """Yield one diagnostic for each LinkedIn text that can be too long."""
    for name, draft in view.drafts.items() if view.with_texts else ():
        for text in texts(draft):
            if text.template is not None and text.body.channel is ChannelType.LINKEDIN:
                invites = text.body.action == "connect"
                limit = longest_for_all(CONNECT if invites else MESSAGE, _accounts(view, name))
                yield from too_long(SLUG, text, text.template.body, limit, "the note" if invites else "the message")


def _accounts(view: ProjectView, sequence: str) -> list[ChannelConfig]:
    """Every account that may send this sequence."""
    return [
        account
        for _, campaign, compiled in view.running()
        if compiled.config.name == sequence
        for account in view.accounts_for(campaign, ChannelType.LINKEDIN)
    ]
