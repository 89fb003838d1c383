"""Subjects of mail compared: whether one answers or passes on another, whatever programs and gateways put before it."""

from __future__ import annotations

import re

_ANSWERS = r"re|aw|antw|antwort|sv|vs|ref|rif|res|odp|ynt|bls|atb|vá|回复|答复|回覆|返信|답장"
_PASSED_ON = r"fwd?|wg|tr|rv|enc|i|pd|vl|vb|doorst|ilt|továbbítás|转发|轉寄|전달"
_PREFIX = re.compile(rf"\s*(?:{_ANSWERS}|{_PASSED_ON})\s*(?:\[\d+\]|\(\d+\)|\^\d+)?\s*[:：]\s*", re.IGNORECASE)
_TAG = re.compile(r"\s*\[[^\]\n]{1,24}\]\s*")
"""What gateways put before the subject of mail from outside: `[EXT]`, `[External]`, `[SUSPECTED SPAM]`."""
LONGEST = 300


def bare_subject(subject: str) -> str:
    """A subject without `Re:`, `AW:`, `Fwd:` and their like, without tags before it, without case: for comparing."""
    return _stripped(subject)[0]


def is_answer(subject: str) -> bool:
    """Whether a subject says of itself that it answers another one or passes it on."""
    return _stripped(subject)[1]


def _stripped(subject: str) -> tuple[str, bool]:
    rest, answers = subject[:LONGEST], False
    while match := _PREFIX.match(rest) or _TAG.match(rest):
        answers = answers or match.re is _PREFIX
        rest = rest[match.end() :]
    return " ".join(rest.split()).casefold(), answers
