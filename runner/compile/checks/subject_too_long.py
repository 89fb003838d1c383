"""A subject line that mail programs cut, in the worst case."""

from __future__ import annotations

from collections.abc import Iterator

from runner.compile.checks.lengths import too_long
from runner.compile.drafts import SequenceDraft
from runner.compile.texts import texts
from runner.lang.diagnostics import Diagnostic
from runner.model.channel import ChannelType

SLUG = "subject-too-long"

SUBJECT_LIMIT = 78
"""Characters; what a header line should have at most (RFC 5322, 2.1.1), and about what a desktop shows."""


def check(draft: SequenceDraft) -> Iterator[Diagnostic]:
    """Yield one diagnostic for each subject that can be too long."""
    for text in texts(draft):
        template = text.template
        if template is not None and template.subject is not None and text.body.channel is ChannelType.EMAIL:
            yield from too_long(SLUG, text, template.subject, SUBJECT_LIMIT, "the subject")
