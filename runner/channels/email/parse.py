"""Raw bytes to a flat list of MIME parts, for mail that may be broken or hostile.

An own reader instead of the standard library's: that one raises on short real-world junk, recurses once a nesting
level and can be made to take minutes. This one never raises, looks at no more than MAX_BYTES bytes, MAX_PARTS parts
and MAX_DEPTH levels, and is linear in the size of its input (RFC 2045, RFC 2046).
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice

from runner.channels.email.parse_headers import Headers, parameters, parse_headers, split_headers
from runner.channels.email.parse_text import decode_charset, html_to_text

MAX_BYTES = 1_000_000
MAX_PARTS = 100
MAX_DEPTH = 8
MAX_TEXT = 200_000
_EMBEDDED = frozenset({
    "message/rfc822", "text/rfc822-headers", "message/rfc822-headers", "message/global", "message/global-headers",
    "message/partial",
})  # fmt: skip
_GUESSED_BOUNDARY = re.compile(rb"^--([^\s-][^\n]{0,100})$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Part:
    """One leaf of the tree: its own headers and its body, still transfer-encoded. `embedded` messages are leaves."""

    headers: Headers
    content_type: str
    params: Mapping[str, str]
    body: bytes

    @property
    def embedded(self) -> bool:
        """Whether this is another message, whole or only its headers."""
        return self.content_type in _EMBEDDED

    @property
    def attachment(self) -> bool:
        """Whether the sender marked it as a file rather than as text to read."""
        return self.headers.raw("content-disposition").strip().lower().startswith("attachment")

    def data(self) -> bytes:
        """The body without its transfer encoding; what cannot be decoded is left as it is."""
        encoding = self.headers.raw("content-transfer-encoding").strip().lower().partition(";")[0]
        try:
            match encoding:
                case "base64":
                    return binascii.a2b_base64(_only_base64(self.body))
                case "quoted-printable":
                    return binascii.a2b_qp(self.body)
        except (binascii.Error, ValueError):
            return self.body
        return self.body

    def text(self) -> str:
        """The body as text with LF line ends; HTML as the text it shows."""
        text = decode_charset(self.data()[:MAX_TEXT], self.params.get("charset", "utf-8"))
        text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")
        return html_to_text(text) if self.content_type == "text/html" else text


@dataclass(frozen=True, slots=True)
class Mail:
    """One message: its headers, its leaves in order, and what its Content-Type says."""

    headers: Headers
    content_type: str
    params: Mapping[str, str]
    parts: tuple[Part, ...]
    body: bytes = field(repr=False, default=b"")

    def of_type(self, *types: str) -> Iterator[Part]:
        """The leaves with one of these content types."""
        return (part for part in self.parts if part.content_type in types)

    def readable(self) -> str:
        """What a person reads: the plain text parts, or the HTML ones where there is no plain text."""
        shown = [part for part in self.parts if not part.attachment and not part.embedded]
        for wanted in ("text/plain", "text/html"):
            texts = [part.text().strip() for part in shown if part.content_type == wanted]
            if any(texts):
                return "\n".join(text for text in texts if text)[:MAX_TEXT]
        return ""


def parse(raw: bytes) -> Mail:
    """Read one message. Never raises; beyond the limits the rest is left out."""
    return parse_lines(raw[:MAX_BYTES].replace(b"\r\n", b"\n").replace(b"\r", b"\n"))


def parse_lines(raw: bytes) -> Mail:
    """The same for text whose line ends are LF already, such as an embedded message."""
    head, body = split_headers(raw)
    headers = parse_headers(head)
    kind, params = _content_type(headers)
    return Mail(headers, kind, params, tuple(islice(_leaves(headers, kind, params, body, 0), MAX_PARTS)), body)


def _leaves(headers: Headers, kind: str, params: Mapping[str, str], body: bytes, depth: int) -> Iterator[Part]:
    pieces = list(_split(body, params.get("boundary", ""))) if kind.startswith("multipart/") else []
    if not pieces or depth >= MAX_DEPTH:
        yield Part(headers, "text/plain" if kind.startswith("multipart/") else kind, params, body)
        return
    for piece in pieces:
        head, inner = split_headers(piece) if not piece.startswith(b"\n") else (b"", piece[1:])
        own = parse_headers(head)
        own_kind, own_params = _content_type(own)
        yield from _leaves(own, own_kind, own_params, inner, depth + 1)


def _split(body: bytes, boundary: str) -> Iterator[bytes]:
    mark = boundary.encode("utf-8", "replace")
    if not mark or b"--" + mark not in body:
        guessed = _GUESSED_BOUNDARY.search(body)
        if guessed is None:
            return
        mark = guessed[1].rstrip()
    line = re.compile(rb"^--" + re.escape(mark) + rb"(--)?[ \t]{0,100}$", re.MULTILINE)
    start: int | None = None
    for match in islice(line.finditer(body), MAX_PARTS):
        if start is not None:
            yield body[start : max(start, match.start() - 1)]
        start = match.end() + 1
        if match[1]:
            return
    if start is not None and start < len(body):
        yield body[start:]


def _content_type(headers: Headers) -> tuple[str, Mapping[str, str]]:
    kind, params = parameters(headers.raw("content-type"))
    return (kind if "/" in kind else "text/plain"), params


def _only_base64(body: bytes) -> bytes:
    kept = body.translate(None, b" \t\n=")
    return kept + b"=" * (-len(kept) % 4)
