"""What a terminal can show: colour when it is wanted, widths of wide characters, and no control codes of others."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Mapping
from enum import Enum
from typing import TextIO

TAB = "    "
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


class Style(Enum):
    """The few styles there are, as SGR parameters (ECMA-48 8.3.117)."""

    ERROR = "1;31"
    WARNING = "1;33"
    NOTE = "1;36"
    GUTTER = "34"
    BOLD = "1"
    FIX = "32"


def wants_colour(stream: TextIO, environ: Mapping[str, str] | None = None) -> bool:
    """Whether to colour: FORCE_COLOR and NO_COLOR (no-color.org) when set and not empty, else only a terminal."""
    variables = os.environ if environ is None else environ
    if variables.get("NO_COLOR"):
        return False
    if variables.get("FORCE_COLOR"):
        return True
    return stream.isatty() and variables.get("TERM") != "dumb"


class Painter:
    """Colours text, or leaves it as it is."""

    __slots__ = ("_on",)

    def __init__(self, on: bool) -> None:
        self._on = on

    def __call__(self, style: Style, text: str) -> str:
        """`text` in `style` when colour is on."""
        return f"\x1b[{style.value}m{text}\x1b[0m" if self._on and text else text


def visible(text: str) -> str:
    """`text` with tabs as four spaces and control characters as `\N{REPLACEMENT CHARACTER}`.

    A file under review must not be able to move the cursor or turn the reading direction of the reviewer's terminal.
    """
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", text.replace("\t", TAB))


def one_line(text: str) -> str:
    """`text` on one line, safe to print."""
    return visible(" ".join(text.split("\n")) if "\n" in text else text)


def display_width(text: str) -> int:
    """How many terminal cells `text` takes: two for East Asian wide characters, none for combining marks (UAX #11)."""
    if text.isascii():
        return len(text)
    return sum(_cells(character) for character in text)


def _cells(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) in {"Mn", "Me", "Cf"}:
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
