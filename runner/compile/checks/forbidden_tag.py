"""A YAML tag (`!!python/object`, `!include`): values are plain, and files load nothing."""

from __future__ import annotations

from collections.abc import Iterator

from runner.compile.checks.source import findings
from runner.compile.reporting import error
from runner.lang.diagnostics import Diagnostic
from runner.lang.source import Kind, Source

SLUG = "forbidden-tag"


def check(source: Source) -> Iterator[Diagnostic]:
    """Yield one diagnostic for each tag."""
    for finding in findings(source, Kind.FORBIDDEN_TAG):
        tag = finding.detail.replace("tag:yaml.org,2002:", "!!")
        help_ = "write `{env: NAME}` for a secret" if "env" in tag or "secret" in tag else "write the value without it"
        yield error(SLUG, f"the tag `{tag}` is not allowed", source.span(finding.start, finding.end), help=help_)
