"""Failures from the words of a report that has no delivery-status fields."""

from __future__ import annotations

from runner.channels.email.bounce_fields import command_of, reply_code, status_in
from runner.channels.email.bounce_report import Report
from runner.channels.email.parse_headers import addresses_in
from runner.channels.email.judgement import Failure


def from_text(report: Report) -> tuple[tuple[Failure, ...], str]:
    """The failures a report's words name, and the rule that found them."""
    named = report.mail.headers.addresses("x-failed-recipients")
    own = set(report.mail.headers.addresses("to"))
    found = named or tuple(address for address in addresses_in(report.words) if address not in own)[:1]
    words = " ".join(report.words.split())[:4000]
    return tuple(
        Failure(address, "failed", status_in(words), reply_code(words), words, command_of(words)) for address in found
    ), ("x-failed-recipients" if named else "words")
