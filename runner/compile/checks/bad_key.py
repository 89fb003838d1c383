"""A key that is not text: a number, true, nothing, a list."""

from __future__ import annotations

from collections.abc import Iterator

from runner.compile.checks.source import findings
from runner.compile.reporting import error, replacing
from runner.lang.diagnostics import Diagnostic
from runner.lang.source import Kind, Source

SLUG = "bad-key"


def check(source: Source) -> Iterator[Diagnostic]:
    """Yield one diagnostic for each key that is not text."""
    for finding in findings(source, Kind.BAD_KEY):
        span = source.span(finding.start, finding.end)
        if finding.detail == "a list or mapping":
            yield error(SLUG, "a list or mapping cannot be a key", span, help="write `key: value`")
        else:
            quoted = f'"{finding.detail}"'
            yield error(SLUG, f"the key `{finding.detail}` is not text", span, help="put it in quotes",
                        fix=replacing(span, quoted) if finding.detail else None)  # fmt: skip
