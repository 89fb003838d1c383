"""IMAP command lines of the sandbox server: reading them with their literals, and taking them apart (RFC 3501, 9)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO

Token = str | list["Token"]

MAX_LINE = 65_536
MAX_LITERAL = 50_000_000
_LITERAL = re.compile(rb"\{(\d{1,12})(\+?)\}$")
_TOKEN = re.compile(r'\(|\)|"(?:[^"\\]|\\.)*"|\x00\d+\x00|(?:[^\s()\["]|\[[^\]]*\])+')


class Disconnected(Exception):
    """The client went away."""


def read_command(stream: BinaryIO, go_ahead: BinaryIO) -> tuple[str, list[bytes]]:
    r"""One command: its text, in which `\0N\0` stands for the N-th literal, and the literals.

    Asks for a synchronising literal on `go_ahead`. Raises Disconnected at the end of the stream or a line too long.
    """
    text, literals = b"", list[bytes]()
    while True:
        line = stream.readline(MAX_LINE)
        if not line.endswith(b"\n"):
            raise Disconnected
        line = line.rstrip(b"\r\n")
        match = _LITERAL.search(line)
        if match is None:
            return (text + line).decode("utf-8", "replace"), literals
        size = int(match[1])
        if size > MAX_LITERAL:
            raise Disconnected
        if not match[2]:
            go_ahead.write(b"+ go ahead\r\n")
            go_ahead.flush()
        data = stream.read(size)
        if len(data) < size:
            raise Disconnected
        text += line[: match.start()] + b"\0%d\0" % len(literals)
        literals.append(data)


def tokens(text: str, literals: list[bytes]) -> list[Token]:
    """The words of a command; a parenthesised list becomes a list, quotes and literals plain text."""
    flat = (match[0] for match in _TOKEN.finditer(text))
    return _nested(flat, literals)


def _nested(flat: Iterator[str], literals: list[bytes]) -> list[Token]:
    found: list[Token] = []
    for word in flat:
        if word == "(":
            found.append(_nested(flat, literals))
        elif word == ")":
            return found
        elif word.startswith('"'):
            found.append(re.sub(r"\\(.)", r"\1", word[1:-1]))
        elif word.startswith("\0"):
            found.append(literals[int(word.strip("\0"))].decode("utf-8", "replace"))
        else:
            found.append(word)
    return found


def word(args: list[Token], index: int) -> str:
    """The argument at `index`, or an empty string where it is missing or a list."""
    value = args[index] if index < len(args) else ""
    return value if isinstance(value, str) else ""


def in_set(chosen: str, number: int, largest: int) -> bool:
    """Whether a sequence set such as `1:3,7,9:*` holds a number; `*` is the largest there is."""
    for piece in chosen.split(","):
        low, _, high = piece.partition(":")
        bounds = [largest if end == "*" else int(end or 0) for end in (low, high or low) if end == "*" or end.isdigit()]
        if len(bounds) == 2 and min(bounds) <= number <= max(bounds):
            return True
    return False
