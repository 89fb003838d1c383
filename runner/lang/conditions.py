"""The condition language: `if email_failed and lead.score > 3`, parsed with positions and evaluated three-valued."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Condition:
    """A parsed condition: its text as written and its expression tree."""

    text: str
    root: object
