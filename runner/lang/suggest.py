"""Did you mean: the declared name nearest to a misspelt one."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

LISTED = 8
MOST_COMPARED = 2_000
"""Beyond this many names comparing would take longer than reading the file."""


def nearest(word: str, names: Iterable[str]) -> str | None:
    """The name most like `word`, or None if nothing is near."""
    known = sorted(set(names))
    if len(known) > MOST_COMPARED:
        return word if word in known else None
    lowered = {name.lower(): name for name in reversed(known)}
    if word.lower() in lowered:
        return lowered[word.lower()]
    plain = word.lower().replace("-", "_").strip()
    matches = get_close_matches(plain, lowered, n=1, cutoff=0.6)
    return lowered[matches[0]] if matches else None


def meant(word: str, names: Iterable[str]) -> str:
    """Words for the user: the nearest name, else what there is to choose from."""
    known = sorted(set(names))
    if (near := nearest(word, known)) is not None:
        return f"did you mean `{near}`?"
    return choices(known)


def choices(names: Iterable[str]) -> str:
    """`expected one of ...` where the list is short enough to read."""
    known = list(names)
    if not known:
        return ""
    if len(known) == 1:
        return f"expected `{known[0]}`"
    return "expected one of " + ", ".join(f"`{name}`" for name in known) if len(known) <= LISTED else ""
