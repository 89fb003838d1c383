"""The attempt machine: what one try of a step can be, and every move it can make. Nothing else ever happens to it.

docs/engine.md draws the same moves; a test holds the two together, and the model watches every row move by them.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum


class AttemptStatus(Enum):
    """Where a try is. The database lets one of a step be in sending, sent or unknown."""

    PENDING = "pending"
    CLAIMED = "claimed"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    UNKNOWN = "unknown"
    CANCELLED = "cancelled"


_S = AttemptStatus
MOVES: Mapping[AttemptStatus, frozenset[AttemptStatus]] = {
    _S.PENDING: frozenset({_S.CLAIMED, _S.CANCELLED}),
    _S.CLAIMED: frozenset({_S.PENDING, _S.SENDING, _S.FAILED, _S.CANCELLED}),
    _S.SENDING: frozenset({_S.PENDING, _S.SENT, _S.FAILED, _S.UNKNOWN, _S.CANCELLED}),
    _S.UNKNOWN: frozenset({_S.SENT, _S.FAILED}),
    _S.SENT: frozenset(),
    _S.FAILED: frozenset(),
    _S.CANCELLED: frozenset(),
}
"""From each status, those that can follow. `sending` goes back to `pending` only where it is certain that nothing went
out (trouble with the account before the irrevocable byte), and ends `cancelled` only as a task that is withdrawn or an
invitation that was not needed."""


def is_legal(before: AttemptStatus, after: AttemptStatus) -> bool:
    """Whether an attempt may go from one status to the other; staying is no move."""
    return before is after or after in MOVES[before]
