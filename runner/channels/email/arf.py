"""Complaints: feedback reports in the Abuse Reporting Format (RFC 5965) and the forms near it."""

from __future__ import annotations

from runner.channels.email.bounce_report import Report
from runner.channels.email.judgement import Recipient
from runner.channels.email.parse_headers import Headers, addresses_in, parse_headers

_NOT_COMPLAINTS = frozenset({"not-spam", "auth-failure", "dmarc", "virus"})
REDACTED = frozenset({"redacted", "unknown"})


def complaint(report: Report) -> tuple[Recipient, ...] | None:
    """Who complained, None where this is no complaint. A redacted recipient leaves an empty tuple: use the key."""
    fields = _feedback(report)
    if fields is None:
        return None
    kind = fields.raw("feedback-type").strip().lower() or "abuse"
    if kind in _NOT_COMPLAINTS:
        return None
    named = [*fields.all("original-rcpt-to"), *fields.all("removal-recipient")] or list(report.returned.all("to"))
    found = dict.fromkeys(address for value in named for address in addresses_in(value))
    return tuple(
        Recipient(address, reason="feedback", diagnostic=kind)
        for address in found
        if address.partition("@")[0] not in REDACTED
    )


def _feedback(report: Report) -> Headers | None:
    for part in report.mail.of_type("message/feedback-report"):
        return parse_headers(part.data()[:20_000].replace(b"\r\n", b"\n"))
    headers = report.mail.headers
    if "x-hmxmroriginalrecipient" in report.returned and "complaint" in headers.get("subject").lower():
        reporter = report.returned.raw("x-hmxmroriginalrecipient")
        return Headers((("feedback-type", "abuse"), ("original-rcpt-to", reporter)))
    if report.mail.params.get("report-type", "").lower() == "feedback-report":
        return Headers((("feedback-type", "abuse"),))
    return None
