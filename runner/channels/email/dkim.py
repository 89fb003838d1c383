"""Signing a message with DKIM (RFC 6376) over every header that matters, the List-Unsubscribe ones included.

RFC 8058 section 4 wants both of these under the signature; most providers sign by themselves, and then this is off.
"""

from __future__ import annotations

import dkim as dkimpy

from runner.channels.email.config import DkimSettings
from runner.secrets import Secret

SIGNED = (
    b"from", b"to", b"subject", b"date", b"message-id", b"in-reply-to", b"references", b"reply-to",
    b"list-unsubscribe", b"list-unsubscribe-post", b"mime-version", b"content-type",
)  # fmt: skip
ALWAYS = (b"from", b"to", b"subject", b"date", b"list-unsubscribe", b"list-unsubscribe-post")
"""Signed once more than they occur, so that nobody can add a second one (RFC 6376 section 5.4.2)."""


class SigningTrouble(Exception):
    """The key cannot sign; the message is for the operator and shows nothing of the key."""


def signed(content: bytes, settings: DkimSettings, key: Secret, domain: str) -> bytes:
    """The message with a DKIM-Signature on top. Raises SigningTrouble."""
    block = content.partition(b"\r\n\r\n")[0].lower()
    names = {line.partition(b":")[0] for line in block.split(b"\r\n")}
    covered = [name for name in SIGNED if name in names] + list(ALWAYS)
    kind = b"ed25519-sha256" if "BEGIN" not in key.reveal() else b"rsa-sha256"
    try:
        header = dkimpy.sign(
            content,
            selector=settings.selector.encode(),
            domain=(settings.domain or domain).encode(),
            privkey=key.reveal().encode(),
            canonicalize=(b"relaxed", b"relaxed"),
            signature_algorithm=kind,
            include_headers=covered,
        )
    except (dkimpy.DKIMException, ValueError, TypeError) as error:
        why = type(error).__name__
        raise SigningTrouble(f"the DKIM key of selector {settings.selector} cannot sign: {why}") from None
    return bytes(header) + content


def verifies(settings: DkimSettings, key: Secret, domain: str, published: str) -> bool:
    """Whether a message signed with `key` passes by the record that is published. Raises SigningTrouble."""
    message = f"From: probe@{domain}\r\nSubject: probe\r\n\r\nprobe\r\n".encode()
    try:
        return bool(dkimpy.verify(signed(message, settings, key, domain), dnsfunc=lambda *_, **__: published.encode()))
    except (dkimpy.DKIMException, ValueError, TypeError):
        return False
