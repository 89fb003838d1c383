"""An event that cannot happen to a step, in a condition or a `wait_for`."""

from __future__ import annotations

from collections.abc import Iterator

from runner.compile.checks.conditions import problems
from runner.compile.drafts import SequenceDraft
from runner.compile.reporting import correcting, error
from runner.lang.diagnostics import Diagnostic
from runner.lang.suggest import meant, nearest

SLUG = "unknown-event"


def check(draft: SequenceDraft) -> Iterator[Diagnostic]:
    """Yield one diagnostic for each event that cannot be."""
    yield from problems(draft, SLUG)
    for step in draft.steps:
        target = step.raw.get("wait_for")
        if not isinstance(target, str) or draft.is_broken("steps", step.index, "wait_for"):
            continue
        name, _, event = target.partition(".")
        asked = draft.by_id.get(name)
        if asked is None or asked.body is None or event in asked.events:
            continue
        span = draft.source.part_span(step.raw, "wait_for", len(name) + 1, len(target))
        near = nearest(event, asked.events)
        hint = meant(event, asked.events) or "nothing ever happens to a step of its kind"
        yield error(SLUG, f"`{name}` has no event `{event}`", span, label=hint if near else "", help=hint,
                    path=("steps", step.index, "wait_for"), fix=correcting(span, event, asked.events))  # fmt: skip
