"""Words by which people ask to be left alone, looked for in the new text of a reply only. Twelve languages.

Two kinds: commands count only as the whole message or a line of its own (`stop`), phrases anywhere in a short text.
"""

from __future__ import annotations

import re

from runner.channels.email.wordlists import any_of, entries

MAX_LENGTH = 4000

_COMMANDS = frozenset(entries("opt_out_commands"))
LONGEST_COMMAND = 80
"""Longer lines are no command, however politely it is said."""
_PHRASES = tuple(re.compile(phrase, re.IGNORECASE) for phrase in entries("opt_out_phrases"))
_BY_LINK = re.compile(r"unsubscribe(?: |%20|\+)+[a-z0-9._-]{1,120}")
"""The subject that the `mailto:` of our List-Unsubscribe header gives."""
_EDGES = " \t\r\n.,;:!?\"'()[]<>*_-–—。！、・"
_NEGATED = re.compile(rf"(?:{any_of('opt_out_negations')}) $", re.IGNORECASE)
_POLITE = any_of("opt_out_polite")
_COURTESY = re.compile(rf"^(?:{_POLITE})[\s,.!]+|[\s,.!]*(?:(?<=\W)|(?<=[\u3040-\u9fff]))(?:{_POLITE})$")
MANY_LINES = 6


def opt_out_words(text: str, subject: str = "") -> str | None:
    """The words by which the writer asks for no more mail, None where there are none.

    `text` is the new text of a reply. The subject counts only as a whole command, not when it answers ours.
    """
    shown = text[:MAX_LENGTH]
    lines = [_plain(line) for line in shown.split("\n")]
    filled = [line for line in lines if line]
    command = next(filter(_COMMANDS.__contains__, filled if len(filled) <= MANY_LINES else filled[:1]), None)
    if command is not None:
        return command
    asked = _plain(subject)
    if asked in _COMMANDS or _BY_LINK.fullmatch(asked):
        return asked
    for phrase in _PHRASES:
        if (match := phrase.search(shown)) and not _NEGATED.search(shown[: match.start()]):
            return match[0].strip()
    return None


def _plain(line: str) -> str:
    """A line without case, punctuation at its edges, and words of courtesy before or behind a command."""
    bare = line.strip(_EDGES).lower()
    if bare in _COMMANDS or len(bare) > LONGEST_COMMAND:
        return bare
    shorter = _COURTESY.sub("", bare).strip(_EDGES)
    return shorter if shorter in _COMMANDS else bare
