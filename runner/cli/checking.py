"""What `runner validate` does between its options and its renderers: compile, ignore, select, mend."""

from __future__ import annotations

import dataclasses
import os
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from runner.cli.root import find_root
from runner.errors import UsageError
from runner.lang.diagnostics import Diagnostic, Severity, Span
from runner.render.fixes import apply_edits, safe_edits
from runner.render.ignores import apply_ignores
from runner.render.json import Report, report

STDIN = "-"


@dataclass(frozen=True, slots=True)
class Request:
    """What to check, and which findings count."""

    paths: tuple[Path, ...] = ()
    strict: bool = False
    select: frozenset[str] = frozenset()
    ignore: frozenset[str] = frozenset()
    leads: str | None = None


@dataclass(frozen=True, slots=True)
class Checked:
    """A finished run: the report, the project's files that were looked at, and how many findings were left out."""

    root: Path
    report: Report
    files: tuple[str, ...]
    hidden: int
    texts: dict[str, str]

    def source(self, file: str) -> str | None:
        """The text of a file of the report, or None where it cannot be read."""
        return source_text(self.root, file, self.texts)
