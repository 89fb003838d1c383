"""An email that starts a conversation without a subject."""

from __future__ import annotations

from collections.abc import Iterator

from runner.compile.drafts import SequenceDraft
from runner.compile.reporting import error
from runner.compile.texts import texts
from runner.lang.diagnostics import Diagnostic, Related
from runner.model.channel import ChannelType

SLUG = "missing-subject"


def check(draft: SequenceDraft) -> Iterator[Diagnostic]:
    """Yield one diagnostic for each template of an email step that has no subject and no `thread`."""
    for text in texts(draft):
        template = text.template
        if template is None or text.body.channel is not ChannelType.EMAIL or text.body.thread is not None:
            continue
        if template.subject is None or not template.subject.text.strip():
            yield error(
                SLUG, f"`{text.name}` has no subject", text.span(1),
                help="begin the file with `---`, `subject: ...`, `---`; a step with `thread:` needs none",
                related=(Related(text.step_span, f"`{text.step.id}` sends it"),),
            )  # fmt: skip
