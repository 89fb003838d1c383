"""Secrets: read from the environment or a file when used, and never shown."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from runner.errors import MissingSecret
from runner.model.channel import SecretRef


class Secret:
    """A secret value that no repr, log line or template can show; `reveal()` is the only way to it."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The value itself, for the one call that needs it."""
        return self._value

    def __repr__(self) -> str:
        return "***"

    def __reduce__(self) -> str:
        raise TypeError("a secret is never serialised")


def read_secret(ref: SecretRef, root: Path | None = None, environ: Mapping[str, str] | None = None) -> Secret:
    """Read what `ref` names; relative files are taken from `root`.

    Raises MissingSecret, naming the variable or file, when it is not set, empty or not readable.
    """
    if ref.env is not None:
        value = (os.environ if environ is None else environ).get(ref.env, "")
        if not value:
            raise MissingSecret(f"the environment variable {ref.env} is not set", help=f"export {ref.env}=...")
        return Secret(value)
    path = (root or Path()) / (ref.file or "")
    try:
        value = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        help_text = "create it, readable by you only"
        raise MissingSecret(f"the secret file {path} cannot be read: {reason}", help=help_text) from None
    if not value:
        raise MissingSecret(f"the secret file {path} is empty")
    return Secret(value)
