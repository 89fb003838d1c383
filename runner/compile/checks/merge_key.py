"""A merge key (`<<`): YAML 1.2 has none, and what it would do to lists of steps surprises everyone."""

from __future__ import annotations

from collections.abc import Iterator

from runner.compile.checks.source import findings
from runner.compile.reporting import error
from runner.lang.diagnostics import Diagnostic
from runner.lang.source import Kind, Source

SLUG = "merge-key"


def check(source: Source) -> Iterator[Diagnostic]:
    """Yield one diagnostic for each merge key."""
    for finding in findings(source, Kind.MERGE_KEY):
        yield error(
            SLUG, "merge keys (`<<`) are not allowed", source.span(finding.start, finding.end),
            help="use `defaults:`, or an alias for a whole value: `send_window: *office_hours`",
        )  # fmt: skip
