"""Complaints: feedback reports in the Abuse Reporting Format (RFC 5965) and the forms near it."""

from __future__ import annotations

from dataclasses import dataclass

from runner.channels.email.bounce_report import Report
from runner.channels.email.judgement import Recipient
from runner.channels.email.parse_headers import Headers, addresses_in, parse_headers

REDACTED = frozenset({"redacted", "unknown"})
BY_MACHINES = frozenset({"auth-failure", "dmarc", "virus", "not-spam"})
"""Types of feedback (RFC 5965, RFC 6591) that no person's complaint is behind."""


@dataclass(frozen=True, slots=True)
class Feedback:
    """A feedback report: its type such as `abuse`, and whose it is. A redacted recipient leaves nobody: use the key."""

    kind: str
    recipients: tuple[Recipient, ...]

    @property
    def by_a_person(self) -> bool:
        """Whether somebody complained, rather than a machine reported."""
        return self.kind not in BY_MACHINES


def feedback(report: Report) -> Feedback | None:
    """The feedback a message reports, None where it is no feedback report."""
    fields = _feedback(report)
    if fields is None:
        return None
    kind = fields.raw("feedback-type").strip().lower() or "abuse"
    named = [*fields.all("original-rcpt-to"), *fields.all("removal-recipient")] or list(report.returned.all("to"))
    found = dict.fromkeys(address for value in named for address in addresses_in(value))
    people = (address for address in found if address.partition("@")[0] not in REDACTED)
    return Feedback(kind, tuple(Recipient(address, reason="feedback", diagnostic=kind) for address in people))


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
