"""A key that the language does not have, with the nearest one that it has."""

from __future__ import annotations

from collections.abc import Iterator

from runner.compile.checks.shape import ShapeSubject
from runner.compile.reporting import error, replacing, where
from runner.lang.diagnostics import Diagnostic
from runner.lang.suggest import meant, nearest

SLUG = "unknown-key"


def check(subject: ShapeSubject) -> Iterator[Diagnostic]:
    """Yield one diagnostic for each unknown key."""
    for violation in subject.of("unknown"):
        key = violation.key or ""
        unused = [known for known in violation.schema.get("properties", {}) if known not in violation.value]
        span = subject.source.key_span(violation.value, key)
        near = nearest(key, unused)
        owner = "a step" if len(violation.path) == 2 and violation.path[0] == "steps" else where(violation.path)
        yield error(
            SLUG, f"`{key}` is not a key of {owner}", span, label=meant(key, unused) if near else "",
            help=meant(key, unused), path=(*violation.path, key), fix=replacing(span, near) if near else None,
        )  # fmt: skip
