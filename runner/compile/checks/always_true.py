"""A condition that holds on every way to its step: it says nothing, and perhaps not what was meant."""

from __future__ import annotations

from collections.abc import Iterator

from runner.compile.drafts import SequenceDraft
from runner.compile.reporting import warning
from runner.lang.diagnostics import Diagnostic

SLUG = "always-true"


def check(draft: SequenceDraft) -> Iterator[Diagnostic]:
    """Yield one diagnostic for each such condition."""
    for step in draft.steps:
        entry = draft.entries.get(step.id or "")
        if step.condition is not None and entry is not None and entry.may_hold and not entry.may_not_hold:
            path = ("steps", step.index, "condition")
            yield warning(SLUG, "this condition always holds here", draft.source.at(path), path=path,
                          help="take it out, or ask what can be otherwise")  # fmt: skip
