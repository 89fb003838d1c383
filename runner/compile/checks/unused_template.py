"""A template that no step sends."""

from __future__ import annotations

from collections.abc import Iterator

from runner.compile.reporting import warning
from runner.compile.view import ProjectView
from runner.lang.diagnostics import Diagnostic, Position, Span
from runner.lang.suggest import nearest

SLUG = "unused-template"


def check(view: ProjectView) -> Iterator[Diagnostic]:
    """Yield one diagnostic for each template without a user; none while a sequence file cannot be read at all."""
    unclear = any(draft.broken or draft.source.findings for draft in view.drafts.values())
    if unclear or len(view.drafts) < len(view.files.sequences) or not view.files.sequences:
        return
    used = {name for draft in view.drafts.values() for step in draft.steps for _, name in step.templates}
    missing = used - set(view.files.templates)
    for name, file in view.files.template_files.items():
        if name not in used and nearest(name, missing) is None:
            span = Span(file, Position(1, 1), Position(1, 2))
            yield warning(SLUG, f"no step sends `{name}`", span, help="delete the file, or name it in a step")
