"""A field of the lead, the campaign or the variables that nobody declared, in a condition or a template."""

from __future__ import annotations

from collections.abc import Iterator

from runner.compile.checks.conditions import problems
from runner.compile.drafts import SequenceDraft
from runner.lang.diagnostics import Diagnostic

SLUG = "unknown-field"


def check(draft: SequenceDraft) -> Iterator[Diagnostic]:
    """Yield one diagnostic for each unknown field in a condition."""
    yield from problems(draft, SLUG)
