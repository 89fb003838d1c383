"""Header values that cannot break out of their header, and addresses that cannot break out of a command.

Python's own guards have had holes: an encoded word that decodes to a line break became a header of its own in 3.11
before .10 (CVE-2024-6923). So everything that looks like an encoded word is encoded again, as the text it is.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from email.header import Header

import idna

MAX_LOCAL = 64
MAX_DOMAIN = 253
_FORBIDDEN = frozenset({"Cc", "Zl", "Zp", "Cs"})
_LOCAL = re.compile(r"[^\s<>()\[\]\\,;:\"@]+")
_LABELS = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)(\.(?!-)[a-z0-9_-]{1,63}(?<!-))*")
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+\-/=?^_`{|}~ ]*")
_KEY = re.compile(r"[A-Za-z0-9._-]{1,120}")


class Unsafe(ValueError):
    """A value that must not come into a header or a command, with what is wrong about it."""


@dataclass(frozen=True, slots=True)
class Address:
    """An address for envelope and header; the domain is in its ASCII form (RFC 5891), the local part as given."""

    local: str
    domain: str

    @property
    def utf8(self) -> bool:
        """Whether only a server with SMTPUTF8 (RFC 6531) can take it."""
        return not self.local.isascii()

    def tagged(self, tag: str) -> Address:
        """The same mailbox with `+tag`, as Gmail, Microsoft 365, Fastmail, Postfix and others deliver it."""
        return Address(f"{self.local}+{tag}", self.domain)

    def __str__(self) -> str:
        return f"{self.local}@{self.domain}"


def safe_address(text: str) -> Address:
    """Read one bare address. Raises Unsafe for anything that is not one, control characters above all."""
    local, at, domain = text.strip(" ").rpartition("@")
    if not at or not local or len(local) > MAX_LOCAL or _LOCAL.fullmatch(local) is None or not local.isprintable():
        raise Unsafe("this is no e-mail address")
    return Address(local, _ascii_domain(domain))


def safe_header(value: str) -> str:
    """A header value as it may be written: ASCII, or encoded words (RFC 2047). Raises Unsafe for control characters."""
    text = value.strip()
    if has_control(text):
        raise Unsafe("a line break or control character in a header")
    if text.isascii() and "=?" not in text and len(text) < 900:
        return text
    return Header(text, "utf-8", maxlinelen=75).encode(linesep="\r\n")


def mailbox(name: str, address: Address) -> str:
    """`Name <address>` for From, To or Reply-To. Raises Unsafe as `safe_header` does."""
    text = safe_header(name)
    if not text:
        return str(address)
    if text == name.strip() and _ATOMS.fullmatch(text) is None:
        text = '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return f"{text} <{address}>"


def safe_id(text: str) -> str:
    """A key, message id or reference without anything that could end it. Raises Unsafe."""
    if not text.isascii() or any(char.isspace() or not char.isprintable() for char in text):
        raise Unsafe("a message id holds characters it must not")
    return text


def safe_key(key: str) -> str:
    """The key of a message, of which Message-ID and tagged addresses are made. Raises Unsafe for an odd one."""
    if _KEY.fullmatch(key) is None:
        raise Unsafe("the key of a message must be letters, digits, dots, hyphens and underscores")
    return key


def _ascii_domain(domain: str) -> str:
    lowered = domain.lower()
    if not lowered.isascii():
        try:
            lowered = idna.encode(lowered, uts46=True).decode("ascii")
        except (idna.IDNAError, UnicodeError) as error:
            raise Unsafe("the domain of this address is not valid") from error
    if len(lowered) > MAX_DOMAIN or _LABELS.fullmatch(lowered) is None:
        raise Unsafe("the domain of this address is not valid")
    return lowered


def has_control(text: str) -> bool:
    """Whether a text holds line breaks, control characters or halves of characters."""
    return not text.isprintable() and any(unicodedata.category(char) in _FORBIDDEN for char in text)
