"""The file cannot be read from disk."""

from __future__ import annotations

from collections.abc import Iterator

from runner.compile.checks.source import findings
from runner.compile.reporting import error
from runner.lang.diagnostics import Diagnostic
from runner.lang.source import Kind, Source

SLUG = "unreadable-file"


def check(source: Source) -> Iterator[Diagnostic]:
    """Yield one diagnostic for each."""
    for finding in findings(source, Kind.UNREADABLE_FILE):
        span = source.span(finding.start, finding.end)
        yield error(SLUG, f"the file cannot be read: {finding.detail}", span, help="check its permissions")
