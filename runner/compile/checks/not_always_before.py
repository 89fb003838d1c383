"""A `thread:` or `wait_for:` on a step that some way leaves out."""

from __future__ import annotations

from collections.abc import Iterator

from runner.compile.drafts import SequenceDraft
from runner.compile.reporting import warning
from runner.lang.diagnostics import Diagnostic, Related

SLUG = "not-always-before"


def check(draft: SequenceDraft) -> Iterator[Diagnostic]:
    """Yield one diagnostic for each step that builds on one which may not have been passed."""
    for step in draft.steps:
        entry = draft.entries.get(step.id or "")
        for asked in sorted(entry.unpassed) if entry is not None else ():
            key = "thread" if "thread" in step.raw else "wait_for"
            path = ("steps", step.index, key)
            other = draft.by_id[asked]
            effect = "starts a conversation of its own" if key == "thread" else "waits for nothing until its timeout"
            yield warning(
                SLUG, f"`{asked}` may not have been passed: then `{step.id}` {effect}", draft.source.at(path),
                path=path,
                help=f"add `condition: if {asked}_{other.outcomes[0]}`, or move the step",
                related=(Related(draft.source.at(("steps", other.index, "id")), f"`{asked}` is here"),),
            )  # fmt: skip
