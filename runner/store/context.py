"""What every store operation needs: the database, the book, the two clocks, who is asking, and the key."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from runner.engine.ports import Clock
from runner.store.book import Book
from runner.store.database import Database
from runner.store.journal import Journal
from runner.store.keys import Key


@dataclass(frozen=True, slots=True)
class Context:
    """`clock` is the campaign's clock, `machine` the machine's (leases and grace). `worker` is unique to a process."""

    db: Database
    book: Book
    clock: Clock
    machine: Clock
    key: Key
    worker: str = field(default_factory=lambda: secrets.token_hex(8))
    lease: timedelta = timedelta(seconds=60)
    grace: timedelta = timedelta(seconds=0)
    journal: Journal | None = None

    def now(self) -> datetime:
        """The campaign's time."""
        return self.clock.now()

    def with_book(self, book: Book) -> Context:
        """The same context after a reload."""
        return replace(self, book=book)


Row = Mapping[str, object]
