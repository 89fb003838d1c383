"""Diagnostics as JSON: the one shape that every other format of `runner validate` is rendered from.

    {"format_version": "1.0", "diagnostics": [{"slug", "severity", "summary", "label", "help", "file", "path",
     "range": {"start": {"line", "column"}, "end": {...}}, "related": [{"file", "range", "note"}],
     "fix": {"title", "safety", "edits": [{"file", "range", "text"}]} or null, "url"}]}

Lines and columns count from 1, columns in characters; an end is exclusive. Within version 1 keys are only added.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import TypedDict

from runner.lang.diagnostics import Diagnostic, Fix, Position, Severity, Span

FORMAT_VERSION = "1.0"
CHECKS_PAGE = "docs/checks.md"


class PositionObject(TypedDict):
    """A place: line and column from 1."""

    line: int
    column: int


class RangeObject(TypedDict):
    """A stretch of a file; `end` is exclusive."""

    start: PositionObject
    end: PositionObject


class RelatedObject(TypedDict):
    """A second place and what it has to do with the first."""

    file: str
    range: RangeObject
    note: str


class EditObject(TypedDict):
    """Text that replaces a range."""

    file: str
    range: RangeObject
    text: str


class FixObject(TypedDict):
    """A change that mends the file; `safety` is `safe` or `unsafe`."""

    title: str
    safety: str
    edits: list[EditObject]


class DiagnosticObject(TypedDict):
    """One finding, as every renderer reads it."""

    slug: str
    severity: str
    summary: str
    label: str
    help: str
    file: str
    path: list[str | int]
    range: RangeObject
    related: list[RelatedObject]
    fix: FixObject | None
    url: str


class Report(TypedDict):
    """A whole run."""

    format_version: str
    diagnostics: list[DiagnosticObject]


def report(diagnostics: Iterable[Diagnostic]) -> Report:
    """All findings of a run, sorted by file and place, without repetitions."""
    unique = dict.fromkeys(diagnostics)
    ordered = sorted(unique, key=lambda item: (item.span, item.severity is not Severity.ERROR, item.slug))
    return {"format_version": FORMAT_VERSION, "diagnostics": [diagnostic_object(item) for item in ordered]}


def render_json(document: Report) -> str:
    """The report as indented JSON text with a line feed at the end."""
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def diagnostic_object(diagnostic: Diagnostic) -> DiagnosticObject:
    """One diagnostic in the shape above."""
    return {
        "slug": diagnostic.slug,
        "severity": diagnostic.severity.value,
        "summary": diagnostic.summary,
        "label": diagnostic.label,
        "help": diagnostic.help,
        "file": diagnostic.span.file,
        "path": list(diagnostic.path),
        "range": _range(diagnostic.span),
        "related": [
            {"file": item.span.file, "range": _range(item.span), "note": item.note} for item in diagnostic.related
        ],
        "fix": _fix(diagnostic.fix),
        "url": f"{CHECKS_PAGE}#{diagnostic.slug}",
    }


def _fix(fix: Fix | None) -> FixObject | None:
    if fix is None:
        return None
    edits: list[EditObject] = [
        {"file": edit.span.file, "range": _range(edit.span), "text": edit.text} for edit in fix.edits
    ]
    return {"title": fix.title, "safety": "safe" if fix.safe else "unsafe", "edits": edits}


def _range(span: Span) -> RangeObject:
    return {"start": _position(span.start), "end": _position(span.end)}


def _position(position: Position) -> PositionObject:
    return {"line": position.line, "column": position.column}


def renamed(document: Report, name: Callable[[str], str]) -> Report:
    """The report with every file under the name that its reader knows it by."""
    return {**document, "diagnostics": [_renamed(item, name) for item in document["diagnostics"]]}


def _renamed(item: DiagnosticObject, name: Callable[[str], str]) -> DiagnosticObject:
    related: list[RelatedObject] = [{**other, "file": name(other["file"])} for other in item["related"]]
    fix = item["fix"]
    if fix is not None:
        edits: list[EditObject] = [{**edit, "file": name(edit["file"])} for edit in fix["edits"]]
        fix = {**fix, "edits": edits}
    return {**item, "file": name(item["file"]), "related": related, "fix": fix}
