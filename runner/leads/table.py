"""CSV as a table: the delimiter found, quotes taken strictly, and every record tied to the line it starts on."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from runner.errors import UsageError
from runner.leads.aliases import header_key, standard_field
from runner.leads.source import Source

DELIMITERS = (",", ";", "\t", "|")
MOST_COLUMNS = 1000
_NAMES = {",": "comma", ";": "semicolon", "\t": "tab", "|": "pipe"}

Record = tuple[int, list[str]]
"""The line on which a record starts, and its cells."""


@dataclass(frozen=True, slots=True)
class Table:
    """The table in a source: its header, and where its records are to be found."""

    source: Source
    header: tuple[str, ...]
    delimiter: str
    header_line: int

    def records(self) -> Iterator[Record]:
        """The records after the header, blank lines left out.

        Raises UsageError, naming the line on which the record starts, where quotes or line ends are broken: what
        follows cannot be told apart from what belongs to it.
        """
        for line, cells in _records(self.source, self.delimiter):
            if line > self.header_line:
                yield line, cells


def read_table(source: Source) -> Table:
    """Read the header of a source.

    Raises UsageError for an empty file, for two columns of one name, and for more than `MOST_COLUMNS` columns.
    """
    first = next(iter(source.lines()), None)
    if first is None or not first.strip():
        raise UsageError(f"{source.name} is empty" if first is None else f"{source.name}, line 1: the header is empty")
    told = _told_delimiter(first)
    delimiter = told or _likeliest_delimiter(first)
    records = _records(source, delimiter)
    if told is not None:
        next(records, None)
    header_line, cells = next(records, (1, [""]))
    header = tuple(cell.strip() for cell in cells)
    _check_header(source.name, header, header_line)
    return Table(source, header, delimiter, header_line)


def _told_delimiter(line: str) -> str | None:
    """The delimiter in Excel's own first line, `sep=;`."""
    text = line.rstrip("\r\n")
    return text[4] if len(text) == 5 and text.lower().startswith("sep=") else None


def _likeliest_delimiter(line: str) -> str:
    """The delimiter under which the header has the most columns we know, then the most columns at all."""
    best, best_score = ",", (-1, 0)
    for delimiter in DELIMITERS:
        try:
            cells = next(csv.reader([line], delimiter=delimiter), [])
        except csv.Error:
            continue
        score = (sum(standard_field(cell) is not None for cell in cells), len(cells))
        if score > best_score:
            best, best_score = delimiter, score
    return best


def _check_header(name: str, header: Sequence[str], line: int) -> None:
    if len(header) > MOST_COLUMNS:
        raise UsageError(f"{name}, line {line}: {len(header)} columns; at most {MOST_COLUMNS} are read")
    seen: dict[str, int] = {}
    for number, title in enumerate(header, start=1):
        key = header_key(title)
        if key and key in seen:
            raise UsageError(
                f"{name}, line {line}: columns {seen[key]} and {number} are both named `{title}`",
                help="rename or delete one of them, so that it is clear which one counts",
            )
        seen[key] = number


def _records(source: Source, delimiter: str) -> Iterator[Record]:
    reader = csv.reader(source.lines(), delimiter=delimiter, strict=True)
    start = 1
    try:
        for cells in reader:
            if cells:
                yield start, cells
            start = reader.line_num + 1
    except csv.Error as error:
        raise _broken(source.name, start, reader.line_num, delimiter, str(error)) from None


def _broken(name: str, start: int, end: int, delimiter: str, error: str) -> UsageError:
    place = f"{name}, line {start}"
    if "new-line character" in error:
        return UsageError(f"{place}: lines end in a lone carriage return", help="save it with Unix line ends")
    if "unexpected end of data" in error or "field larger than" in error:
        return UsageError(
            f"{place}: a quote opens here and does not close by line {end}",
            help='close it, or write a quote inside a cell twice: ""',
        )
    if "expected after" in error:
        return UsageError(
            f"{place}: a quoted cell is followed by something else than a {_NAMES.get(delimiter, 'delimiter')}"
            + (f" (by line {end})" if end > start else ""),
            help='write a quote inside a cell twice: ""; a quote that does not close takes in the lines after it',
        )
    return UsageError(f"{place}: {error}")
