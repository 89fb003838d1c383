"""Secrets: read from the environment or a file when used, and never shown."""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Mapping
from contextlib import suppress
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


def replace_secret(ref: SecretRef, old: Secret, new: Secret, root: Path | None = None) -> bool:
    """Put `new` into the file of `ref` in the place of `old`: whole or not at all, with the file's mode, 0600 at most.

    False where that cannot be done: a variable of the environment, a file or folder that this user may not write. True
    also where the file holds another secret than `old` by now: somebody put it there, and it stays.
    """
    if ref.file is None:
        return False
    try:
        path = ((root or Path()) / ref.file).resolve(strict=True)
        before = path.stat()
        if not before.st_mode & 0o222 or not os.access(path, os.W_OK):
            return False
        content = path.read_text(encoding="utf-8")
        if content.strip() == old.reveal():
            end = content[len(content.rstrip()) :]
            _write_whole(path, f"{new.reveal()}{end}", before)
    except (OSError, UnicodeDecodeError):
        return False
    return True


def _write_whole(path: Path, content: str, before: os.stat_result) -> None:
    """Put a file in the place of another one, on the disk before it is there. Raises OSError, leaving the old one."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:100]}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            if (before.st_uid, before.st_gid) != (os.geteuid(), os.getegid()):
                with suppress(PermissionError):
                    os.fchown(file.fileno(), before.st_uid, before.st_gid)
            os.fchmod(file.fileno(), stat.S_IMODE(before.st_mode) & 0o600)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(name)
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
