"""What only follows from an earlier mistake, left out: each mistake is told once."""

from __future__ import annotations

from collections.abc import Sequence

from runner.compile.checks import (
    literal_secret,
    merge_key,
    missing_key,
    missing_template,
    no_fallback,
    one_kind_of_step,
    unknown_field,
    unknown_step,
)
from runner.compile.files import PROJECT_FILE
from runner.lang.diagnostics import Diagnostic, Position

_BROUGHT = frozenset({one_kind_of_step.SLUG, missing_key.SLUG, missing_template.SLUG, unknown_step.SLUG})
"""What a file says wrongly when keys are absent that a refused merge key would have brought."""

_DECLARED = frozenset({unknown_field.SLUG, no_fallback.SLUG})
"""What nobody can say while runner.yaml, which declares the fields, is broken."""


def told_once(found: Sequence[Diagnostic]) -> list[Diagnostic]:
    """The findings, in the order of the stages, without a second error on one spot and what a merge key leaves behind.

    A secret is always told, also beside another mistake: what tells it is what hides it from the snippets.
    """
    undeclared = any(diagnostic.is_error and diagnostic.span.file == PROJECT_FILE for diagnostic in found)
    merged = {diagnostic.span.file for diagnostic in found if diagnostic.slug == merge_key.SLUG}
    spots: set[tuple[str, Position]] = set()
    kept = []
    for diagnostic in found:
        spot = (diagnostic.span.file, diagnostic.span.start)
        follows = spot in spots or (diagnostic.slug in _BROUGHT and diagnostic.span.file in merged)
        if undeclared and diagnostic.slug in _DECLARED:
            continue
        if not (diagnostic.is_error and follows) or diagnostic.slug == literal_secret.SLUG:
            kept.append(diagnostic)
        if diagnostic.is_error:
            spots.add(spot)
    return kept
