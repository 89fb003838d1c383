"""Texts from outside as a database can hold them: no NUL, which PostgreSQL refuses, and no half characters."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from runner.engine.ports import Note, Signal

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_PUT = "\N{REPLACEMENT CHARACTER}"


def storable_text(text: str) -> str:
    """The text with a replacement character for whatever cannot be stored."""
    return _UNSTORABLE.sub(_PUT, text)


def storable(value: Any) -> Any:
    """The same for JSON values, however deep, their keys too."""
    match value:
        case str():
            return storable_text(value)
        case Mapping():
            return {storable(key): storable(inner) for key, inner in value.items()}
        case list() | tuple():
            return [storable(inner) for inner in value]
        case _:
            return value


def storable_signal(signal: Signal) -> Signal:
    """A signal as it can be looked up and stored."""
    return replace(
        signal,
        key=storable(signal.key), message_ids=tuple(storable(signal.message_ids)), address=storable(signal.address),
        profile=storable(signal.profile), domain=storable(signal.domain), data=storable(signal.data),
        subjects=tuple(storable(signal.subjects)),
    )  # fmt: skip


def storable_note(note: Note) -> Note:
    """A note as it can be stored."""
    return replace(note, text=storable_text(note.text), address=storable(note.address))
