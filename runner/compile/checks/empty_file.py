"""The file says nothing."""

from __future__ import annotations

from collections.abc import Iterator

from runner.compile.checks.source import findings
from runner.compile.reporting import error
from runner.lang.diagnostics import Diagnostic
from runner.lang.source import Kind, Source

SLUG = "empty-file"


def check(source: Source) -> Iterator[Diagnostic]:
    """Yield one diagnostic for each."""
    for finding in findings(source, Kind.EMPTY_FILE):
        span = source.span(finding.start, finding.end)
        yield error(SLUG, "the file is empty", span, help="delete it, or start with `version: 1` and `name:`")
