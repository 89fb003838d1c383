"""A LinkedIn text that is longer than LinkedIn takes, in the worst case."""

from __future__ import annotations

from collections.abc import Iterator

from runner.compile.checks.lengths import too_long
from runner.compile.drafts import SequenceDraft
from runner.compile.texts import texts
from runner.lang.diagnostics import Diagnostic
from runner.model.channel import ChannelType
from runner.model.linkedin_limits import MESSAGE_MAX, NOTE_FREE

SLUG = "note-too-long"

NOTE_LIMIT = NOTE_FREE
"""What the note of an invitation from a free account may have; a paid account may send longer ones."""
MESSAGE_LIMIT = MESSAGE_MAX


def check(draft: SequenceDraft) -> Iterator[Diagnostic]:
    """Yield one diagnostic for each LinkedIn text that can be too long."""
    for text in texts(draft):
        if text.template is not None and text.body.channel is ChannelType.LINKEDIN:
            invites = text.body.action == "connect"
            limit = NOTE_LIMIT if invites else MESSAGE_LIMIT
            yield from too_long(SLUG, text, text.template.body, limit, "the note" if invites else "the message")
