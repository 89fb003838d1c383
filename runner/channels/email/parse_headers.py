"""Header blocks of hostile mail: unfold, decode and pick apart, in linear time and with bounds everywhere.

The standard library's modern parser raises on short real-world junk (`From: "`, `Message-ID: <>`) and can be made to
use gigabytes; nothing here raises on any input. Rules: RFC 5322 (fields), RFC 2047 (encoded words), RFC 2231
(parameters), read as liberally as mail programs write them.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass

from runner.channels.email.parse_text import decode_charset

MAX_FIELDS = 1000
MAX_VALUE = 16_384
MAX_ENCODED_WORDS = 100
MAX_PARAMETERS = 40
MAX_ADDRESSES = 200

_FIELD = re.compile(rb"([!-9;-~]{1,120})[ \t]{0,8}:")
_WORD = re.compile(r"=\?([^?\s]{1,60})\?([bBqQ])\?([^?\n]{0,2000})\?=")
_BETWEEN_WORDS = re.compile(r"(\?=)\s{1,20}(?==\?[^?\s]{1,60}\?[bBqQ]\?)")
_ADDRESS = re.compile(r"[^\s<>()\[\]\",;:@\\]{1,128}@[A-Za-z0-9\u0080-\uffff](?:[A-Za-z0-9.\-_\u0080-\uffff]{0,253})")
_MESSAGE_ID = re.compile(r"<([^<>\s]{1,512})>")


@dataclass(frozen=True, slots=True)
class Headers:
    """The fields of one header block in order: lower-case name and unfolded, undecoded value."""

    fields: tuple[tuple[str, str], ...] = ()

    def get(self, name: str) -> str:
        """The first value of a field, encoded words decoded; empty when it is not there."""
        wanted = name.lower()
        return next((decode_words(value) for field, value in self.fields if field == wanted), "")

    def raw(self, name: str) -> str:
        """The first value as it stands, for structured fields."""
        wanted = name.lower()
        return next((value for field, value in self.fields if field == wanted), "")

    def all(self, name: str) -> tuple[str, ...]:
        """Every value of a field, as they stand."""
        wanted = name.lower()
        return tuple(value for field, value in self.fields if field == wanted)

    def __contains__(self, name: str) -> bool:
        return any(field == name.lower() for field, _ in self.fields)

    def addresses(self, name: str) -> tuple[str, ...]:
        """The e-mail addresses of a field, lower case."""
        return addresses_in(" , ".join(self.all(name)))

    def message_ids(self, name: str) -> tuple[str, ...]:
        """The message ids of a field, in angle brackets, in order and without repeats."""
        return message_ids_in(" ".join(self.all(name)))


def parse_headers(block: bytes) -> Headers:
    """Read a header block with LF line ends. Lines that are not fields are ignored."""
    fields: list[tuple[str, list[bytes]]] = []
    for line in block.split(b"\n", MAX_FIELDS * 4)[: MAX_FIELDS * 4]:
        if line[:1] in b" \t" and line.strip() and fields:
            fields[-1][1].append(line.strip())
        elif (match := _FIELD.match(line)) and len(fields) < MAX_FIELDS:
            fields.append((match[1].decode("ascii").lower(), [line[match.end() :].strip()]))
    return Headers(tuple((name, _value(lines)) for name, lines in fields))


def split_headers(raw: bytes) -> tuple[bytes, bytes]:
    """Split LF-ended text into its header block and body; a text that starts with no field is all body."""
    raw = raw.lstrip(b"\n")
    if raw.startswith((b"From ", b">From ")):
        raw = raw.partition(b"\n")[2]
    first = raw.partition(b"\n")[0]
    if not _FIELD.match(first):
        return b"", raw
    head, _, body = raw.partition(b"\n\n")
    return head, body


def decode_words(value: str) -> str:
    """Decode RFC 2047 encoded words, a bounded number of them; line breaks never come out of one."""
    if "=?" not in value:
        return value
    joined = _BETWEEN_WORDS.sub(r"\1", value[:MAX_VALUE])
    return _WORD.sub(_decode_word, joined, count=MAX_ENCODED_WORDS).replace("\n", " ").replace("\r", " ")


def addresses_in(text: str) -> tuple[str, ...]:
    """Every e-mail address in a text, lower case, in order and without repeats."""
    found = (
        match[0].strip("'.-`").lower() for match, _ in zip(_ADDRESS.finditer(text), range(MAX_ADDRESSES), strict=False)
    )
    return tuple(dict.fromkeys(address for address in found if not address.startswith("@")))


def message_ids_in(text: str) -> tuple[str, ...]:
    """Every `<message-id>` in a text, in order and without repeats."""
    found = (f"<{match[1]}>" for match, _ in zip(_MESSAGE_ID.finditer(text), range(MAX_ADDRESSES), strict=False))
    return tuple(dict.fromkeys(found))


def parameters(value: str) -> tuple[str, Mapping[str, str]]:
    """Split `text/plain; charset="x"` into the lower-case value and its parameters (RFC 2231 joined, undecoded)."""
    head, *rest = _split_quoted(value[:MAX_VALUE])
    found: dict[str, str] = {}
    for item in rest[:MAX_PARAMETERS]:
        name, _, raw = item.partition("=")
        name = name.strip().lower()
        text = raw.strip().strip('"')
        if "*" in name:
            name, _, _ = name.partition("*")
            text = text.rpartition("'")[2] if text.count("'") >= 2 else text
            found[name] = found.get(name, "") + text
        else:
            found.setdefault(name, text)
    return head.strip().lower(), found


def _split_quoted(value: str) -> list[str]:
    pieces, start, quoted = [], 0, False
    for position, char in enumerate(value):
        if char == '"':
            quoted = not quoted
        elif char == ";" and not quoted:
            pieces.append(value[start:position])
            start = position + 1
    return [*pieces, value[start:]]


def _value(lines: list[bytes]) -> str:
    joined = b" ".join(lines)[:MAX_VALUE]
    try:
        return joined.decode("utf-8")
    except UnicodeDecodeError:
        return joined.decode("latin-1")


def _decode_word(match: re.Match[str]) -> str:
    charset, encoding, payload = match[1].partition("*")[0], match[2].lower(), match[3]
    try:
        data = payload.encode("ascii", "replace")
        if encoding == "b":
            raw = binascii.a2b_base64(data + b"=" * (-len(data) % 4))
        else:
            raw = binascii.a2b_qp(data, header=True)
    except (binascii.Error, ValueError):
        return match[0]
    return decode_charset(raw, charset)
