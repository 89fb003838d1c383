"""A step that no way leads to."""

from __future__ import annotations

from collections.abc import Iterator

from runner.compile.drafts import SequenceDraft
from runner.compile.reporting import warning
from runner.lang.diagnostics import Diagnostic

SLUG = "unreachable-step"


def check(draft: SequenceDraft) -> Iterator[Diagnostic]:
    """Yield a diagnostic for the first step of each stretch that is never entered."""
    previous_dead = False
    for step in draft.steps:
        entry = draft.entries.get(step.id or "")
        dead = entry is not None and not entry.reached
        if dead and not previous_dead:
            path = ("steps", step.index, "id")
            yield warning(SLUG, f"nothing leads to `{step.id}`", draft.source.at(path), path=path,
                          help="lead an outcome of an earlier step here with `next`, or take it out")  # fmt: skip
        previous_dead = dead
