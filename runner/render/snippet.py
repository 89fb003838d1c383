"""Source lines with the spans of a finding underlined, as in `^^^ did you mean`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from runner.render.json import RangeObject
from runner.render.terminal import Painter, Style, display_width, visible

WIDEST = 140
KEPT_BEFORE = 60


@dataclass(frozen=True, slots=True)
class Mark:
    """A range to underline with `sign` and the words that stand beside it."""

    range: RangeObject
    sign: str
    note: str
    style: Style


def snippet(lines: Sequence[str], marks: Sequence[Mark], gutter: int, paint: Painter) -> list[str]:
    """The lines the marks start on, each with its underlines below; nothing when the text has no such line.

    A range of several lines is underlined to the end of its first.
    """
    shown = [mark for mark in marks if 1 <= mark.range["start"]["line"] <= len(lines)]
    if not shown:
        return []
    bar = paint(Style.GUTTER, "|")
    out = [f"{' ' * gutter} {bar}"]
    before = None
    ordered = sorted(shown, key=lambda mark: (mark.range["start"]["line"], mark.range["start"]["column"]))
    for number, group in groupby(ordered, key=lambda mark: mark.range["start"]["line"]):
        if before is not None and number > before + 1:
            out.append(paint(Style.GUTTER, "..."))
        before = number
        on_line = list(group)
        text, dropped = _cropped(lines[number - 1], min(mark.range["start"]["column"] for mark in on_line))
        out.append(f"{paint(Style.GUTTER, str(number).rjust(gutter))} {bar} {visible(text)}".rstrip())
        out += [
            f"{' ' * gutter} {bar} {_underline(text, mark, dropped, paint)}"
            for mark in sorted(on_line, key=lambda mark: mark.sign != "^")
        ]
    return out


def _cropped(line: str, column: int) -> tuple[str, int]:
    """A line short enough for a terminal that still shows `column`, and how many characters were left out before."""
    if len(line) <= WIDEST:
        return line, 0
    start = max(0, column - 1 - KEPT_BEFORE)
    end = start + WIDEST
    head = "…" if start else ""
    tail = "…" if end < len(line) else ""
    return head + line[start:end] + tail, start - len(head)


def _underline(text: str, mark: Mark, dropped: int, paint: Painter) -> str:
    """Blanks up to the range, one sign for every cell of it (at least one), and the note."""
    first = mark.range["start"]["column"] - 1 - dropped
    one_line = mark.range["end"]["line"] == mark.range["start"]["line"]
    last = mark.range["end"]["column"] - 1 - dropped if one_line else len(text)
    blanks = display_width(visible(text[:first])) + max(0, first - len(text))
    cells = max(1, display_width(visible(text[first : max(first, last)])))
    return f"{' ' * blanks}{paint(mark.style, mark.sign * cells + (' ' + mark.note if mark.note else ''))}"
