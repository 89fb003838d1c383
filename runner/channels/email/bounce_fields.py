"""Failures from delivery-status fields (RFC 3464), wherever they stand and however they are bent."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

from runner.channels.email.judgement import Failure
from runner.channels.email.parse_headers import Headers, addresses_in
from runner.channels.email.wordlists import pairs

ENHANCED = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?![\d.])")
_AFTER_CODE = re.compile(r"(?<![\d.])[45]\d\d[ \-:'\"#(]{1,4}([45]\.\d{1,3}\.\d{1,3})(?![\d.])")
REPLY_CODE = re.compile(r"(?<![\d.\[(/=-])(?<!\w:)([45]\d\d)(?![\d.:/\]]\d|\d|\])")
_SES_INBOUND = re.compile(r"inbound-smtp\.\S+\.amazonaws\.com", re.IGNORECASE)
_COMMANDS = tuple((command, re.compile(said, re.IGNORECASE)) for command, said in pairs("smtp_commands"))
_TRANSCRIPT = re.compile(
    r">>>[> ]{0,3}(HELO|EHLO|MAIL|RCPT|DATA|QUIT|STARTTLS)\b[^\n]{0,400}\n[ \t>]{0,6}(?:received )?<<<[ ]?[45]\d\d",
    re.IGNORECASE,
)


def from_blocks(blocks: Iterable[Headers], words: str = "") -> tuple[Failure, ...]:
    """One failure a recipient group, in order; groups without a recipient (the message's own) are skipped.

    `words` is the text that came with the fields, for what they leave out.
    """
    groups = list(blocks)
    inbound = any(_SES_INBOUND.search(block.raw("reporting-mta")) for block in groups)
    return tuple(found for block in groups if (found := _failure(block, words, "ses-inbound" if inbound else "")))


def _failure(block: Headers, words: str, reporter: str) -> Failure | None:
    final = block.raw("final-recipient") or block.raw("original-recipient") or block.raw("x-actual-recipient")
    if not final:
        return None
    named = (block.raw(name) for name in ("original-recipient", "final-recipient", "x-actual-recipient"))
    address = next((found[0] for value in named if (found := addresses_in(value.partition(";")[2] or value))), "")
    diagnostic = re.sub(r"\s+", " ", " ".join(_texts(block)) or _comment(block)).strip()
    status = status_in(diagnostic) if _vague(block.raw("status")) else ""
    status = status or _first(block.raw("status")) or status_in(diagnostic)
    action = block.raw("action").strip().lower().partition(" ")[0].strip("();")
    return Failure(
        address=address or final.rpartition(";")[2].strip().lower(),
        action=action or ("failed" if status[:1] != "2" else "delivered"),
        status=status_in(diagnostic) or status,
        code=reply_code(diagnostic),
        diagnostic=diagnostic,
        command=command_of(diagnostic) or command_of(words),
        context=words,
        category=block.raw("x-powermta-bouncecategory").strip().lower() or reporter,
    )


def _texts(block: Headers) -> Iterator[str]:
    for name in ("diagnostic-code", "x-display-diagnostic", "x-supplementary-info"):
        yield from block.all(name)


def _comment(block: Headers) -> str:
    comment = re.search(r"\(([^()]{4,300})\)", block.raw("status"))
    return comment[1] if comment else ""


def _vague(status: str) -> bool:
    return bool(re.match(r"\s*[45]\.0\.0", status)) or not ENHANCED.search(status)


def _first(field: str) -> str:
    match = ENHANCED.search(field)
    return match[0] if match else ""


def reply_code(text: str) -> str:
    """The SMTP reply code in a diagnostic, or empty."""
    match = REPLY_CODE.search(text)
    return match[1] if match else ""


def status_in(text: str) -> str:
    """The enhanced status code (RFC 3463) in a text, best right after a reply code; or empty."""
    match = _AFTER_CODE.search(text)
    if match:
        return match[1]
    plain = ENHANCED.search(text)
    return plain[0] if plain and plain[1] != "2" else ""


@lru_cache(maxsize=16)  # the words of a report are asked about for each of its recipients
def command_of(text: str) -> str:
    """The SMTP command that was refused, where a text names it: HELO, MAIL, RCPT, DATA, CONN; or empty."""
    if match := _TRANSCRIPT.search(text):
        return match[1].upper()
    return next((command for command, pattern in _COMMANDS if pattern.search(text)), "")
