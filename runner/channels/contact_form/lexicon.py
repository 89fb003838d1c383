"""Reads the word files in `words/`: sections of alternatives, one expression a line, in the syntax of `re`.

A line such as `[thanks]` opens a section; `#` opens a comment. The lines of `fields.txt` hold several words parted by
` | `. Texts are folded with `text.plain` before they are matched, and accents are
taken off here; what is left of an expression keeps its meaning.
"""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

from runner.channels.contact_form.text import without_accents


@cache
def section(file: str, name: str) -> tuple[str, ...]:
    """The alternatives of one section of a file. Raises KeyError for a section that is not there."""
    return _sections(file)[name]


def compiled(file: str, name: str, before: str = "", after: str = "") -> re.Pattern[str]:
    """One pattern of all alternatives of a section, each between `before` and `after`, ignoring case."""
    return re.compile(f"{before}(?:{'|'.join(section(file, name))}){after}", re.IGNORECASE)


@cache
def _sections(file: str) -> dict[str, tuple[str, ...]]:
    text = (files(__package__) / "words" / f"{file}.txt").read_text(encoding="utf-8")
    found: dict[str, list[str]] = {}
    for line in text.splitlines():
        if line.startswith("[") and line.endswith("]") and line[1:-1].replace("_", "").isalpha():
            found[line[1:-1]] = []
        elif line and not line.startswith("# "):
            found[list(found)[-1]] += [without_accents(word.strip()) for word in line.split(" | ")]
    return {name: tuple(words) for name, words in found.items()}
