"""A key stands twice in one mapping; YAML readers silently take one of the two."""

from __future__ import annotations

from collections.abc import Iterator

from runner.compile.checks.source import findings, second
from runner.compile.reporting import error
from runner.lang.diagnostics import Diagnostic
from runner.lang.source import Kind, Source

SLUG = "duplicate-key"


def check(source: Source) -> Iterator[Diagnostic]:
    """Yield one diagnostic for each key that was there already."""
    for finding in findings(source, Kind.DUPLICATE_KEY):
        yield error(
            SLUG, f"`{finding.detail}` stands twice", source.span(finding.start, finding.end),
            help="keep one of the two",
            related=second(source, finding, "the first one is here"),
        )  # fmt: skip
