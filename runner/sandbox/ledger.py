"""What a sandbox server saw, in order: the record that tests assert on, in memory and line by line in a file."""

from __future__ import annotations

import dataclasses
import json
import threading
from datetime import datetime
from pathlib import Path
from typing import Generic, TypeVar

Record = TypeVar("Record")


class Ledger(Generic[Record]):
    """A list of frozen dataclasses, safe between threads. With a path each one is also a line of JSON, flushed."""

    def __init__(self, path: Path | None = None) -> None:
        self._lock = threading.Lock()
        self._records: list[Record] = []
        self._file = path.open("a", encoding="utf-8") if path is not None else None

    def append(self, record: Record) -> None:
        """Add one record."""
        with self._lock:
            self._records.append(record)
            if self._file is not None:
                self._file.write(json.dumps(dataclasses.asdict(record), default=_plain) + "\n")  # type: ignore[call-overload]
                self._file.flush()

    def records(self) -> list[Record]:
        """All records so far, oldest first."""
        with self._lock:
            return list(self._records)

    def close(self) -> None:
        """Close the file; the records stay readable."""
        with self._lock:
            if self._file is not None:
                self._file.close()
                self._file = None


def _plain(value: object) -> object:
    match value:
        case datetime():
            return value.isoformat()
        case bytes():
            return value.decode("latin-1")
        case _:
            return str(value)
