"""A key that the language does not have, with the nearest one that it has."""

from __future__ import annotations

from collections.abc import Iterator

from runner.compile.checks.shape import ShapeSubject
from runner.compile.reporting import correcting, error, replacing, where
from runner.compile.schemas import Violation
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
            help=meant(key, unused), path=(*violation.path, key), fix=correcting(span, key, unused),
        )  # fmt: skip
    for violation in subject.of("required"):
        # Which keys a channel config may have is known only once its `channel` is: a misspelt one is told here.
        key = violation.key or ""
        other = misspelt(violation, key)
        if other is not None and not any(seen.path == violation.path for seen in subject.of("unknown")):
            span = subject.source.key_span(violation.value, other)
            yield error(
                SLUG, f"`{other}` is not a key of {where(violation.path)}", span, label=f"did you mean `{key}`?",
                path=(*violation.path, other), fix=replacing(span, key),
            )  # fmt: skip


def misspelt(violation: Violation, key: str) -> str | None:
    """The unknown key of a mapping that stands in the place of a required one."""
    known = violation.schema.get("properties", {})
    return next((other for other in violation.value if other not in known and nearest(other, [key])), None)
