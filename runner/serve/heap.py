"""How `serve` lets Python look for cycles: seldom, and never among what was there when it started."""

from __future__ import annotations

import gc

YOUNG = 20_000
"""New objects between two looks. A batch of 500 people is 30,000, and nearly all of them end by their own count."""


def settle_heap() -> None:
    """Set what lives by now aside, so that no look for cycles walks through it, and look every `YOUNG` objects.

    With Python's 700 objects a twentieth of what the processor does for a wait is this search, which finds next to
    nothing.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, 10, 10)
