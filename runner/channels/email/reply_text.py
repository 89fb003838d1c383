"""The new text of a reply: without the quoted mail below it, without the signature. Linear time, twelve languages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from runner.channels.email.parse import Mail
from runner.channels.email.wordlists import any_of

MAX_LINES = 2000
_BLANK = r"[ \t*]*"
_WROTE = any_of("quote_wrote")
_ATTRIBUTION = re.compile(
    rf"^[ \t]*(?:(?:{any_of('quote_dates')})[^\n]{{0,200}}(?:{_WROTE})[^\n]{{0,80}}[:：>]?"
    rf"|[^\n]{{0,120}}(?:{_WROTE})[ \t]*(?:[^\n]{{0,20}})[:：])[ \t]*$",
    re.IGNORECASE,
)
_DIVIDER = re.compile(
    rf"^[ \t]*(?:[-_=*]{{2,}}[ \t]*(?:{any_of('quote_dividers')})[^\n]{{0,60}}|_{{20,}})[ \t]*$", re.IGNORECASE
)
_FROM_LINE = re.compile(rf"^[ \t*>]*(?:{any_of('quote_from')}){_BLANK}[:：]{_BLANK}\S", re.IGNORECASE)
_HEADER_LINE = re.compile(rf"^[ \t*>]*(?:{any_of('quote_headers')}){_BLANK}[:：]", re.IGNORECASE)
_MOBILE = re.compile(rf"^[ \t]*(?:{any_of('mobile_signatures')}).{{0,60}}$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Written:
    """A message that somebody or something wrote: all its text, and what is new in it."""

    mail: Mail
    shown: str
    text: str

    @classmethod
    def of(cls, mail: Mail) -> Written:
        """Read the text of a message once."""
        shown = mail.readable()
        return cls(mail, shown, new_text(shown))

    @property
    def quotes(self) -> bool:
        """Whether it quotes an earlier mail, or carries a long signature."""
        return len(self.shown.strip()) > len(self.text) + 40


def new_text(text: str) -> str:
    """What the person wrote now. Empty when there is nothing but quotation and signature."""
    kept: list[str] = []
    lines = [line[:2000] for line in text.split("\n", MAX_LINES)[:MAX_LINES]]
    for number, line in enumerate(lines):
        if _DIVIDER.match(line) or _header_block(lines, number):
            break
        if _attribution(lines, number):
            if not _answers_below(lines, number):
                break
            continue
        if line.lstrip().startswith((">", "|>")) or (kept and _attribution(lines, number - 1)):
            continue
        if line.rstrip() in ("--", "-- ", "__", "—") or _MOBILE.match(line):
            if not any(later.lstrip().startswith(">") for later in lines[number : number + 40]):
                break
            continue
        kept.append(line.rstrip())
    return re.sub(r"\n{3,}", "\n\n", "\n".join(kept)).strip()


def _attribution(lines: list[str], number: int) -> bool:
    """Whether `On DATE, NAME wrote:` stands here, on one line or wrapped over two."""
    line = lines[number]
    if _ATTRIBUTION.match(line):
        return True
    following = lines[number + 1] if number + 1 < len(lines) else ""
    both = f"{line.rstrip()} {following.strip()}"
    return len(both) < 300 and bool(line.strip()) and following.rstrip().endswith((":", "：")) and bool(
        _ATTRIBUTION.match(both)
    )  # fmt: skip


def _header_block(lines: list[str], number: int) -> bool:
    if not _FROM_LINE.match(lines[number]):
        return False
    return sum(bool(_HEADER_LINE.match(line)) for line in lines[number + 1 : number + 7]) >= 2


def quoted_fields(text: str) -> Iterator[str]:
    """The values in the header blocks that mail programs put above a quoted mail: dates, people, its subject."""
    lines = [line[:2000] for line in text.split("\n", MAX_LINES)[:MAX_LINES]]
    for number in range(len(lines)):
        if _header_block(lines, number):
            fields = (line for line in lines[number + 1 : number + 7] if _HEADER_LINE.match(line))
            yield from (re.split("[:：]", line, maxsplit=1)[1].strip(" \t*") for line in fields)


def _answers_below(lines: list[str], number: int) -> bool:
    """Whether quoted lines follow, and the person's own words after them."""
    rest = [line.strip() for line in lines[number + 1 :]]
    quoted = [index for index, line in enumerate(rest) if line.startswith(">")]
    if not quoted:
        return False
    if any(line and not line.startswith(">") and not line.endswith((":", "：")) for line in rest[: quoted[0]]):
        return False
    return any(line and not line.startswith(">") for line in rest[quoted[0] :])
