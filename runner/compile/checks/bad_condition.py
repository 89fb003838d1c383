"""A condition that does not parse, or compares what cannot be compared."""

from __future__ import annotations

from collections.abc import Iterator

from runner.compile.checks.conditions import told
from runner.compile.drafts import ConditionDraft, SequenceDraft
from runner.compile.reporting import error, replacing
from runner.lang.diagnostics import Diagnostic
from runner.lang.source import Path, Source
from runner.lang.suggest import nearest

SLUG = "bad-condition"


def check(draft: SequenceDraft) -> Iterator[Diagnostic]:
    """Yield what is wrong with the form and the types of each step's condition."""
    for step in draft.steps:
        if step.condition is not None and not draft.is_broken("steps", step.index, "condition"):
            yield from in_condition(draft.source, step.condition, ("steps", step.index, "condition"))


def in_condition(source: Source, condition: ConditionDraft, path: Path) -> Iterator[Diagnostic]:
    """What is wrong with the form and the types of one condition."""
    yield from told(source, condition, SLUG, path)
    trouble = condition.error
    if trouble is None:
        return
    container = source.data
    for part in path[:-1]:
        container = container[part]
    span = source.part_span(container, path[-1], trouble.start, trouble.end)
    word = condition.text[trouble.start : trouble.end]
    near = nearest(word, ["and", "or"]) if word.isalpha() and "`and`" in str(trouble) else None
    exact = span.end.column - span.start.column == trouble.end - trouble.start
    label = f"did you mean `{near}`?" if near else ""
    yield error(SLUG, str(trouble), span, label=label, help=trouble.hint or label, path=path,
                fix=replacing(span, near) if near and exact else None)  # fmt: skip
