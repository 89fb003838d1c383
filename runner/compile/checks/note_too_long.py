"""A LinkedIn text that is longer than LinkedIn takes, in the worst case."""

from __future__ import annotations

from collections.abc import Iterator

from runner.compile.checks.lengths import too_long
from runner.compile.texts import texts
from runner.compile.view import ProjectView
from runner.lang.diagnostics import Diagnostic
from runner.model.channel import ChannelType
from runner.model.linkedin_limits import MESSAGE_MAX, NOTE_FREE, NOTE_PREMIUM

SLUG = "note-too-long"

NOTE_LIMIT = NOTE_FREE
"""What the note of an invitation from a free account may have; NOTE_PREMIUM holds where every account pays."""
MESSAGE_LIMIT = MESSAGE_MAX


def check(view: ProjectView) -> Iterator[Diagnostic]:
    """Yield one diagnostic for each LinkedIn text that can be too long."""
    for name, draft in view.drafts.items() if view.with_texts else ():
        for text in texts(draft):
            if text.template is not None and text.body.channel is ChannelType.LINKEDIN:
                invites = text.body.action == "connect"
                limit = _note_limit(view, name) if invites else MESSAGE_LIMIT
                yield from too_long(SLUG, text, text.template.body, limit, "the note" if invites else "the message")


def _note_limit(view: ProjectView, sequence: str) -> int:
    """The longest note that every account which may send this sequence can write."""
    accounts = [
        account
        for _, campaign, compiled in view.running()
        if compiled.config.name == sequence
        for account in view.accounts_for(campaign, ChannelType.LINKEDIN)
    ]
    return NOTE_PREMIUM if accounts and all(a.settings.get("premium") for a in accounts) else NOTE_LIMIT
