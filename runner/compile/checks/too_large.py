"""The file is larger than any file of this kind has to be."""

from __future__ import annotations

from collections.abc import Iterator

from runner.compile.checks.source import findings
from runner.compile.reporting import error
from runner.lang.diagnostics import Diagnostic
from runner.lang.source import Kind, Source

SLUG = "too-large"


def check(source: Source) -> Iterator[Diagnostic]:
    """Yield one diagnostic for each."""
    for finding in findings(source, Kind.TOO_LARGE):
        span = source.span(finding.start, finding.end)
        yield error(SLUG, f"the file is too large: {finding.detail}", span, help="split it into several files")
