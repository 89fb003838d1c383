"""Files of the project that travel with a message: attachments, and images that the text shows by `cid:NAME`.

Only a step's own settings name files; nothing a lead's data says can.
"""

from __future__ import annotations

import mimetypes
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from runner.model.email_limits import MAX_FILES_BYTES


class FileTrouble(Exception):
    """A file that a step names cannot be attached; the message is for the operator."""


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file with the name that readers see, its media type, and the id by which the HTML shows it, if it does."""

    name: str
    kind: str
    content: bytes
    content_id: str = ""


def attachments(settings: Mapping[str, object], root: Path) -> list[Attachment]:
    """The files under `attachments:` of a step. Raises FileTrouble."""
    names = cast(Sequence[str], settings.get("attachments") or ())
    return _within_limit([_read(root, name) for name in names])


def images(settings: Mapping[str, object], root: Path) -> list[Attachment]:
    """The images under `images: {NAME: PATH}` of a step. Raises FileTrouble for anything but an image."""
    named = cast(Mapping[str, str], settings.get("images") or {})
    found = [_read(root, path, content_id=name) for name, path in named.items()]
    for each in found:
        if not each.kind.startswith("image/"):
            raise FileTrouble(f"{each.name} is no image")
    return _within_limit(found)


def _read(root: Path, name: str, content_id: str = "") -> Attachment:
    path = (root / name).resolve()
    if not path.is_relative_to(root.resolve()):
        raise FileTrouble(f"{name} lies outside the project")
    try:
        content = path.read_bytes()
    except OSError as error:
        raise FileTrouble(f"{name} cannot be read: {error.strerror}") from error
    kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    if kind.startswith("message/"):  # may not be in base64 (RFC 2046 section 5.2.1), as every file here is
        kind = "application/octet-stream"
    return Attachment(path.name, kind, content, content_id)


def _within_limit(found: list[Attachment]) -> list[Attachment]:
    if sum(len(each.content) for each in found) > MAX_FILES_BYTES:
        raise FileTrouble(f"the attached files are larger than {MAX_FILES_BYTES // 1024 // 1024} MiB")
    return found
