"""A condition that cannot hold where it stands: its step is always skipped."""

from __future__ import annotations

from collections.abc import Iterator

from runner.compile.drafts import SequenceDraft
from runner.compile.reporting import warning
from runner.lang.diagnostics import Diagnostic, Related

SLUG = "never-true"


def check(draft: SequenceDraft) -> Iterator[Diagnostic]:
    """Yield one diagnostic for each such condition."""
    for step in draft.steps:
        entry = draft.entries.get(step.id or "")
        if entry is None or not entry.reached or entry.may_hold:
            continue
        path = ("steps", step.index, "condition")
        yield warning(SLUG, f"this condition never holds: `{step.id}` is always skipped", draft.source.at(path),
                      path=path, help="no way to this step ends the steps it asks about like that",
                      related=tuple(_asked(draft, step.id or "")))  # fmt: skip


def _asked(draft: SequenceDraft, step_id: str) -> Iterator[Related]:
    """The asked steps that come too late to be asked."""
    from runner.compile.paths import asked_by

    condition = draft.by_id[step_id].condition
    if condition is None or condition.condition is None:
        return
    here = draft.by_id[step_id].index
    for name in dict.fromkeys(asked_by(condition.condition.root)):
        asked = draft.by_id[name]
        if asked.index >= here:
            yield Related(draft.source.at(("steps", asked.index, "id")), f"`{name}` comes after it")
