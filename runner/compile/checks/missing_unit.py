"""A length of time without a unit: nobody knows whether `3` means minutes or days."""

from __future__ import annotations

from collections.abc import Iterator

from runner.compile.checks.shape import ShapeSubject, is_unitless
from runner.compile.reporting import error, replacing
from runner.lang.diagnostics import Diagnostic

SLUG = "missing-unit"

_USUAL = {"delay": "h", "settle": "m", "min_gap": "s", "timeout": "d", "poll": "m", "min_between": "h", "per": "d"}


def check(subject: ShapeSubject) -> Iterator[Diagnostic]:
    """Yield one diagnostic for each number that stands where a duration belongs."""
    for violation in subject.violations:
        if not is_unitless(violation):
            continue
        span = subject.place(violation)
        number = str(violation.value).strip()
        key = next((str(part) for part in reversed(violation.path) if isinstance(part, str)), "")
        usual = f"{number}{_USUAL.get(key, 'd')}"
        whole = number.isdigit()
        yield error(
            SLUG, f"`{number}` has no unit", span, label=f"did you mean `{usual}`?" if whole else "",
            help="write a number and s, m, h, d, w, or bd for business days", path=violation.path,
            fix=replacing(span, usual) if whole else None,
        )  # fmt: skip
