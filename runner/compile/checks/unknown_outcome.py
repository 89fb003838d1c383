"""An outcome that a step of this kind never has, in a condition or a route."""

from __future__ import annotations

from collections.abc import Iterator

from runner.compile.checks.conditions import problems
from runner.compile.drafts import SequenceDraft
from runner.compile.reporting import correcting, error
from runner.lang.diagnostics import Diagnostic
from runner.lang.suggest import meant, nearest

SLUG = "unknown-outcome"


def check(draft: SequenceDraft) -> Iterator[Diagnostic]:
    """Yield one diagnostic for each outcome that cannot be."""
    yield from problems(draft, SLUG)
    for step in draft.steps:
        routes = step.raw.get("next")
        if step.body is None or not isinstance(routes, dict):
            continue
        for outcome in routes:
            if outcome in step.outcomes:
                continue
            span = draft.source.key_span(routes, outcome)
            near = nearest(outcome, step.outcomes)
            kind = step.channel.value if step.channel else step.kinds[0]
            hint = meant(outcome, step.outcomes)
            yield error(SLUG, f"a step of kind {kind} has no outcome `{outcome}`", span, label=hint if near else "",
                        help=hint, path=("steps", step.index, "next", outcome),
                        fix=correcting(span, outcome, step.outcomes))  # fmt: skip
