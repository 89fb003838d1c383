"""The parts of a message (RFC 2045): text and HTML in the encoding that suits them, inline images, attachments."""

from __future__ import annotations

import binascii
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from email.utils import encode_rfc2231

from runner.channels.email.markdown import Body
from runner.channels.email.message_files import Attachment

MAX_7BIT_LINE = 900


@dataclass(frozen=True, slots=True)
class Part:
    """Headers, and content that is encoded already and ends its lines with CRLF."""

    headers: tuple[tuple[str, str], ...]
    content: bytes


def parts_of(body: Body, images: Sequence[Attachment], files: Sequence[Attachment], seed: str) -> Part:
    """The whole of a message below its headers; the boundaries follow from `seed`, so that a retry sends the same."""
    page = _text(body.html, "text/html", "")
    if images:
        page = _group("related", [page, *(_file(each, "inline") for each in images)], seed)
    whole = _group("alternative", [_text(body.text, "text/plain", "; format=flowed"), page], seed)
    if files:
        whole = _group("mixed", [whole, *(_file(each, "attachment") for each in files)], seed)
    return whole


def header_block(headers: Sequence[tuple[str, str]]) -> bytes:
    """Headers as they are written; what lies outside ASCII, an address for SMTPUTF8, as UTF-8 (RFC 6532)."""
    return "".join(f"{name}: {value}\r\n" for name, value in headers).encode()


def _group(kind: str, parts: Sequence[Part], seed: str) -> Part:
    boundary = "=_" + hashlib.sha256(f"{kind}/{seed}".encode()).hexdigest()[:32]
    line = f"--{boundary}".encode()
    inside = (b"%s\r\n%s\r\n%s\r\n" % (line, header_block(part.headers), part.content) for part in parts)
    return Part((("Content-Type", f'multipart/{kind}; boundary="{boundary}"'),), b"".join(inside) + line + b"--\r\n")


def _text(text: str, kind: str, more: str) -> Part:
    """One text part: as it is where that is plain ASCII, else quoted-printable, or base64 where that is shorter."""
    raw = text.replace("\r\n", "\n").replace("\r", "\n").encode()
    plain = raw.isascii() and b"\0" not in raw and max(map(len, raw.split(b"\n"))) <= MAX_7BIT_LINE
    if plain:
        encoding, content = "7bit", _crlf(raw)
    elif len(text.encode("ascii", "ignore")) * 2 < len(raw):
        encoding, content = "base64", _base64(_crlf(raw))
    else:
        encoding, content = "quoted-printable", _crlf(binascii.b2a_qp(raw, istext=True))
    kind = f"{kind}; charset={'us-ascii' if plain else 'utf-8'}{more}"
    return Part((("Content-Type", kind), ("Content-Transfer-Encoding", encoding)), content)


def _file(attachment: Attachment, disposition: str) -> Part:
    name = attachment.name
    plain = name.isascii() and name.isprintable() and '"' not in name and "\\" not in name
    shown = f'filename="{name}"' if plain else f"filename*={encode_rfc2231(name, 'utf-8', '')}"
    headers = [
        ("Content-Type", attachment.kind),
        ("Content-Transfer-Encoding", "base64"),
        ("Content-Disposition", f"{disposition}; {shown}"),
    ]
    if attachment.content_id:
        headers.append(("Content-ID", f"<{attachment.content_id}>"))
    return Part(tuple(headers), _base64(attachment.content))


def _crlf(raw: bytes) -> bytes:
    return raw.replace(b"\n", b"\r\n")


def _base64(raw: bytes) -> bytes:
    text = binascii.b2a_base64(raw, newline=False)
    return b"\r\n".join(text[start : start + 76] for start in range(0, len(text), 76))
