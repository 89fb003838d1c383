"""What is wrong with a file of the user's, and exactly where.

A diagnostic is a value: checks collect them, renderers print them, nothing raises them.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Severity(Enum):
    """How bad it is: an error stops a project from starting, a warning does not."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A place in a text; line and column count from 1, columns in characters."""

    line: int
    column: int


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A stretch of one file, from `start` up to but not including `end`."""

    file: str
    start: Position
    end: Position


@dataclass(frozen=True, slots=True)
class Related:
    """A second place that explains the first, with its own words."""

    span: Span
    note: str


@dataclass(frozen=True, slots=True)
class Edit:
    """Replace the text of `span` by `text`; an empty span inserts."""

    span: Span
    text: str


@dataclass(frozen=True, slots=True)
class Fix:
    """A change that mends the file. Only a `safe` one is applied by `validate --fix`."""

    title: str
    edits: tuple[Edit, ...]
    safe: bool = True


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One finding: what, where, what was expected and got, and what to do about it.

    `slug` names the rule and its section in docs/checks.md; `label` is the short text beside the carets.
    """

    slug: str
    severity: Severity
    summary: str
    span: Span
    label: str = ""
    help: str = ""
    path: tuple[str | int, ...] = ()
    related: tuple[Related, ...] = ()
    fix: Fix | None = None

    @property
    def is_error(self) -> bool:
        """Whether this one stops the project from starting."""
        return self.severity is Severity.ERROR
