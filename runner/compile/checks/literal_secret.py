"""A secret written into a file that lives in Git."""

from __future__ import annotations

from collections.abc import Iterator

from runner.compile.checks.shape import ShapeSubject, is_literal_secret
from runner.compile.reporting import error
from runner.lang.diagnostics import Diagnostic

SLUG = "literal-secret"


def check(subject: ShapeSubject) -> Iterator[Diagnostic]:
    """Yield one diagnostic for each literal where a secret is named; the text itself is never shown."""
    for violation in subject.violations:
        if not is_literal_secret(violation):
            continue
        key = str(violation.path[-1]) if violation.path else "secret"
        yield error(
            SLUG, f"`{key}` is written in the file", subject.place(violation),
            help="write where it is kept: {env: NAME} or {file: PATH}; and change this one, Git remembers it",
            path=violation.path,
        )  # fmt: skip
