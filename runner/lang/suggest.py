"""Did you mean: the declared name nearest to a misspelt one."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import SequenceMatcher, get_close_matches

LISTED = 8
CLEARLY = 0.05
"""How much more alike the nearest name must be than the second."""
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


def is_sure(word: str, names: Iterable[str]) -> bool:
    """Whether one name is so much nearer to `word` than every other that it may be written without asking."""
    plain = word.lower().replace("-", "_").strip()
    lowered = {name.lower() for name in names}
    if plain in lowered:
        return True
    near = get_close_matches(plain, lowered, n=2, cutoff=0.6)
    scores = [SequenceMatcher(None, plain, other).ratio() for other in near]
    return len(scores) == 1 or (len(scores) == 2 and scores[0] - scores[1] >= CLEARLY)


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
