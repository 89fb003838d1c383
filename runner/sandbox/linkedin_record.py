"""One line of the LinkedIn stand-in's ledger."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class LinkedInRecord:
    """One request. `kind` is `invitation`, `message` or `read`; `taken` says that the person got it.

    `status` is None where the connection was closed without an answer.
    """

    at: datetime
    account: str
    kind: str
    path: str
    public_id: str
    text: str
    status: int | None
    taken: bool
