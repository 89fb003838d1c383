"""Words by which people ask to be left alone, looked for in the new text of a reply only. Twelve languages.

Two kinds: commands count only as the whole message or a line of its own (`stop`), phrases anywhere in a short text.
"""

from __future__ import annotations

import re

from runner.channels.email.wordlists import any_of, entries

MAX_LENGTH = 4000

_COMMANDS = frozenset(entries("opt_out_commands"))
_PHRASES = tuple(re.compile(phrase, re.IGNORECASE) for phrase in entries("opt_out_phrases"))
_BY_LINK = re.compile(r"unsubscribe(?: |%20|\+)+[a-z0-9._-]{1,120}")
"""The subject that the `mailto:` of our List-Unsubscribe header gives."""
_EDGES = " \t\r\n.,;:!?\"'()[]<>*_-–—。！、・"
_NEGATED = re.compile(rf"(?:{any_of('opt_out_negations')}) $", re.IGNORECASE)
MANY_LINES = 6


def opt_out_words(text: str, subject: str = "") -> str | None:
    """The words by which the writer asks for no more mail, None where there are none.

    `text` is the new text of a reply. The subject counts only as a whole command, not when it answers ours.
    """
    shown = text[:MAX_LENGTH]
    lines = [line.strip(_EDGES).lower() for line in shown.split("\n")]
    filled = [line for line in lines if line]
    command = next(filter(_COMMANDS.__contains__, filled if len(filled) <= MANY_LINES else filled[:1]), None)
    if command is not None:
        return command
    asked = subject.strip(_EDGES).lower()
    if asked in _COMMANDS or _BY_LINK.fullmatch(asked):
        return asked
    for phrase in _PHRASES:
        if (match := phrase.search(shown)) and not _NEGATED.search(shown[: match.start()]):
            return match[0].strip()
    return None
