"""Secrets that stand in a file by mistake, hidden wherever lines of that file are shown."""

from __future__ import annotations

import re
from collections.abc import Iterable

from runner.render.json import RangeObject, Report

SLUG = "literal-secret"
_BLOCK = re.compile(r"[|>][-+0-9]*\s*(#.*)?$")


def secret_ranges(document: Report) -> dict[str, list[RangeObject]]:
    """Where a report says that secrets stand, by file."""
    found: dict[str, list[RangeObject]] = {}
    for item in document["diagnostics"]:
        if item["slug"] == SLUG:
            found.setdefault(item["file"], []).append(item["range"])
    return found


def masked(lines: list[str], ranges: Iterable[RangeObject]) -> list[str]:
    """The lines with every character of the ranges as `*`; of a block scalar, every line of it."""
    hidden = list(lines)
    for where in ranges:
        first = where["start"]["line"] - 1
        last = min(where["end"]["line"] - 1, len(hidden) - 1)
        if not 0 <= first < len(hidden):
            continue
        start = where["start"]["column"] - 1
        is_block = _BLOCK.match(hidden[first][start:]) is not None
        for number in range(first, last + 1):
            begin = start if number == first else 0
            end = where["end"]["column"] - 1 if number == where["end"]["line"] - 1 else len(hidden[number])
            hidden[number] = hidden[number][:begin] + _stars(hidden[number][begin:end]) + hidden[number][end:]
        if is_block:
            _mask_block(hidden, first)
    return hidden


def _mask_block(lines: list[str], head: int) -> None:
    """Hide what is indented further than the line on which the block begins."""
    outer = _indent(lines[head])
    for number in range(head + 1, len(lines)):
        if lines[number].strip() and _indent(lines[number]) <= outer:
            return
        lines[number] = _stars(lines[number])


def _stars(text: str) -> str:
    return re.sub(r"\S", "*", text)


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())
