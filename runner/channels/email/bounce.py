"""Whether a message is a bounce, for whom, and what follows (RFC 3464, RFC 3463 and thirty years of other forms)."""

from __future__ import annotations

import re

from runner.channels.email.bounce_fields import from_fields
from runner.channels.email.bounce_reasons import judge
from runner.channels.email.bounce_report import Report
from runner.channels.email.bounce_text import from_text
from runner.channels.email.parse_headers import addresses_in
from runner.channels.email.judgement import Failure, Recipient

_ROBOT = re.compile(
    r"^(?:mailer-?(?:daemon|deamon)|mail-?daemon|postmaster|mdaemon|mmdf|no-?reply-?bounce|bounce[sd]?|mail-?delivery"
    r"|mail(?:er)?[._-]?(?:system|admin|error)|double-?bounce|maildelivery|microsoftexchange[0-9a-f]*|symantec\S*)"
    r"(?:[+=._-][^@]*)?@",
    re.IGNORECASE,
)
_ROBOT_NAME = re.compile(
    r"mail(?:er)?[ -]?(?:delivery|daemon|administrator|admin)|delivery (?:subsystem|system)|postmaster|system administrator",
    re.IGNORECASE,
)
_SUBJECT = re.compile(
    r"^\W{0,3}(?:undeliver(?:ed|able)|unzustellbar|returned mail|failure notice|delivery (?:status )?(?:notification|failure|report"
    r"|problem|error|unsuccessful)|mail (?:delivery )?(?:failed|failure|error|status report|system error|could not)"
    r"|non[- ]?(?:delivery|remis)|message (?:could not|not|undeliverable|you sent|delivery)|warning: (?:could not|message)"
    r"|(?:delivery|message) (?:failed|failure|has failed)|dsn:|ndn:|rejected:|no se puede entregar|não é possível entregar"
    r"|non recapitabile|échec de (?:la )?remise|onbestelbaar|impossibile recapitare|kan ikke leveres|kunde inte levereras"
    r"|notification d['’]état de remise|配信不能|エラーメール|无法投递|系统退信|退信|反송|배달 ?실패)",
    re.IGNORECASE,
)
_DONE = frozenset({"delivered", "relayed", "expanded", "deliverable", "success"})


def failures(report: Report) -> tuple[tuple[Failure, ...], str] | None:
    """What a report says and the rule that found it; None where the message is no delivery report."""
    fields = from_fields(report)
    if fields:
        return fields, "delivery-status"
    if not looks_automatic(report):
        return None
    found, rule = from_text(report)
    return (found, rule) if found else None


def looks_automatic(report: Report) -> bool:
    """Whether a mail system rather than a person wrote it: its sender, its headers, or its subject say so."""
    headers = report.mail.headers
    if report.mail.params.get("report-type", "").lower() == "delivery-status" or "x-failed-recipients" in headers:
        return True
    sender = headers.addresses("from")[:1] + headers.addresses("return-path")[:1]
    robot = any(_ROBOT.match(address) for address in sender) or bool(_ROBOT_NAME.search(headers.get("from")))
    empty = headers.raw("return-path").replace(" ", "") == "<>"
    subject = bool(_SUBJECT.search(headers.get("subject")))
    return subject and (empty or robot or "in-reply-to" not in headers) or robot


def recipients_of(found: tuple[Failure, ...]) -> tuple[Recipient, ...]:
    """The failed ones, judged; delivered and delayed ones are no failures."""
    failed = [each for each in found if each.action not in _DONE and each.action != "delayed" and each.status[:1] != "2"]
    return tuple(dict.fromkeys(judge(each) for each in failed))


def original_recipients(report: Report) -> tuple[str, ...]:
    """Whom the returned message was for."""
    return report.returned.addresses("to") or addresses_in(report.returned.raw("x-original-to"))
