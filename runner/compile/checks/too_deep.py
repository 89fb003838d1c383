"""The file nests deeper than anything in the language does."""

from __future__ import annotations

from collections.abc import Iterator

from runner.compile.checks.source import findings
from runner.compile.reporting import error
from runner.lang.diagnostics import Diagnostic
from runner.lang.source import Kind, Source

SLUG = "too-deep"


def check(source: Source) -> Iterator[Diagnostic]:
    """Yield one diagnostic for each."""
    for finding in findings(source, Kind.TOO_DEEP):
        span = source.span(finding.start, finding.end)
        yield error(
            SLUG,
            f"the file nests deeper than {finding.detail} levels",
            span,
            help="check brackets and indentation",
        )
