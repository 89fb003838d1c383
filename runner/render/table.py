"""One aligned table for every command, and its JSON twin: the rows are the same, only the dress differs."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, is_dataclass
from datetime import date, datetime
from enum import Enum
from typing import TextIO

from runner.render.terminal import display_width, one_line

FORMAT_VERSION = "1.0"
Row = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Column:
    """One column: the `key` of the row it shows, its heading, and `right` for numbers.

    A cell longer than `width` characters is cut with an ellipsis; None leaves it whole. JSON never cuts.
    """

    key: str
    title: str = ""
    right: bool = False
    width: int | None = None


def print_table(
    rows: Sequence[Row],
    columns: Sequence[Column | str],
    *,
    output_format: str = "text",
    name: str = "rows",
    empty: str = "nothing to show",
    stream: TextIO | None = None,
) -> None:
    """Write rows to `stream` (standard output unless given) as an aligned table or as JSON.

    `output_format` is `text` or `json`. JSON is `{"format_version": "1.0", name: [rows]}` with every key of a row,
    also those that no column shows. `empty` is the line that text shows when there are no rows.
    """
    out = stream or sys.stdout
    if output_format == "json":
        out.write(json_text({name: [dict(row) for row in rows]}))
        return
    out.write((table_text(rows, columns) if rows else empty) + "\n")


def table_text(rows: Sequence[Row], columns: Sequence[Column | str]) -> str:
    """The rows under one line of headings, columns padded to their widest cell, two spaces apart."""
    specs = [column if isinstance(column, Column) else Column(column) for column in columns]
    head = [(spec.title or spec.key.replace("_", " ")).upper() for spec in specs]
    body = [[_cut(cell_text(row.get(spec.key)), spec.width) for spec in specs] for row in rows]
    widths = [max(map(display_width, column)) for column in zip(head, *body, strict=True)]
    return "\n".join(_line(cells, specs, widths) for cells in [head, *body])


def print_fields(values: Row, *, output_format: str = "text", stream: TextIO | None = None) -> None:
    """Write one record: `name  value` lines, or one JSON object with `format_version`."""
    out = stream or sys.stdout
    if output_format == "json":
        out.write(json_text(values))
        return
    width = max((display_width(key) for key in values), default=0)
    for key, value in values.items():
        out.write(f"{key.replace('_', ' ').ljust(width)}  {cell_text(value)}\n")


def json_text(document: Mapping[str, object]) -> str:
    """The document as indented JSON with `format_version` in front and a line feed at the end."""
    versioned = {"format_version": FORMAT_VERSION, **document}
    return json.dumps(versioned, indent=2, ensure_ascii=False, default=_plain) + "\n"


def cell_text(value: object) -> str:
    """A value as one short line: `-` for nothing, yes/no, UTC times to the second, lists joined by commas."""
    match value:
        case None | "":
            return "-"
        case bool():
            return "yes" if value else "no"
        case datetime():
            return value.strftime("%Y-%m-%d %H:%M:%S")
        case Enum():
            return str(value.value)
        case float():
            return f"{value:g}"
        case list() | tuple() | set() | frozenset():
            return ", ".join(map(cell_text, value)) or "-"
        case Mapping():
            return ", ".join(f"{key}={cell_text(item)}" for key, item in value.items()) or "-"
        case _:
            return one_line(str(value))


def _line(cells: Sequence[str], specs: Sequence[Column], widths: Sequence[int]) -> str:
    padded = []
    for cell, spec, width in zip(cells, specs, widths, strict=True):
        gap = " " * (width - display_width(cell))
        padded.append(gap + cell if spec.right else cell + gap)
    return "  ".join(padded).rstrip()


def _cut(text: str, width: int | None) -> str:
    return text if width is None or len(text) <= width else text[: width - 1] + "…"


def _plain(value: object) -> object:
    """What JSON has no form for; a secret stays hidden because its text is `***`."""
    match value:
        case datetime() | date():
            return value.isoformat()
        case Enum():
            return value.value
        case set() | frozenset():
            return sorted(value, key=str)
        case Mapping():
            return dict(value)
        case _ if is_dataclass(value) and not isinstance(value, type):
            return asdict(value)
        case _:
            return str(value)
