"""Read a YAML file into a `Source`: limits first, then one pass over libyaml's events."""

from __future__ import annotations

import gc
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import yaml
from yaml import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)

try:
    from yaml._yaml import CParser as Parser
except ImportError:  # pragma: no cover - PyYAML built without libyaml: slower, same events
    from yaml import SafeLoader as Parser  # type: ignore[assignment]

from runner.lang.diagnostics import Position
from runner.lang.scalars import MAY_BE_SPECIAL, plain_value
from runner.lang.source import MAX_BYTES, Finding, Kind, Mark, Source

MAX_DEPTH = 40
MAX_NODES = 400_000
MAX_ALIASED_NODES = 20_000
"""Nodes that aliases may add to a file; a bomb adds millions from a few hundred bytes."""

_REFUSED = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")
_UNFINISHED = frozenset({
    "while scanning a simple key", "while scanning a quoted scalar", "while parsing a flow mapping",
    "while parsing a flow sequence",
})  # fmt: skip
_NO_COLON = re.compile(r"\s*(?:- )?([A-Za-z_][\w-]*) (?!.*:(?: |$))\S")
_NOTHING = object()
_DROPPED = object()


class _Stop(Exception):
    """Reading cannot go on; the finding is recorded."""


def read(content: bytes, file: str) -> Source:
    """Read the bytes of a file: size, encoding, then YAML."""
    if len(content) > MAX_BYTES:
        source = Source(file, "")
        _find(source, Kind.TOO_LARGE, Position(1, 1), f"{len(content) / 2**20:.1f} MiB")
        return source
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start].decode("utf-8", "replace")
        source = Source(file, content.decode("utf-8", "replace"))
        wide = content[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\x00" in content[:4]
        _find(source, Kind.NOT_UTF8, _end_of(before), "UTF-16" if wide else f"byte 0x{content[error.start]:02x}")
        return source
    return load(text, file)


def load(text: str, file: str) -> Source:
    """Read a text. Never raises for what is in it: see `Source.findings`."""
    source = Source(file, text)
    if len(text) > MAX_BYTES:
        _find(source, Kind.TOO_LARGE, Position(1, 1), f"{len(text) / 2**20:.1f} MiB")
        return source
    if refused := _REFUSED.search(text):
        detail = f"the character U+{ord(refused[0]):04X} is not allowed"
        _find(source, Kind.BAD_YAML, _end_of(text[: refused.start()]), detail)
        return source
    try:
        with without_collection():
            _Builder(source).run()
    except _Stop:
        source.data = None
    except yaml.YAMLError as error:
        source.data = None
        _syntax_error(source, error)
    return source


@contextmanager
def without_collection() -> Iterator[None]:
    """No garbage collection meanwhile: what is read and compiled is kept, and looking for garbage costs time."""
    collecting = gc.isenabled()
    if collecting:
        gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


def _end_of(text: str) -> Position:
    lines = re.split(r"\r\n|\r|\n", text)
    return Position(len(lines), len(lines[-1]) + 1)


def _find(source: Source, kind: Kind, start: Position, detail: str = "", *, end: Position | None = None) -> None:
    source.findings.append(Finding(kind, start, end or Position(start.line, start.column + 1), detail))


def _syntax_error(source: Source, error: yaml.YAMLError) -> None:
    noticed: Any = getattr(error, "problem_mark", None)
    opened: Any = getattr(error, "context_mark", None)
    # What is never finished is wrong where it begins, however much further the parser read before it noticed.
    begins = str(getattr(error, "context", "")) in _UNFINISHED and opened is not None and noticed is not None
    mark = opened if begins and opened.line != noticed.line else noticed or opened
    problem = getattr(error, "problem", None) or str(error).splitlines()[0]
    start = _inside(source, Position(mark.line + 1, mark.column + 1) if mark else Position(1, 1))
    line = source.lines[start.line - 1]
    tabbed = "\t" in line[: len(line) - len(line.lstrip())]
    if tabbed:
        column = line.index("\t") + 1
        _find(source, Kind.TAB_INDENT, Position(start.line, column))
        return
    if "mapping values are not allowed" in problem and (without := _line_without_colon(source, start.line)):
        source.findings.append(Finding(Kind.BAD_YAML, *without, "could not find expected ':'", start))
        return
    other = noticed if mark is opened else opened
    second = Position(other.line + 1, other.column + 1) if other and other.line != start.line - 1 else None
    end = Position(start.line, start.column + 1)
    source.findings.append(Finding(Kind.BAD_YAML, start, end, problem, second))


def _inside(source: Source, place: Position) -> Position:
    """A place at which something can be shown: what is missing at the end of a file is missing after its last word."""
    last = len(source.lines)
    while last > 1 and not source.lines[last - 1].strip():
        last -= 1
    return place if place.line <= last else Position(last, len(source.lines[last - 1].rstrip()) + 1)


def _line_without_colon(source: Source, number: int) -> tuple[Position, Position] | None:
    """The line above that was meant as `key: value` and has no colon: YAML takes it for text that goes on below."""
    for above in range(number - 1, 0, -1):
        line = source.lines[above - 1]
        if line.strip() and not line.lstrip().startswith("#"):
            match = _NO_COLON.match(line)
            return (Position(above, match.start(1) + 1), Position(above, match.end(1) + 1)) if match else None
    return None


class _Builder:
    """The state of one pass. `container` is the mapping or list being filled, `places` where its values stand."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.root: Any = _NOTHING
        self.container: Any = None
        self.places: Any = None
        self.in_mapping = False
        self.key: Any = _NOTHING
        self.key_event: Any = None
        self.start: Any = None
        self.stack: list[tuple[Any, ...]] = []
        self.anchors: dict[str, tuple[Any, int, int]] = {}
        self.open_anchors: list[tuple[str, int, int] | None] = []
        self.nodes = 0
        self.aliased = 0
        self.deepest = 0

    def run(self) -> None:
        """Consume every event. Raises _Stop or yaml.YAMLError."""
        next_event = Parser(self.source.text).get_event
        documents = 0
        while True:
            event = next_event()
            kind = type(event)
            if self.nodes > MAX_NODES:
                self.refuse(Kind.TOO_LARGE, event, f"{MAX_NODES:,} values")
                raise _Stop
            if kind is ScalarEvent:
                self.scalar(event)
            elif kind is MappingStartEvent:
                self.begin(event, {})
            elif kind is SequenceStartEvent:
                self.begin(event, [])
            elif kind is MappingEndEvent or kind is SequenceEndEvent:
                self.finish(event)
            elif kind is AliasEvent:
                self.alias(event)
            elif kind is DocumentStartEvent:
                documents += 1
                if documents > 1:
                    self.refuse(Kind.SEVERAL_DOCUMENTS, event)
                    raise _Stop
            elif kind is StreamEndEvent:
                break
        if self.root is _NOTHING or self.root is None:
            _find(self.source, Kind.EMPTY_FILE, Position(1, 1))
            return
        self.source.data = self.root

    def refuse(self, kind: Kind, event: Any, detail: str = "", other: Mark | None = None) -> None:
        """Record a finding at an event."""
        start, end = event.start_mark, event.end_mark
        first = Position(start.line + 1, start.column + 1)
        last = Position(end.line + 1, end.column + 1)
        if last <= first or last.line != first.line:
            last = Position(first.line, first.column + 1)
        second = Position(other.line + 1, other.column + 1) if other else None
        self.source.findings.append(Finding(kind, first, last, detail, second))

    def scalar(self, event: Any) -> None:
        """A key, a value or an item. The usual cases are written out: half of all time goes by here."""
        value = event.value
        if event.implicit[0]:
            if value == "" or value[0] in MAY_BE_SPECIAL:
                value = plain_value(value)
        elif "\0" in value:
            self.refuse(Kind.BAD_YAML, event, "the character U+0000 is not allowed")
        if event.tag is not None:
            self.refuse(Kind.FORBIDDEN_TAG, event, event.tag)
        if event.anchor is not None:
            self.anchors[event.anchor] = (value, 1, 0)
        self.nodes += 1
        key = self.key
        if not self.in_mapping or key is _DROPPED:
            self.put(value, event.start_mark, event.end_mark)
        elif key is _NOTHING:
            if type(value) is str and value not in self.container and value != "<<":
                self.key, self.key_event = value, event
            else:
                self.take_key(event, value)
        else:
            named = self.key_event
            self.container[key] = value
            self.places[key] = (named.start_mark, named.end_mark, event.start_mark, event.end_mark)
            self.key = _NOTHING

    def take_key(self, event: Any, value: Any) -> None:
        """Keep a key until its value comes."""
        self.key_event = event
        if type(value) is str and value not in self.container and value != "<<":
            self.key = value
        elif type(value) is not str:
            self.refuse(Kind.BAD_KEY, event, event.value)
            self.key = _DROPPED
        elif value == "<<" and event.implicit[0]:
            self.refuse(Kind.MERGE_KEY, event)
            self.key = _DROPPED
        elif value in self.container:
            self.refuse(Kind.DUPLICATE_KEY, event, value, self.places[value][0])
            self.key = _DROPPED
        else:
            self.key = value  # a quoted "<<"

    def put(self, value: Any, start: Mark, end: Mark | None) -> None:
        """Attach a finished value to the container that is open."""
        if self.in_mapping:
            key, self.key = self.key, _NOTHING
            if key is _DROPPED:
                self.source.kept.append(value)
            elif key is _NOTHING:
                self.key = _DROPPED
                self.source.kept.append(value)
                self.source.findings.append(
                    Finding(Kind.BAD_KEY, Position(start.line + 1, start.column + 1),
                            Position(start.line + 1, start.column + 2), "a list or mapping")
                )  # fmt: skip
            else:
                self.container[key] = value
                self.places[key] = (self.key_event.start_mark, self.key_event.end_mark, start, end)
        elif self.container is not None:
            self.container.append(value)
            self.places.append((start, end))
        elif self.root is _NOTHING:
            self.root = value

    def begin(self, event: Any, container: Any) -> None:
        """Open a mapping or a list."""
        self.nodes += 1
        if event.tag is not None:
            self.refuse(Kind.FORBIDDEN_TAG, event, event.tag)
        stack = self.stack
        stack.append((self.container, self.places, self.in_mapping, self.key, self.key_event, event))
        if len(stack) > MAX_DEPTH:
            self.refuse(Kind.TOO_DEEP, event, str(MAX_DEPTH))
            raise _Stop
        self.deepest = max(self.deepest, len(stack))
        anchored = event.anchor is not None
        self.open_anchors.append((event.anchor, self.nodes + self.aliased, len(stack)) if anchored else None)
        if anchored:
            self.anchors.pop(event.anchor, None)
            self.deepest = len(stack)
        self.container = container
        self.key = _NOTHING
        self.in_mapping = type(container) is dict
        self.places = self.source.places[id(container)] = {} if self.in_mapping else []

    def finish(self, event: Any) -> None:
        """Close the container that is open and attach it to its parent."""
        value = self.container
        depth = len(self.stack)
        self.container, self.places, self.in_mapping, self.key, self.key_event, start = self.stack.pop()
        anchor = self.open_anchors.pop()
        if anchor is not None:
            size = self.nodes + self.aliased - anchor[1] + 1
            self.anchors[anchor[0]] = (value, size, max(0, self.deepest - depth) + 1)
        self.put(value, start.start_mark, event.end_mark if start.flow_style else None)

    def alias(self, event: Any) -> None:
        """Put what an anchor holds; what it adds is counted as if it were written out."""
        known = self.anchors.get(event.anchor)
        if known is None:
            inside = any(anchor is not None and anchor[0] == event.anchor for anchor in self.open_anchors)
            detail = f"`*{event.anchor}` contains itself" if inside else f"there is no anchor `&{event.anchor}` above"
            self.refuse(Kind.ALIAS_BOMB if inside else Kind.BAD_YAML, event, detail)
            raise _Stop
        value, size, height = known
        self.nodes += 1
        self.aliased += size
        if self.aliased > MAX_ALIASED_NODES:
            self.refuse(Kind.ALIAS_BOMB, event, f"aliases add more than {MAX_ALIASED_NODES:,} values")
            raise _Stop
        if len(self.stack) + height > MAX_DEPTH:
            self.refuse(Kind.TOO_DEEP, event, str(MAX_DEPTH))
            raise _Stop
        self.deepest = max(self.deepest, len(self.stack) + height)
        if self.in_mapping and self.key is _NOTHING:
            self.take_key(_AliasKey(event, value), value)
        else:
            self.put(value, event.start_mark, event.end_mark)


class _AliasKey:
    """An alias that stands where a key is expected, seen as a quoted scalar."""

    __slots__ = ("end_mark", "implicit", "start_mark", "value")

    def __init__(self, event: Any, value: Any) -> None:
        self.start_mark, self.end_mark = event.start_mark, event.end_mark
        self.implicit = (False, True)
        self.value = str(value)[:40]
