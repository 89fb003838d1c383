"""A step is exactly one of `channel`, `wait`, `wait_for` and `end`."""

from __future__ import annotations

from collections.abc import Iterator

from runner.compile.drafts import KINDS, SequenceDraft
from runner.compile.reporting import error
from runner.lang.diagnostics import Diagnostic, Related
from runner.lang.suggest import nearest

SLUG = "one-kind-of-step"


def check(draft: SequenceDraft) -> Iterator[Diagnostic]:
    """Yield one diagnostic for each step that is none or several of them."""
    for step in draft.steps:
        path = ("steps", step.index)
        if not step.kinds:
            if any(nearest(key, KINDS) for key in step.raw):
                continue
            name = f"step `{step.id}`" if step.id else "this step"
            yield error(SLUG, f"{name} does nothing", draft.source.at((*path, "id") if step.id else path),
                        help="add one of `channel`, `wait`, `wait_for`, `end`", path=path)  # fmt: skip
        elif len(step.kinds) > 1:
            first, *others = step.kinds
            span = draft.source.key_span(step.raw, others[0])
            related = (Related(draft.source.key_span(step.raw, first), f"it is already a `{first}` step"),)
            yield error(SLUG, f"a step is one of {' and '.join(f'`{kind}`' for kind in step.kinds)}, not both", span,
                        help="make two steps of it", path=(*path, others[0]), related=related)  # fmt: skip
