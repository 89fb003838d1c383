"""The parts of a message: text and HTML in the encoding that suits them, inline images, attachments."""

from __future__ import annotations

import binascii
import hashlib
from collections.abc import Sequence
from email.message import Message
from email.policy import Compat32
from email.utils import encode_rfc2231

from runner.channels.email.markdown import Body
from runner.channels.email.message_files import Attachment

MAX_7BIT_LINE = 900


class Verbatim(Compat32):
    """The old policy without its folding: headers come encoded and folded already, and the caller reads them again.

    Ten times as fast as `email.policy.SMTP`, which parses every header before it writes it.
    """

    def fold(self, name: str, value: str) -> str:
        """One header as it was given."""
        return f"{name}: {value}\r\n"

    def fold_binary(self, name: str, value: str) -> bytes:
        """One header as it was given; surrogates stand for the bytes of UTF-8 (RFC 6532)."""
        return f"{name}: {value}\r\n".encode("ascii", "surrogateescape")


POLICY = Verbatim(linesep="\r\n")


def parts_of(body: Body, images: Sequence[Attachment], files: Sequence[Attachment], seed: str) -> Message:
    """The whole of a message below its headers; the boundaries follow from `seed`, so that a retry sends the same."""
    page = _text(body.html, "text/html", "")
    if images:
        page = _group("related", [page, *(_file(each, "inline") for each in images)], seed)
    whole = _group("alternative", [_text(body.text, "text/plain", "; format=flowed"), page], seed)
    if files:
        whole = _group("mixed", [whole, *(_file(each, "attachment") for each in files)], seed)
    return whole


def _group(kind: str, parts: Sequence[Message], seed: str) -> Message:
    whole = Message(POLICY)
    boundary = "=_" + hashlib.sha256(f"{kind}/{seed}".encode()).hexdigest()[:32]
    whole["Content-Type"] = f'multipart/{kind}; boundary="{boundary}"'
    whole.set_payload(list(parts))
    return whole


def _text(text: str, kind: str, more: str) -> Message:
    """One text part: as it is where that is plain ASCII, else quoted-printable, or base64 where that is shorter."""
    part = Message(POLICY)
    raw = text.replace("\r\n", "\n").replace("\r", "\n").encode()
    plain = raw.isascii() and b"\0" not in raw and max(map(len, raw.split(b"\n"))) <= MAX_7BIT_LINE
    part["Content-Type"] = f"{kind}; charset={'us-ascii' if plain else 'utf-8'}{more}"
    if plain:
        encoding, payload = "7bit", raw.decode()
    elif len(text.encode("ascii", "ignore")) * 2 < len(raw):
        encoding, payload = "base64", _base64(raw.replace(b"\n", b"\r\n"))
    else:
        encoding, payload = "quoted-printable", binascii.b2a_qp(raw, istext=True).decode()
    part["Content-Transfer-Encoding"] = encoding
    part.set_payload(payload)
    return part


def _file(attachment: Attachment, disposition: str) -> Message:
    part = Message(POLICY)
    part["Content-Type"] = attachment.kind
    part["Content-Transfer-Encoding"] = "base64"
    name = attachment.name
    plain = name.isascii() and '"' not in name and "\\" not in name
    shown = f'filename="{name}"' if plain else f"filename*={encode_rfc2231(name, 'utf-8', '')}"
    part["Content-Disposition"] = f"{disposition}; {shown}"
    if attachment.content_id:
        part["Content-ID"] = f"<{attachment.content_id}>"
    part.set_payload(_base64(attachment.content))
    return part


def _base64(raw: bytes) -> str:
    text = binascii.b2a_base64(raw, newline=False).decode()
    return "\n".join(text[start : start + 76] for start in range(0, len(text), 76))
