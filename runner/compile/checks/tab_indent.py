"""YAML is indented with spaces; a tab never counts as indentation."""

from __future__ import annotations

from collections.abc import Iterator

from runner.compile.checks.source import findings
from runner.compile.reporting import error
from runner.lang.diagnostics import Diagnostic
from runner.lang.source import Kind, Source

SLUG = "tab-indent"


def check(source: Source) -> Iterator[Diagnostic]:
    """Yield one diagnostic for each."""
    for finding in findings(source, Kind.TAB_INDENT):
        span = source.span(finding.start, finding.end)
        yield error(SLUG, "a tab cannot indent YAML", span, help="use spaces")
