"""What the checks of shape look at: a file and the rules of its schema that it breaks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from runner.compile.schemas import FileKind, Violation
from runner.lang.diagnostics import Span
from runner.lang.source import Source


@dataclass(frozen=True, slots=True)
class ShapeSubject:
    """A file of some kind and its violations."""

    source: Source
    kind: FileKind
    violations: tuple[Violation, ...]

    def of(self, *rules: str) -> Iterator[Violation]:
        """The violations of some rules."""
        return (violation for violation in self.violations if violation.rule in rules)

    def place(self, violation: Violation) -> Span:
        """Where the offending value stands."""
        return self.source.at(violation.path)


def is_unitless(violation: Violation) -> bool:
    """Whether a number stands where a duration belongs."""
    if violation.rule not in ("type", "pattern") or violation.schema.get("x-kind") != "duration":
        return False
    value = violation.value
    return not isinstance(value, bool) and (
        isinstance(value, int | float) or (isinstance(value, str) and value.strip().isdigit())
    )


def is_literal_secret(violation: Violation) -> bool:
    """Whether something other than a reference stands where a secret is named."""
    return violation.rule == "type" and violation.schema.get("x-kind") == "secret"
