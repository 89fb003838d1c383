"""The day on which an absent person is back, as an auto-reply names it, in a dozen languages and notations."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import islice

from runner.channels.email.wordlists import any_of, entries, numbered

MAX_TEXT = 6000
LONGEST_ABSENCE = timedelta(days=500)
MONTHS = numbered("months")
WEEKDAYS = numbered("weekdays")


def _whole_words(name: str) -> str:
    """Alternatives that match whole words; scripts without spaces between words have no such borders."""
    words = entries(name)
    spaced = [word for word in words if word[0].isascii() or word[0] < "\u3000"]
    dense = [word for word in words if word not in spaced]
    return "|".join([rf"(?<!\w)(?:{'|'.join(spaced)})(?!\w)", *dense])


_MONTH = "|".join(sorted((re.escape(name) for name in MONTHS), key=len, reverse=True))
_WEEKDAY = "|".join(sorted((re.escape(name) for name in WEEKDAYS), key=len, reverse=True))
_ORDINAL = r"(?:st|nd|rd|th|er|ère|ème|e|º|°|ª|\.|:e|-го|-е)?"
_SHAPES = tuple(
    re.compile(shape, re.IGNORECASE)
    for shape in (
        r"(?<!\d)(?P<y>20\d\d)[-./](?P<m>\d{1,2})[-./](?P<d>\d{1,2})(?!\d)",
        r"(?<!\d)(?P<y>20\d\d)\s?[年년]\s?(?P<m>\d{1,2})\s?[月월]\s?(?P<d>\d{1,2})\s?[日일]",
        r"(?<!\d)(?P<m>\d{1,2})\s?[月월]\s?(?P<d>\d{1,2})\s?[日일号]",
        rf"(?<!\d)(?P<d>\d{{1,2}})\s?{_ORDINAL}(?:\s{{0,2}}|-)(?:of\s|de\s|di\s|d['’])?(?P<name>{_MONTH})\b\.?"
        r"(?:,?\s{0,2}(?:de\s|del\s|of\s)?(?P<y>20\d\d)(?!\d))?",
        rf"\b(?P<name>{_MONTH})\b\.?\s{{0,2}}(?:the\s)?(?P<d>\d{{1,2}})(?!\d|:)(?:st|nd|rd|th)?"
        r"(?:\s?[-–—]\s?(?P<last>\d{1,2})(?!\d)(?:st|nd|rd|th)?)?(?:,?\s{0,2}(?P<y>20\d\d)(?!\d))?",
        r"(?<![\d.])(?P<d>\d{1,2})\.\s?(?P<m>\d{1,2})(?:\.\s?(?P<y>20\d\d|\d\d(?![\d:h]))|\.(?!\d)|(?=\s*(?:$|[,;)–-]|\n)))",
        r"(?<![\d/])(?P<a>\d{1,2})(?P<sep>[/-])(?P<b>\d{1,2})(?:(?P=sep)(?P<y>20\d\d|\d\d))?(?![\d/:])",
    )
)
_DAY = re.compile(rf"(?<!\w)(?P<weekday>{_WEEKDAY})(?!\w)", re.IGNORECASE)
_BACK = re.compile(_whole_words("back"), re.IGNORECASE)
_UNTIL = re.compile(_whole_words("until"), re.IGNORECASE)
_BACK_BEHIND = re.compile(_whole_words("back_behind"), re.IGNORECASE)
_ARTICLE = r"(?:the\s|el\s|le\s|il\s|o\s|dia\s)?"
_UP_TO = re.compile(rf"^\s?(?:{any_of('up_to')})\s?{_ARTICLE}$", re.IGNORECASE)
_UNTIL_AFTER = re.compile(rf"^[\s.,()\w]{{0,6}}?(?:{any_of('until_behind')})", re.IGNORECASE)
_BACK_AFTER = re.compile(rf"^[\s.,()\w]{{0,6}}?(?:{any_of('from_behind')})", re.IGNORECASE)
_RANGE = re.compile(rf"(?:\d\.?|\s|^)(?:{any_of('up_to')})\s*{_ARTICLE}$", re.IGNORECASE)
_SENTENCE = re.compile(r"[!?。\n]|(?<=[^\d\s]{3})\.\s|;")


@dataclass(frozen=True, slots=True)
class Return:
    """The day an auto-reply names. `away_on_it`: still absent on that day (`until`), back the day after.

    `explicit`: a date or weekday, not only `tomorrow` or `next week`.
    """

    day: date
    away_on_it: bool
    explicit: bool = True


@dataclass(frozen=True, slots=True)
class _Mention:
    start: int
    end: int
    day: date
    ranged: bool = False


def return_date(text: str, received: date, *, month_first: bool = False) -> Return | None:
    """The return date in an auto-reply received on a day; None where there is none, or it has passed.

    `month_first` decides what 4/5 means where both readings are possible.
    """
    shown = text[:MAX_TEXT]
    best: tuple[int, date, bool] | None = None
    mentions = _mentions(shown, received, month_first)
    for number, mention in enumerate(mentions):
        following = mentions[number + 1] if number + 1 < len(mentions) else None
        starts = following is not None and _UP_TO.match(shown[mention.end : following.start])
        if starts or not received <= mention.day <= received + LONGEST_ABSENCE:
            continue
        score, away = _role(shown, mention)
        if score and (best is None or (score, mention.day) > best[:2]):
            best = (score, mention.day, away)
    if best is not None:
        return Return(best[1], best[2])
    return _relative(shown, received)


def _mentions(text: str, received: date, month_first: bool) -> list[_Mention]:
    found: list[_Mention] = []
    for shape in _SHAPES:
        for match in islice(shape.finditer(text), 60):
            overlaps = any(match.start() < other.end and other.start < match.end() for other in found)
            if not overlaps and (day := _day(match, received, month_first)):
                found.append(_Mention(match.start(), match.end(), day, bool(match.groupdict().get("last"))))
    dated = list(found)
    for match in islice(_DAY.finditer(text), 40):
        if not any(-3 <= other.start - match.end() <= 16 for other in dated) and not any(
            0 <= match.start() - other.end <= 3 for other in dated
        ):
            ahead = (WEEKDAYS[match["weekday"].lower()] - received.weekday() - 1) % 7 + 1
            found.append(_Mention(match.start(), match.end(), received + timedelta(days=ahead)))
    return sorted(found, key=lambda mention: mention.start)


def _day(match: re.Match[str], received: date, month_first: bool) -> date | None:
    parts = match.groupdict()
    year = int(parts["y"]) if parts.get("y") else None
    if year is not None and year < 100:
        year += 2000
    if parts.get("a"):
        first, second = int(parts["a"]), int(parts["b"])
        if match["sep"] == "-" and year is None:
            return None
        readings = [(first, second), (second, first)] if month_first else [(second, first), (first, second)]
    elif parts.get("name"):
        day = parts.get("last") or parts["d"]
        readings = [(MONTHS[parts["name"].lower()], int(day))]
    else:
        readings = [(int(parts["m"]), int(parts["d"]))]
    days = [day for month, number in readings if (day := _date(year, month, number, received))]
    return next((day for day in days if received <= day <= received + timedelta(days=200)), days[0] if days else None)


def _date(year: int | None, month: int, day: int, received: date) -> date | None:
    try:
        if year is not None:
            return date(year, month, day)
        this_year = date(received.year, month, day)
    except ValueError:
        return None
    if this_year < received - timedelta(days=90):
        return this_year.replace(year=received.year + 1) if (month, day) != (2, 29) else None
    return this_year


def _role(text: str, mention: _Mention) -> tuple[int, bool]:
    """How strongly the words around a date say that it ends the absence: 0 is not at all; and whether inclusively."""
    before = text[max(0, mention.start - 90) : mention.start]
    for cut in reversed(list(_SENTENCE.finditer(before))):
        before = before[cut.end() :]
        break
    after = _SENTENCE.split(text[mention.end : mention.end + 45], maxsplit=1)[0]
    if _BACK_AFTER.search(after):
        return 5, False
    if _UNTIL_AFTER.search(after):
        return 4, True
    back, until = _last(_BACK, before), _last(_UNTIL, before)
    ranged = mention.ranged or bool(_RANGE.search(before[-14:]) and before.strip())
    if until >= 0 and until > back and len(before) - until < 40:
        return 4, True
    if ranged:
        return 3, True
    if back >= 0:
        return (5 if len(before) - back < 45 else 2), False
    if _BACK_BEHIND.search(after):
        return 3, False
    return (2, True) if until >= 0 else (0, False)


def _last(pattern: re.Pattern[str], text: str) -> int:
    return max((match.start() for match in pattern.finditer(text)), default=-1)


def _relative(text: str, received: date) -> Return | None:
    lowered = text.lower()
    if any(word in lowered for word in entries("next_week")):
        return Return(received + timedelta(days=7 - received.weekday()), False, False)
    if any(word in lowered for word in entries("tomorrow")):
        return Return(received + timedelta(days=1), False, False)
    return None


def dates_in(text: str, received: date) -> Iterator[date]:
    """Every day a text names, in order."""
    return (mention.day for mention in _mentions(text[:MAX_TEXT], received, False))
