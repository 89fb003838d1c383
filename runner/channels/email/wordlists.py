"""The word lists in `words/`: one entry a line, `#` starts a comment line. Data, for those who speak the language."""

from __future__ import annotations

from functools import cache
from importlib.resources import files


@cache
def entries(name: str) -> tuple[str, ...]:
    """The entries of `words/NAME.txt`, in order."""
    text = files("runner.channels.email").joinpath("words", f"{name}.txt").read_text(encoding="utf-8")
    return tuple(line for line in text.splitlines() if line and not line.startswith("#"))


def pairs(name: str) -> tuple[tuple[str, str], ...]:
    """The entries of a list whose lines are `key = value`, in order."""
    split = (line.partition(" = ") for line in entries(name))
    return tuple((key, value) for key, _, value in split)


def any_of(name: str) -> str:
    """One regular expression that matches any entry."""
    return "|".join(entries(name))


def numbered(name: str) -> dict[str, int]:
    """Words to numbers, from lines `number = word word word`."""
    return {word: int(number) for number, words in pairs(name) for word in words.split()}
