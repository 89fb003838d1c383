"""One cell to one value, by the field it fills. Every reader raises ValueError with words for the person importing."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import date

from runner.leads.places import parse_country, parse_zone
from runner.leads.urls import parse_url
from runner.model.country_policy import LEGAL_BASES
from runner.model.lead import FieldValue

LONGEST_TEXT = 2000
"""Characters in one cell; names longer than that are mistakes or attacks."""

NOTHING = frozenset({"", "-", "--", "n/a", "N/A", "#N/A", "NaN", "nan", "null", "NULL", "None", "none", "undefined"})
"""What programs write into a cell when they have nothing. `Null` is not here: it is a surname."""

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")
"""What makes a spreadsheet take a cell for a formula (OWASP, CSV injection), with the full-width forms."""

_GUARDED = re.compile(rf"'+[{re.escape(''.join(FORMULA_STARTS))}]", re.DOTALL)
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_BIDI = re.compile(r"[\u202a-\u202e\u2066-\u2069\u200e\u200f]")
_MOST_MARKS = re.compile(r"[\u0300-\u036f\u1ab0-\u1aff\u20d0-\u20ff]{8,}")
_TRUE = frozenset({"true", "yes", "y", "1", "ja", "oui"})
_FALSE = frozenset({"false", "no", "n", "0", "nein", "non"})


def bare(cell: str) -> str:
    """A cell without outer space, without the apostrophe that guards a formula, and empty when it says nothing."""
    text = cell.strip()
    if text[:1] == "'" and _GUARDED.match(text):
        text = text[1:]
    return "" if text in NOTHING else text


def text_value(text: str) -> str:
    """One line of text: line breaks and other control characters become a space, and direction overrides go."""
    if text.isascii():
        if text.isprintable() and len(text) <= LONGEST_TEXT:
            return text
    else:
        text = _BIDI.sub("", unicodedata.normalize("NFC", text))
        if _MOST_MARKS.search(text):
            raise ValueError("too many combining marks on one letter")
    if _CONTROLS.search(text):
        text = " ".join(_CONTROLS.sub(" ", text).split())
    if len(text) > LONGEST_TEXT:
        raise ValueError(f"{len(text):,} characters; at most {LONGEST_TEXT:,} are taken")
    return text


def number_value(text: str) -> float:
    """A finite number; a decimal comma is understood."""
    try:
        value = float(text.replace(",", ".") if text.count(",") == 1 and "." not in text else text)
    except ValueError:
        raise ValueError(f"`{text[:60]}` is not a number") from None
    if not math.isfinite(value):
        raise ValueError(f"`{text[:60]}` is not a number")
    return value


def integer_value(text: str) -> int:
    """A whole number of at most 18 digits."""
    if not re.fullmatch(r"[+-]?\d{1,18}", text, re.ASCII):
        raise ValueError(f"`{text[:60]}` is not a whole number")
    return int(text)


def boolean_value(text: str) -> bool:
    """Yes or no in a few spellings."""
    word = text.casefold()
    if word in _TRUE or word in _FALSE:
        return word in _TRUE
    raise ValueError(f"`{text[:60]}` is neither yes nor no")


def date_value(text: str) -> str:
    """A date as ISO 8601 writes it (`2026-11-23`)."""
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise ValueError(f"`{text[:60]}` is not a date; write it as 2026-11-23") from None


def tags_value(text: str) -> list[str]:
    """Tags, separated by comma, semicolon or bar; each once, in order."""
    return list(dict.fromkeys(tag for part in re.split(r"[,;|]", text_value(text)) if (tag := part.strip())))


def legal_basis_value(text: str) -> str:
    """The slug of a legal basis."""
    slug = "_".join(re.split(r"[\s\-/]+", text.casefold()))
    if slug not in LEGAL_BASES:
        raise ValueError(f"`{text[:60]}` is no legal basis; there are {', '.join(sorted(LEGAL_BASES))}")
    return slug


READERS: Mapping[str, Callable[[str], object]] = {
    "first_name": text_value,
    "last_name": text_value,
    "company": text_value,
    "title": text_value,
    "website": parse_url,
    "contact_form_url": parse_url,
    "timezone": parse_zone,
    "country": parse_country,
    "grade": text_value,
    "score": number_value,
    "tags": tags_value,
    "consent": boolean_value,
    "legal_basis": legal_basis_value,
    "source": text_value,
}
"""The reader of each standard field that needs nothing but its own cell."""

CUSTOM_READERS: Mapping[str, Callable[[str], FieldValue]] = {
    "text": text_value,
    "number": number_value,
    "integer": integer_value,
    "boolean": boolean_value,
    "date": date_value,
}
"""The reader of each type a project can give its own fields."""
