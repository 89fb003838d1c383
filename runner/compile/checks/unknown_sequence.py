"""A campaign runs a sequence that is not there."""

from __future__ import annotations

from collections.abc import Iterator

from runner.compile.reporting import correcting, error
from runner.compile.view import ProjectView
from runner.lang.diagnostics import Diagnostic
from runner.lang.suggest import meant, nearest

SLUG = "unknown-sequence"


def check(view: ProjectView) -> Iterator[Diagnostic]:
    """Yield one diagnostic for each such campaign. A file that is there but broken counts as there."""
    known = set(view.files.sequences)
    for draft, data in view.raw_campaigns():
        name = data.get("sequence")
        if not isinstance(name, str) or name in known or ("sequence",) in draft.broken:
            continue
        span = draft.source.at(("sequence",))
        near = nearest(name, known)
        hint = meant(name, known) or f"create sequences/{name}.yaml"
        yield error(SLUG, f"there is no sequence `{name}`", span, label=hint if near else "", help=hint,
                    path=("sequence",), fix=correcting(span, name, known))  # fmt: skip
