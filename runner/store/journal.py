"""The journal beside the database: a line for every intent, so that a restored older database is noticed.

It lives in `.runner/sent/`, one file a database and month. People are keyed hashes; the limits that a line names may
name a domain or a company. A line is written between the intent's commit and the irrevocable byte. It is not synced: a
process that dies loses none, and a power cut at most the last moments, which the database itself still knows.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from runner.errors import DatabaseUnavailable
from runner.model.identity import email_key, phone_key, profile_key
from runner.model.lead import Lead
from runner.store.keys import Key

FOLDER = Path(".runner", "sent")
KEPT = timedelta(days=120)
"""Older than any backup that somebody would put back into service."""
TAIL_BYTES = 65_536


@dataclass(frozen=True, slots=True)
class Line:
    """One intent: who (hashed), which step by which account, its token, and the limits it occupies."""

    at: datetime
    key: str
    who: str
    campaign: str
    step: str
    action: str
    account: str
    scopes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OptOut:
    """One suppression, as the database keeps it."""

    kind: str
    key_hash: str
    label: str
    reason: str
    at: datetime


def person(key: Key, lead: Lead) -> str:
    """The keyed hash under which a journal knows a lead: of the address, else of what else names the person."""
    names = (
        (lead.email, email_key), (lead.linkedin_url or lead.linkedin_urn, profile_key), (lead.phone, phone_key),
        (lead.contact_form_url or lead.website, str),
    )  # fmt: skip
    name = next((spell(value) for value, spell in names if value), f"lead {lead.id}")
    return key.hexdigest("person", name)[:32]


class Journal:
    """The journal of one database, in one project's folder. Safe between threads and processes."""

    def __init__(self, root: Path, database: str) -> None:
        self.folder = root / FOLDER
        self._database = database
        self._lock = threading.Lock()
        self._open: tuple[str, int] | None = None

    def add(self, line: Line | OptOut) -> None:
        """Write a line. Raises DatabaseUnavailable where that cannot be done: what is not noted must not go out."""
        values = {name: getattr(line, name) for name in line.__slots__} | {"at": line.at.isoformat()}
        text = json.dumps(values, separators=(",", ":")) + "\n"
        name = f"{self._database}.optouts" if isinstance(line, OptOut) else f"{self._database}.{line.at:%Y-%m}"
        try:
            with self._lock:
                os.write(self._descriptor(name), text.encode())
        except OSError as error:
            raise DatabaseUnavailable(f"{self.folder}: {error}", help="make the folder writable") from error

    def lines(self) -> Iterator[Line]:
        """Every intent that is kept, oldest first."""
        for path in self._months():
            yield from _lines(path.read_bytes())

    def newest(self) -> Sequence[Line]:
        """The last of the intents, oldest first."""
        for path in reversed(self._months()):
            with path.open("rb") as file:
                start = max(0, path.stat().st_size - TAIL_BYTES)
                file.seek(start)
                content = file.read()
            found = list(_lines(content.partition(b"\n")[2] if start else content))
            if found:
                return found
        return ()

    def opt_outs(self) -> Iterator[OptOut]:
        """Every suppression that was noted."""
        path = self.folder / f"{self._database}.optouts"
        for values in _values(path.read_bytes() if path.exists() else b""):
            yield OptOut(**{**values, "at": datetime.fromisoformat(values["at"])})

    def has_begun(self) -> bool:
        """Whether this machine has a journal of the database at all."""
        return bool(self._months())

    def begin(self, now: datetime) -> None:
        """Begin one that is empty: from now on it knows what goes out. Raises DatabaseUnavailable as `add` does."""
        try:
            with self._lock:
                self._descriptor(f"{self._database}.{now:%Y-%m}")
        except OSError as error:
            raise DatabaseUnavailable(f"{self.folder}: {error}", help="make the folder writable") from error

    def forget(self, now: datetime) -> int:
        """Delete the files of months that ended long ago. Returns how many."""
        oldest = f"{self._database}.{now - KEPT:%Y-%m}"
        old = [path for path in self._months() if path.name < oldest]
        for path in old:
            path.unlink(missing_ok=True)
        return len(old)

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            if self._open is not None:
                os.close(self._open[1])
            self._open = None

    def _months(self) -> list[Path]:
        return sorted(self.folder.glob(f"{self._database}.????-??"))

    def _descriptor(self, name: str) -> int:
        if self._open is not None and self._open[0] == name:
            return self._open[1]
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(self.folder / name, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        if self._open is not None:
            os.close(self._open[1])
        self._open = (name, descriptor)
        return descriptor


def _lines(content: bytes) -> Iterator[Line]:
    for values in _values(content):
        yield Line(**{**values, "at": datetime.fromisoformat(values["at"]), "scopes": tuple(values["scopes"])})


def _values(content: bytes) -> Iterator[dict[str, Any]]:
    """The values of every whole line; what a crash left half-written is passed over."""
    for line in content.splitlines():
        try:
            values = json.loads(line)
        except ValueError:
            continue
        if isinstance(values, dict):
            yield values
