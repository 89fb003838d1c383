"""An alias contains itself, or aliases grow a small file into a huge one."""

from __future__ import annotations

from collections.abc import Iterator

from runner.compile.checks.source import findings
from runner.compile.reporting import error
from runner.lang.diagnostics import Diagnostic
from runner.lang.source import Kind, Source

SLUG = "alias-bomb"


def check(source: Source) -> Iterator[Diagnostic]:
    """Yield one diagnostic for each."""
    for finding in findings(source, Kind.ALIAS_BOMB):
        span = source.span(finding.start, finding.end)
        yield error(SLUG, finding.detail, span, help="write the values out")
