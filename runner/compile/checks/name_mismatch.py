"""The name inside a file and the file's own name differ."""

from __future__ import annotations

from collections.abc import Iterator

from runner.compile.reporting import error, replacing
from runner.lang.diagnostics import Diagnostic
from runner.lang.source import Source

SLUG = "name-mismatch"


def in_file(source: Source, stem: str | None) -> Iterator[Diagnostic]:
    """Yield a diagnostic if a file's `name` is not `stem`, its name on disk."""
    if stem is None or not isinstance(source.data, dict):
        return
    name = source.data.get("name")
    if isinstance(name, str) and name != stem:
        span = source.at(("name",))
        yield error(SLUG, f"the name is `{name}`, the file's is `{stem}`", span, path=("name",),
                    help=f"write `name: {stem}`, or rename the file", fix=replacing(span, stem))  # fmt: skip
