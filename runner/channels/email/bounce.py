"""Whether a message is a bounce, for whom, and what follows (RFC 3464, RFC 3463 and thirty years of other forms)."""

from __future__ import annotations

import re
from dataclasses import replace

from runner.channels.email.bounce_fields import from_blocks
from runner.channels.email.bounce_reasons import judge
from runner.channels.email.bounce_report import Report, inner_report
from runner.channels.email.bounce_text import from_text, section_of
from runner.channels.email.judgement import Failure, Recipient

Found = tuple[tuple[Failure, ...], str]

_ROBOT = re.compile(
    r"^(?:mailer-?(?:daemon|deamon)|mail-?daemon|post_?master|mdaemon|mmdf|bounce[sd]?|mail-?delivery|smtpd?"
    r"|mail(?:er)?[._-]?(?:system|admin|error)|double-?bounce|maildelivery|microsoftexchange[0-9a-f]*|symantec\S*)"
    r"(?:[+=._-][^@]*)?(?:@|$)",
    re.IGNORECASE,
)
_ROBOT_NAME = re.compile(
    r"mail(?:er)?[ -]?(?:delivery|daemon|administrator|admin)|delivery (?:subsystem|system)|postmaster|system administrator",
    re.IGNORECASE,
)
_SUBJECT = re.compile(
    r"^\W{0,3}(?:(?:fwd?|wg|tr|rv)\s?:\s?)?(?:undeliver(?:ed|able)|unzustellbar|returned mail|failure notice|delivery (?:status )?"
    r"(?:notification|failure|report|problem|error|unsuccessful|delayed|warning)|mail (?:delivery )?(?:failed|failure|error|status report"
    r"|system error|could not|undeliverable)|non[- ]?(?:delivery|remis)|message (?:could not|not|undeliverable|you sent|delivery)"
    r"|warning: (?:could not|message|\S+@\S+)|failed mail|processing error|your message to \S+ could not|.{0,80}non remis|(?:delivery|message) (?:failed|failure|has failed)|dsn:|ndn:|rejected:"
    r"|no se puede entregar|não é possível entregar|non recapitabile|échec de (?:la )?remise|onbestelbaar"
    r"|impossibile recapitare|kan ikke leveres|kunde inte levereras|notification d['’]état de remise|配信不能|エラーメール"
    r"|无法投递|系统退信|退信|반송|배달 ?실패|недоставлен|не доставлено)",
    re.IGNORECASE,
)
_WORDS = re.compile(
    r"could(?: not|n['’]t) be delivered|(?:was|has) not (?:been )?delivered|pas pu [eê]tre d[eé]livr|has been postponed|no such user here|undeliverable|unable to deliver|delivery (?:has )?failed|failed permanently"
    r"|did not reach the following|(?:^|\n)\s*error message below|requested action not taken|transcript of session"
    r"|following (?:address|recipient)|permanent (?:fatal )?error|failure reasons|<<< [45]\d\d|message delivery failed",
    re.IGNORECASE,
)
_LIST_REFUSAL = re.compile(
    r"loop alert|not (?:a )?member|duplicated message-id|permission denied|cannot (?:post|be posted)|too (?:big|large)|rejected",
    re.IGNORECASE,
)
"""What the list manager fml answers instead of posting."""
_DONE = frozenset({"delivered", "relayed", "expanded", "deliverable", "success"})


def failures(report: Report, depth: int = 0) -> Found | None:
    """What a report says and the rule that found it; None where the message is no delivery report."""
    if fields := from_blocks(report.blocks, report.words):
        return tuple(_completed(each, report) for each in fields), "delivery-status"
    if not looks_automatic(report):
        return None
    found, rule = from_text(report)
    if rule == "words" and depth < 2 and (inner := inner_report(report)) and (nested := failures(inner, depth + 1)):
        return nested[0], f"nested:{nested[1]}"
    return found, rule


def looks_automatic(report: Report) -> bool:
    """Whether a mail system rather than a person wrote it: its sender, its headers, or its subject say so."""
    headers = report.mail.headers
    if report.blocks or "x-failed-recipients" in headers:
        return True
    if report.mail.params.get("report-type", "").lower() == "delivery-status":
        return True
    if "x-mlserver" in headers and _LIST_REFUSAL.search(f"{headers.get('subject')}\n{report.words[:500]}"):
        return True
    writer = headers.raw("from").partition("(")[0].strip().strip("<>")
    senders = [*headers.addresses("from")[:1], writer]
    robot = any(_ROBOT.match(each) for each in senders) or bool(_ROBOT_NAME.search(headers.get("from")))
    empty = headers.raw("return-path").replace(" ", "") == "<>"
    subject = bool(_SUBJECT.search(headers.get("subject")))
    told = bool(_WORDS.search(report.words[:3000]))
    daemon = any("daemon" in each.lower() for each in senders)
    ours = bool(set(report.returned.addresses("from")) & set(headers.addresses("to"))) and "references" not in headers
    return daemon or (robot and (subject or told or empty)) or (told and (subject or ours or empty)) or (subject and empty)


def recipients_of(found: tuple[Failure, ...]) -> tuple[Recipient, ...]:
    """The ones not reached, judged; delivered ones are left out."""
    return tuple(dict.fromkeys(judge(each) for each in found if each.action not in _DONE and each.status[:1] != "2"))


def _completed(failure: Failure, report: Report) -> Failure:
    """Where the fields do not say why, what the words say of that recipient."""
    if failure.diagnostic:
        return failure
    return replace(failure, context=section_of(report, failure.address))
