"""A second YAML document starts; one file holds one definition."""

from __future__ import annotations

from collections.abc import Iterator

from runner.compile.checks.source import findings
from runner.compile.reporting import error
from runner.lang.diagnostics import Diagnostic
from runner.lang.source import Kind, Source

SLUG = "several-documents"


def check(source: Source) -> Iterator[Diagnostic]:
    """Yield one diagnostic for each."""
    for finding in findings(source, Kind.SEVERAL_DOCUMENTS):
        span = source.span(finding.start, finding.end)
        yield error(SLUG, "a second document starts here", span, help="put it into a file of its own")
