"""How many decisions go into one transaction: it grows while batches are quick, and shrinks when one took too long."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

START, SMALLEST, LARGEST = 50, 5, 500
MOST_SECONDS = 0.25
"""How long a batch may take at most: on SQLite it holds the write lock, and every send waits for that."""
SHARE_OF_LEASE = 1 / 20
"""And how much of a lease: leases are renewed three times in their length, and a renewal has to write as well."""


@dataclass(slots=True)
class BatchSize:
    """The size of the next batch. One too long halves it; one that was full and took half the time doubles it."""

    size: int = START

    def learn(self, taken: int, seconds: float, lease: timedelta) -> None:
        """Go by how many a batch of `size` took up, and how long it took."""
        most = min(MOST_SECONDS, lease.total_seconds() * SHARE_OF_LEASE)
        if seconds > most:
            self.size = max(SMALLEST, self.size // 2)
        elif taken == self.size and seconds <= most / 2:
            self.size = min(LARGEST, self.size * 2)
