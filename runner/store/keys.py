"""The project's key: what makes message tokens unguessable and suppressed addresses unreadable."""

from __future__ import annotations

import base64
import hmac
import os
import secrets
from datetime import datetime
from hashlib import sha256
from pathlib import Path

from sqlalchemy import Connection, insert, select

from runner.errors import DatabaseUnavailable, MissingSecret
from runner.store.tables import meta

KEY_VARIABLE = "RUNNER_KEY"
KEY_FILE = Path(".runner", "key")


class Key:
    """32 random bytes that never leave this object; every use has a purpose of its own."""

    __slots__ = ("_bytes",)

    def __init__(self, value: bytes) -> None:
        self._bytes = value

    def __repr__(self) -> str:
        return "Key(***)"

    def digest(self, purpose: str, text: str) -> bytes:
        """HMAC-SHA-256 of `text` under this key, different for every purpose (RFC 2104)."""
        return hmac.new(self._bytes, f"{purpose}\0{text}".encode(), sha256).digest()

    def token(self, purpose: str, text: str) -> str:
        """An unguessable lower-case token of 26 characters (130 bits), the same for the same text."""
        return base64.b32encode(self.digest(purpose, text))[:26].decode("ascii").lower()

    def message_token(self, enrollment_id: int, started_at: datetime, step: str) -> str:
        """What names the message of a step. Of the start too: a restored database gives row ids away again."""
        return self.token("message", f"{enrollment_id}|{started_at.isoformat()}|{step}")

    def hexdigest(self, purpose: str, text: str) -> str:
        """The digest as 64 hexadecimal characters."""
        return self.digest(purpose, text).hex()

    def derive(self, purpose: str) -> bytes:
        """A key of its own for one purpose, such as signing links."""
        return self.digest("derive", purpose)


def load_key(root: Path, *, create: bool = False) -> Key:
    """Read the key from RUNNER_KEY or `.runner/key`; with `create`, make the file (0600) when there is none.

    Raises MissingSecret when there is no key: without it suppressed people could not be recognised.
    """
    if value := os.environ.get(KEY_VARIABLE):
        return Key(sha256(value.encode()).digest())
    path = root / KEY_FILE
    if not path.exists():
        if not create:
            raise MissingSecret(
                f"there is no key at {path}", help=f"`runner db upgrade` makes one, or set {KEY_VARIABLE}"
            )
        path.parent.mkdir(mode=0o700, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_hex(32) + "\n")
    return Key(sha256(path.read_text(encoding="ascii").strip().encode()).digest())


def bind_key(connection: Connection, key: Key) -> None:
    """Remember the key's fingerprint in the database, and refuse another key from then on.

    Raises DatabaseUnavailable for a database that was used with another key: its suppressions would not be seen.
    """
    fingerprint = key.hexdigest("fingerprint", "")[:16]
    known = connection.execute(select(meta.c.value).where(meta.c.name == "key")).scalar()
    if known is None:
        connection.execute(insert(meta).values(name="key", value=fingerprint))
    elif known != fingerprint:
        raise DatabaseUnavailable(
            "this database was used with another key, so suppressed people would not be recognised",
            help=f"restore {KEY_FILE} or {KEY_VARIABLE} as it was",
        )
