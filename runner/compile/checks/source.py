"""What the checks of source look at: what the reader refused."""

from __future__ import annotations

from collections.abc import Iterator

from runner.lang.diagnostics import Related
from runner.lang.source import Finding, Kind, Source


def findings(source: Source, kind: Kind) -> Iterator[Finding]:
    """The findings of one kind."""
    return (finding for finding in source.findings if finding.kind is kind)


def second(source: Source, finding: Finding, note: str) -> tuple[Related, ...]:
    """The second place of a finding, with its own words."""
    return (Related(source.span(finding.other, finding.other), note),) if finding.other else ()
