"""Whether a message is a bounce, for whom, and what follows (RFC 3464, RFC 3463 and thirty years of other forms)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from runner.channels.email.bounce_fields import command_of, from_blocks, reply_code, status_in
from runner.channels.email.bounce_reasons import by_words, judge
from runner.channels.email.bounce_report import Report, inner_report
from runner.channels.email.bounce_text import from_text, said_of_each
from runner.channels.email.judgement import Failure, Recipient
from runner.channels.email.parse_headers import addresses_in
from runner.channels.email.wordlists import any_of

Found = tuple[tuple[Failure, ...], str]

_ROBOT = re.compile(rf"^(?:{any_of('bounce_senders')})(?:[+=._-][^@]*)?(?:@|$)", re.IGNORECASE)
_ROBOT_NAME = re.compile(any_of("bounce_sender_names"), re.IGNORECASE)
_SUBJECT = re.compile(rf"^\W{{0,3}}(?:(?:fwd?|wg|tr|rv)\s?:\s?)?(?:{any_of('bounce_subjects')})", re.IGNORECASE)
_TOLD = re.compile(any_of("bounce_told"), re.IGNORECASE)
_LIST_REFUSAL = re.compile(
    r"loop alert|not (?:a )?member|duplicated message-id|permission denied|cannot (?:post|be posted)|too (?:big|large)"
    r"|rejected",
    re.IGNORECASE,
)
"""What the list manager fml answers instead of posting."""
FEW, SHORT = 10, 400
"""From how many recipients of one report on only so many characters of each are read."""
_DONE = frozenset({"delivered", "relayed", "expanded", "deliverable", "success"})


def failures(report: Report, depth: int = 0) -> Found | None:
    """What a report says and the rule that found it; None where the message is no delivery report."""
    if fields := from_blocks(report.blocks, report.words):
        said = said_of_each(report) if len(fields) > 1 or not fields[0].diagnostic else {}
        return tuple(_completed(each, report.words, said) for each in fields), "delivery-status"
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
    told = bool(_TOLD.search(report.words[:3000]))
    daemon = any("daemon" in each.lower() for each in senders)
    returns = "received" in report.returned or "return-path" in report.returned
    ours = bool(set(report.returned.addresses("from")) & set(headers.addresses("to"))) and "references" not in headers
    coded = bool(reply_code(report.words[:3000]) or status_in(report.words[:3000]))
    machine = robot or empty or returns or coded or "auto-submitted" in headers or _names_another(report)
    nobody = empty and headers.raw("from").strip() == "<>"  # no person's mail program writes as nobody
    return (
        daemon
        or (nobody and (told or coded or by_words(report.words) is not None))
        or (robot and (subject or told or empty or returns))
        or (told and ((subject and machine) or ours or empty))
        or (subject and empty)
    )


def _names_another(report: Report) -> bool:
    """Whether a message that starts a thread names an address that is neither its writer's nor ours."""
    headers = report.mail.headers
    known = {*headers.addresses("from"), *headers.addresses("to")}
    return "in-reply-to" not in headers and bool(set(addresses_in(report.words[:3000])) - known)


def recipients_of(found: tuple[Failure, ...]) -> tuple[Recipient, ...]:
    """The ones not reached, judged; delivered ones are left out.

    Where there are many, less is read of each, so that a hostile report takes no longer than a long one.
    """
    failed = [each for each in found if each.action not in _DONE and each.status[:1] != "2"]
    if len(failed) > FEW:
        short = ((each.diagnostic[:SHORT], each.context[:SHORT], each) for each in failed)
        failed = [replace(each, diagnostic=diagnostic, context=context) for diagnostic, context, each in short]
    return tuple(dict.fromkeys(judge(each) for each in failed))


def reached_somebody(report: Report) -> bool:
    """Whether a report says of any recipient that the message arrived."""
    return any(each.action in _DONE for each in from_blocks(report.blocks))


def _completed(failure: Failure, words: str, said: Mapping[str, str]) -> Failure:
    """Where the fields do not say why, or at which command, what the words say of that recipient."""
    own = said.get(failure.address)
    if not failure.diagnostic:
        return replace(failure, context=words if own is None else own)
    if own is None:
        return failure
    return replace(failure, command=command_of(failure.diagnostic) or command_of(own))
