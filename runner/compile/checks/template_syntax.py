"""A template that is not in the template language."""

from __future__ import annotations

import re
from collections.abc import Iterator

from runner.compile.drafts import SequenceDraft
from runner.compile.reporting import error
from runner.compile.texts import texts
from runner.lang.diagnostics import Diagnostic, Related
from runner.lang.templates import TemplateError

SLUG = "template-syntax"


def check(draft: SequenceDraft) -> Iterator[Diagnostic]:
    """Yield the first thing wrong with each template."""
    for text in texts(draft):
        trouble = text.parsed
        if isinstance(trouble, TemplateError):
            quoted = re.search(r"`([^`]+)`", str(trouble))
            span = text.span(trouble.line, quoted[1] if quoted else "")
            related = (Related(text.step_span, f"`{text.step.id}` sends it"),)
            yield error(SLUG, str(trouble), span, help=trouble.help, related=related)
