"""Failures from delivery-status fields (RFC 3464), wherever they stand and however they are bent."""

from __future__ import annotations

import re
from collections.abc import Iterator

from runner.channels.email.bounce_report import Report
from runner.channels.email.parse_headers import Headers, addresses_in
from runner.channels.email.judgement import Failure

ENHANCED = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?![\d.])")
REPLY_CODE = re.compile(r"(?<![\d.\[(:-])([45]\d\d)(?![\d.:]|\])")
_COMMAND = re.compile(
    r"(?:in reply to|response to|after|command:?|during|while)\s{1,4}(?:the\s|end of\s|sending\s|an?\s)?"
    r"['\"(<]{0,2}(?:end of )?(HELO|EHLO|STARTTLS|MAIL(?: FROM)?|RCPT(?: TO)?|DATA|end of data)\b",
    re.IGNORECASE,
)


def from_fields(report: Report) -> tuple[Failure, ...]:
    """One failure a recipient group, in order; groups without a recipient (the message's own) are skipped."""
    return tuple(failure for block in report.blocks if (failure := _failure(block)))


def _failure(block: Headers) -> Failure | None:
    final = block.raw("final-recipient") or block.raw("original-recipient") or block.raw("x-actual-recipient")
    address = _address(block.raw("original-recipient")) if "@" not in final else _address(final)
    if not final:
        return None
    diagnostic = _plain(" ".join(_texts(block)))
    status = _status(block.raw("status"), diagnostic)
    action = block.raw("action").strip().lower().partition(" ")[0]
    return Failure(
        address=address or final.rpartition(";")[2].strip().lower(),
        action=action or ("failed" if status[:1] != "2" else "delivered"),
        status=status,
        code=reply_code(diagnostic),
        diagnostic=diagnostic,
        command=command_of(diagnostic),
    )


def _texts(block: Headers) -> Iterator[str]:
    for name in ("diagnostic-code", "x-display-diagnostic", "x-supplementary-info", "x-postfix-diagnostic"):
        yield from block.all(name)


def _address(value: str) -> str:
    found = addresses_in(value.partition(";")[2] or value)
    return found[0] if found else ""


def _status(field: str, diagnostic: str) -> str:
    match = ENHANCED.search(field) or ENHANCED.search(diagnostic)
    return match[0] if match else ""


def _plain(diagnostic: str) -> str:
    return re.sub(r"\s+", " ", diagnostic).strip()


def reply_code(text: str) -> str:
    """The SMTP reply code in a diagnostic, or empty."""
    match = REPLY_CODE.search(text)
    return match[1] if match else ""


def status_in(text: str) -> str:
    """The enhanced status code (RFC 3463) in a text, or empty."""
    match = ENHANCED.search(text)
    return match[0] if match else ""


def command_of(text: str) -> str:
    """The SMTP command that a diagnostic says was refused, or empty: EHLO, MAIL, RCPT, DATA ..."""
    match = _COMMAND.search(text)
    if match is None:
        return ""
    name = match[1].upper()
    return "DATA" if name == "END OF DATA" else name.partition(" ")[0]
