"""Text edits applied to a file: nothing is re-serialised, so comments, order and quoting stay as they are."""

from __future__ import annotations

from collections.abc import Iterable

from runner.lang.diagnostics import Diagnostic, Edit, Position


def safe_edits(diagnostics: Iterable[Diagnostic]) -> dict[str, list[Edit]]:
    """The edits of all safe fixes by file, without those that would touch the text of one before them.

    A fix is taken whole or not at all. What is left out is found again by the next run.
    """
    taken: dict[str, list[Edit]] = {}
    for diagnostic in diagnostics:
        fix = diagnostic.fix
        if fix is None or not fix.safe:
            continue
        if any(_touches(edit, other) for edit in fix.edits for other in taken.get(edit.span.file, [])):
            continue
        for edit in fix.edits:
            taken.setdefault(edit.span.file, []).append(edit)
    return taken


def apply_edits(text: str, edits: Iterable[Edit]) -> str:
    """`text` after `edits`, which must not overlap. Raises ValueError when a span lies outside the text."""
    starts = line_starts(text)
    for edit in sorted(edits, key=lambda edit: edit.span.start, reverse=True):
        first, last = _offset(starts, text, edit.span.start), _offset(starts, text, edit.span.end)
        text = text[:first] + edit.text + text[last:]
    return text


def line_starts(text: str) -> list[int]:
    """The offset of the first character of every line; a line ends at LF, CR LF or CR."""
    starts = [0]
    at = 0
    while (found := _next_break(text, at)) is not None:
        at = found
        starts.append(at)
    return starts


def _next_break(text: str, at: int) -> int | None:
    feed, carriage = text.find("\n", at), text.find("\r", at)
    if carriage >= 0 and (feed < 0 or carriage < feed):
        return carriage + (2 if text.startswith("\r\n", carriage) else 1)
    return None if feed < 0 else feed + 1


def _offset(starts: list[int], text: str, position: Position) -> int:
    if not 1 <= position.line <= len(starts):
        raise ValueError(f"line {position.line} is outside the text")
    offset = starts[position.line - 1] + position.column - 1
    if offset > len(text):
        raise ValueError(f"column {position.column} of line {position.line} is outside the text")
    return offset


def _touches(edit: Edit, other: Edit) -> bool:
    return edit.span.start <= other.span.end and other.span.start <= edit.span.end
