"""E-mail addresses: normalised, or refused with a reason. Nothing is looked up in the network.

email-validator decides (RFC 5321, 5322, 6531). It costs more than all the rest of an import, so plain ASCII addresses
are taken by a pattern that accepts only what email-validator accepts unchanged; a test holds the two together.
"""

from __future__ import annotations

import re
import unicodedata

from email_validator import SPECIAL_USE_DOMAIN_NAMES, EmailNotValidError, validate_email

from runner.model.identity import email_key

_PLAIN_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{}~-]+)*")
_PLAIN_DOMAIN = re.compile(r"(?:(?!..--)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}")
_SPECIAL = tuple(f".{name}" for name in SPECIAL_USE_DOMAIN_NAMES if name != "test")
_INVISIBLE = dict.fromkeys((*range(0x200B, 0x2010), *range(0x202A, 0x202F), 0x2060, 0xFEFF, 0xAD))
_LONGEST_LOCAL = 64
_LONGEST = 254

ROLES = frozenset(
    {"abuse", "postmaster", "hostmaster", "webmaster", "noreply", "no-reply", "donotreply", "do-not-reply",
     "mailer-daemon", "mailerdaemon", "bounce", "bounces", "unsubscribe", "spam", "root", "nobody"}
)  # fmt: skip
"""Mailboxes that are nobody's to be written to (RFC 2142 and habit): mail there only harms the sender."""


def parse_email(text: str) -> tuple[str, str]:
    """An address as it is to be written, and its key.

    Raises ValueError, with the reason, for what is no single deliverable address of a person.
    """
    address = text if text.isascii() else text.translate(_INVISIBLE)
    address = address.strip()
    if address[:7].lower() == "mailto:":
        address = address[7:]
    local, at, domain = address.rpartition("@")
    if not at:
        raise ValueError(f"`{_shown(text)}` is not an e-mail address: it has no @")
    if local[:1] in "-|" and local:
        raise ValueError(f"`{_shown(text)}` is not taken: a program could read it as an option or a command")
    lowered = domain.lower()
    if (
        len(local) <= _LONGEST_LOCAL and len(address) <= _LONGEST
        and _PLAIN_LOCAL.fullmatch(local) and _PLAIN_DOMAIN.fullmatch(lowered) and not lowered.endswith(_SPECIAL)
    ):  # fmt: skip
        address, key = f"{local}@{lowered}", f"{local.lower()}@{lowered}"
    else:
        address = _check(address, text)
        local, key = address.rpartition("@")[0], email_key(address)
    if local.lower() in ROLES:
        raise ValueError(f"`{_shown(text)}` is the address of a role, not of a person")
    return address, key


def _check(address: str, shown: str) -> str:
    try:
        return validate_email(address, check_deliverability=False, test_environment=True, strict=True).normalized
    except EmailNotValidError as error:
        raise ValueError(f"`{_shown(shown)}` is not an e-mail address: {error}") from None


def _shown(text: str) -> str:
    """The text as far as it is fit for a terminal."""
    short = text if len(text) <= 80 else f"{text[:77]}..."
    return "".join(char if unicodedata.category(char)[0] != "C" else "\N{REPLACEMENT CHARACTER}" for char in short)
