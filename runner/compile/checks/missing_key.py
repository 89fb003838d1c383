"""A key that has to be there is not."""

from __future__ import annotations

from collections.abc import Iterator

from runner.compile.checks.shape import ShapeSubject
from runner.compile.checks.unknown_key import misspelt
from runner.compile.reporting import error, plain, where
from runner.lang.diagnostics import Diagnostic

SLUG = "missing-key"


def check(subject: ShapeSubject) -> Iterator[Diagnostic]:
    """Yield one diagnostic for each missing key, unless a misspelt one stands in its place."""
    for violation in subject.of("required"):
        key = violation.key or ""
        if misspelt(violation, key) is not None:
            continue
        owner = "the step" if len(violation.path) == 2 and violation.path[0] == "steps" else where(violation.path)
        described = violation.schema.get("properties", {}).get(key, {})
        about = described.get("description", "") if isinstance(described, dict) else ""
        yield error(
            SLUG, f"{owner} has no `{key}`", subject.source.at(violation.path, key=True),
            help=f"add `{key}:` ({plain(about)})" if about else f"add `{key}:`",
            path=violation.path,
        )  # fmt: skip
