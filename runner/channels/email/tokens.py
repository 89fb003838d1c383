"""Links that carry a signed token: what the web endpoints trust, with nothing to guess and nothing to look up.

A token is `key-id.data.signature`, HMAC-SHA-256 over purpose, key id and data, so that a token made for one purpose
is worth nothing for another. Tokens do not expire: a law may give a reader years to opt out.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from runner.secrets import Secret

MAC_BYTES = 16
MAX_TOKEN = 4096
_SHAPE = re.compile(r"([A-Za-z0-9]{1,16})\.([A-Za-z0-9_-]{1,4000})\.([A-Za-z0-9_-]{22})")


class Purpose(Enum):
    """What a link is for; the letter stands in its path."""

    UNSUBSCRIBE = "u"
    OPEN = "o"
    CLICK = "c"


@dataclass(frozen=True, slots=True)
class Keyring:
    """The signing keys by id. `current` signs; every one verifies, so that an old link lives on after a change."""

    current: str
    keys: Mapping[str, Secret] = field(repr=False)

    def sign(self, purpose: Purpose, data: str) -> str:
        """A token for `data`."""
        body = _text(data.encode())
        return f"{self.current}.{body}.{_text(self._mac(self.current, purpose, body))}"

    def read(self, purpose: Purpose, token: str) -> str | None:
        """What the token says, or None for one that is not ours; junk that mail programs add behind it is ignored."""
        match = _SHAPE.match(token[:MAX_TOKEN])
        if match is None:
            return None
        known = match[1] if match[1] in self.keys else self.current
        expected = _text(self._mac(known, purpose, match[2]))
        if not hmac.compare_digest(expected, match[3]) or known != match[1]:
            return None
        try:
            return base64.urlsafe_b64decode(match[2] + "=" * (-len(match[2]) % 4)).decode()
        except (binascii.Error, UnicodeDecodeError):
            return None

    def _mac(self, key_id: str, purpose: Purpose, body: str) -> bytes:
        message = f"{purpose.value}\n{key_id}\n{body}".encode()
        return hmac.digest(self.keys[key_id].reveal().encode(), message, hashlib.sha256)[:MAC_BYTES]


@dataclass(frozen=True, slots=True)
class WebLinks:
    """The public links of a project. `base` is its address, such as `https://mail.lumen.example`."""

    base: str
    keyring: Keyring

    def unsubscribe(self, key: str) -> str:
        """Where a reader opts out of everything from us."""
        return self._link(Purpose.UNSUBSCRIBE, key)

    def opened(self, key: str) -> str:
        """The address of the invisible picture that tells of an opening."""
        return self._link(Purpose.OPEN, key)

    def clicked(self, key: str, target: str) -> str:
        """A link that notes the click and goes on to `target`, which stands in the signed part."""
        return self._link(Purpose.CLICK, f"{key}\n{target}")

    def _link(self, purpose: Purpose, data: str) -> str:
        return f"{self.base.rstrip('/')}/{purpose.value}/{self.keyring.sign(purpose, data)}"


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
