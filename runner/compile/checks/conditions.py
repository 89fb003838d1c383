"""What the checks of names share: the problems found in conditions, at their exact place."""

from __future__ import annotations

from collections.abc import Iterator

from runner.compile.drafts import ConditionDraft, SequenceDraft
from runner.compile.reporting import error, replacing
from runner.lang.diagnostics import Diagnostic
from runner.lang.source import Path, Source


def problems(draft: SequenceDraft, slug: str) -> Iterator[Diagnostic]:
    """The problems of one slug in all conditions of a sequence."""
    for step in draft.steps:
        if step.condition is not None:
            yield from told(draft.source, step.condition, slug, ("steps", step.index, "condition"))


def told(source: Source, condition: ConditionDraft, slug: str, path: Path) -> Iterator[Diagnostic]:
    """The problems of one slug in a condition that stands at `path`."""
    container = source.data
    for part in path[:-1]:
        container = container[part]
    for problem in condition.problems:
        if problem.slug == slug:
            span = source.part_span(container, path[-1], problem.start, problem.end)
            exact = span.end.column - span.start.column == problem.end - problem.start
            fix = replacing(span, problem.fix, safe=problem.sure) if problem.fix and exact else None
            yield error(slug, problem.message, span, label=problem.hint if problem.fix else "", help=problem.hint,
                        path=path, fix=fix)  # fmt: skip
