"""The file is not UTF-8 text."""

from __future__ import annotations

from collections.abc import Iterator

from runner.compile.checks.source import findings
from runner.compile.reporting import error
from runner.lang.diagnostics import Diagnostic
from runner.lang.source import Kind, Source

SLUG = "not-utf8"


def check(source: Source) -> Iterator[Diagnostic]:
    """Yield one diagnostic for each."""
    for finding in findings(source, Kind.NOT_UTF8):
        span = source.span(finding.start, finding.end)
        yield error(SLUG, f"the file is not UTF-8: {finding.detail}", span, help="save it as UTF-8")
