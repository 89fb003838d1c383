"""Words made comparable: case, accents, separators and camel case folded away."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_SEPARATORS = re.compile(r"[\W_]+")
_LETTERS = str.maketrans({"ß": "ss", "ø": "o", "æ": "ae", "œ": "oe", "ł": "l", "đ": "d", "ı": "i", "’": "'"})


@lru_cache(maxsize=4096)
def plain(text: str) -> str:
    """Lower case without accents, blanks single. Kana keep their voicing marks."""
    folded = unicodedata.normalize("NFKC", text).casefold().translate(_LETTERS)
    return " ".join(without_accents(folded).split())


def without_accents(text: str) -> str:
    """The same letters without their accents; the voicing marks of kana, which make other letters, stay."""
    parts = unicodedata.normalize("NFKD", text)
    return unicodedata.normalize("NFC", "".join(char for char in parts if not "\u0300" <= char <= "\u036f"))


@lru_cache(maxsize=4096)
def tokens(name: str) -> tuple[str, ...]:
    """The words inside a control's name: `contactUs[first_name]` gives contact, us, first, name."""
    return tuple(plain(part) for part in _SEPARATORS.split(_CAMEL.sub(" ", name)) if part)
