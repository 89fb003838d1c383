"""One YAML file as data with the exact place of every key and value.

Built straight from libyaml's events, which is about twice as fast as `yaml.load` and cannot crash on depth, because
nothing recurses. What the language refuses (duplicate keys, tags, merge keys, bombs ...) is recorded as a `Finding`
and reading goes on where it can.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Protocol

from runner.lang.diagnostics import Position, Span

MAX_BYTES = 4 * 1024 * 1024
"""The largest file that is read; a sequence of 10,000 steps is under half of it."""

Key = str | int
Path = tuple[Key, ...]


class Mark(Protocol):
    """A place as libyaml gives it: line and column from 0."""

    @property
    def line(self) -> int:
        """The line."""
        ...

    @property
    def column(self) -> int:
        """The column, in characters."""
        ...


Place = tuple[Mark, Mark | None]
"""Start and end of a value; the end is None where the value runs over lines (a block)."""


class Kind(Enum):
    """What can be wrong with a file before anything is known of its meaning; the values are diagnostic slugs."""

    BAD_YAML = "bad-yaml"
    DUPLICATE_KEY = "duplicate-key"
    FORBIDDEN_TAG = "forbidden-tag"
    MERGE_KEY = "merge-key"
    ALIAS_BOMB = "alias-bomb"
    TOO_DEEP = "too-deep"
    TOO_LARGE = "too-large"
    NOT_UTF8 = "not-utf8"
    TAB_INDENT = "tab-indent"
    EMPTY_FILE = "empty-file"
    SEVERAL_DOCUMENTS = "several-documents"
    BAD_KEY = "bad-key"
    UNREADABLE_FILE = "unreadable-file"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something the reader refuses: the kind, the place, a detail for the message, and a second place."""

    kind: Kind
    start: Position
    end: Position
    detail: str = ""
    other: Position | None = None


@dataclass(slots=True)
class Source:
    """A file as read. `data` is None when it could not be read to its end; `findings` says why.

    `places[id(mapping)][key]` holds four marks: start and end of the key, then of its value; `places[id(list)][index]`
    the two of an item.
    """

    file: str
    text: str
    data: Any = None
    findings: list[Finding] = field(default_factory=list)
    places: dict[int, Any] = field(default_factory=dict)
    kept: list[Any] = field(default_factory=list)
    _lines: list[str] | None = None

    @property
    def lines(self) -> Sequence[str]:
        """The text's lines without their ends, split as YAML 1.2 splits them."""
        if self._lines is None:
            self._lines = re.split(r"\r\n|\r|\n", self.text)
        return self._lines

    def span(self, start: Position, end: Position) -> Span:
        """A span of this file."""
        return Span(self.file, start, end)

    @property
    def top(self) -> Span:
        """The first character of the first line that says something: where a problem of the whole file is shown."""
        for number, line in enumerate(self.lines, 1):
            if line.strip() and not line.lstrip().startswith(("#", "---")):
                return self._line_span(number, len(line) - len(line.lstrip()))
        return self._line_span(1, 0)

    def key_span(self, container: Mapping[str, Any], key: str) -> Span:
        """Where a mapping's key stands; the mapping's first key if it has no such key."""
        places = self.places.get(id(container)) or {}
        place = places.get(key) or next(iter(places.values()), None)
        return self._place_span(place[:2]) if place else self.top

    def value_span(self, container: Any, key: Key) -> Span:
        """Where the value under a key (or the item at an index) stands."""
        places = self.places.get(id(container))
        place = None
        if isinstance(places, dict):
            place = places[key][2:] if key in places else None
        elif places is not None and isinstance(key, int) and 0 <= key < len(places):
            place = places[key]
        if place is None:
            return self.key_span(container, str(key)) if isinstance(container, dict) else self.top
        return self._place_span(place)

    def at(self, path: Sequence[Key], *, key: bool = False) -> Span:
        """The span of the value at a path, or of the key that leads to it."""
        container, last = self.data, None
        for step in path:
            if last is not None:
                container = container[last]
            last = step
        if last is None:
            return self.top
        if key and isinstance(last, str):
            return self.key_span(container, last)
        return self.value_span(container, last)

    def part_span(self, container: Any, key: Key, start: int, end: int) -> Span:
        """The span of characters start..end of a text value, exact where it stands unescaped on one line."""
        whole = self.value_span(container, key)
        line = self.lines[whole.start.line - 1]
        offset = whole.start.column - 1
        if line[offset : offset + 1] in ("'", '"'):
            offset += 1
        text = container[key]
        if line[offset : offset + len(text)] != text:
            return whole
        place = whole.start.line
        return self.span(Position(place, offset + start + 1), Position(place, offset + max(end, start + 1) + 1))

    def _place_span(self, place: Place) -> Span:
        start, end = place
        first = Position(start.line + 1, start.column + 1)
        if end is not None and (end.line, end.column) > (start.line, start.column):
            if end.line == start.line:
                return Span(self.file, first, Position(end.line + 1, end.column + 1))
            if end.column:
                return Span(self.file, first, Position(end.line + 1, end.column + 1))
        return self._line_span(first.line, start.column)

    def _line_span(self, number: int, column: int) -> Span:
        line = self.lines[number - 1] if number <= len(self.lines) else ""
        bare = re.sub(r"\s+#.*$", "", line).rstrip()
        return Span(self.file, Position(number, column + 1), Position(number, max(len(bare), column + 1) + 1))


def walk(data: Any) -> Iterator[tuple[Any, Key, Any]]:
    """Every (container, key or index, value) of some data, parents first; shared aliases are visited once."""
    seen: set[int] = set()
    todo = [data]
    while todo:
        container = todo.pop()
        if not isinstance(container, (dict, list)) or id(container) in seen:
            continue
        seen.add(id(container))
        items: list[tuple[Key, Any]]
        items = list(container.items()) if isinstance(container, dict) else list(enumerate(container))
        for key, value in items:
            yield container, key, value
        todo.extend(value for _, value in reversed(items))
