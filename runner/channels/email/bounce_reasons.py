"""From what a mail system said to a reason, and from the reason to whether the address is dead."""

from __future__ import annotations

import re
from functools import cache, lru_cache

from runner.channels.email.bounce_fields import REPLY_CODE
from runner.channels.email.judgement import Failure, Recipient
from runner.channels.email.wordlists import any_of, pairs

HARD = frozenset({"userunknown", "hostunknown", "hasmoved", "notaccept"})
"""Reasons for which an address is never written to again."""

OF_STATUS = {
    "1.0": "rejected", "1.1": "userunknown", "1.2": "hostunknown", "1.3": "userunknown", "1.4": "userunknown",
    "1.6": "hasmoved", "1.7": "rejected", "1.8": "rejected", "1.9": "systemerror", "1.10": "userunknown",
    "2.0": "filtered", "2.1": "filtered", "2.2": "mailboxfull", "2.3": "exceedlimit", "2.4": "filtered",
    "3.0": "systemerror", "3.1": "systemerror", "3.2": "notaccept", "3.3": "systemerror", "3.4": "mesgtoobig",
    "3.5": "systemerror", "4.0": "networkerror", "4.1": "expired", "4.2": "networkerror", "4.3": "systemerror",
    "4.4": "hostunknown", "4.5": "networkerror", "4.6": "networkerror", "4.7": "expired", "5.3": "toomanyconn",
    "6.0": "contenterror", "6.1": "contenterror", "6.2": "contenterror", "6.3": "contenterror", "6.7": "contenterror",
    "7.0": "securityerror", "7.1": "securityerror", "7.2": "securityerror", "7.13": "suspend", "7.17": "hasmoved",
    "7.18": "hasmoved", "7.20": "authfailure", "7.22": "authfailure", "7.23": "authfailure", "7.24": "authfailure",
    "7.25": "requireptr", "7.26": "authfailure", "7.27": "notaccept",
}  # fmt: skip
"""RFC 3463 subject and detail, and those registered since (IANA, SMTP Enhanced Status Codes), for want of words."""

_VAGUE = frozenset({"rejected", "blocked", "systemerror", "onhold", "filtered", "securityerror", "policyviolation"})
"""Reasons that a reply's rest, or the words around it, may say more of."""
_TRANSCRIPT_GOES_ON = re.compile(r"-{4,}|<<< |>>> |\(expanded from")

_URL = re.compile(r"https?://\S{1,300}", re.IGNORECASE)
_ADDRESS = re.compile(r"<?[^\s<>()\[\]\",;:@]{1,128}@[A-Za-z0-9][A-Za-z0-9.-]{0,253}>?")
_SAID_FIRST = (
    ("suspend", re.compile(r"the user\(?s?\)? account is (?:disabled|temporarily limited)", re.IGNORECASE)),
    ("mailboxfull", re.compile(r"automatically rejected:\s{0,4}(?:not enough disk space|quota|over)", re.IGNORECASE)),
    ("filtered", re.compile(r"automatically rejected:", re.IGNORECASE)),
    ("rejected", re.compile(r"groups\.google\.com/support")),
)
"""Words around the fields that outweigh them: the fields of these systems say less than is known."""

_CATEGORY = {
    "bad-mailbox": "userunknown", "bad-domain": "hostunknown", "inactive-mailbox": "suspend",
    "quota-issues": "mailboxfull", "spam-related": "spamdetected", "virus-related": "virusdetected",
    "policy-related": "policyviolation", "message-expired": "expired", "relaying-issues": "norelaying",
    "no-answer-from-host": "networkerror", "routing-errors": "networkerror", "bad-connection": "networkerror",
    "content-related": "contenterror", "protocol-errors": "syntaxerror", "bad-configuration": "systemerror",
}  # fmt: skip
"""PowerMTA's bounce categories (X-PowerMTA-BounceCategory)."""

_FILTERED_WORDS = re.compile(
    r"55\d[ -]*(?:5\.\d\.\d+ )?:\s*user unknown|unknown user <?[^\s@]{1,80}@[^\s@]{0,60}(?:docomo|mineo|ntt)\b",
    re.IGNORECASE,
)
_ABSENT_ACCOUNT = re.compile(r"doesn'?t have an? \S{1,80} account", re.IGNORECASE)
_UNKNOWN_FOR_SURE = re.compile(any_of("unknown_for_sure"), re.IGNORECASE)
_PLAIN_UNKNOWN = re.compile(r"\b(?:user unknown|unknown user|no such user)\b", re.IGNORECASE)


def judge(failure: Failure) -> Recipient:
    """One failure with its reason and whether the address is dead."""
    reason = reason_of(failure)
    return Recipient(
        failure.address, reason in HARD and failure.action != "delayed", failure.status, failure.code, reason,
        failure.diagnostic[:1000], failure.action == "delayed",
    )  # fmt: skip


def reason_of(failure: Failure) -> str:
    """Why it failed: a slug, `undefined` where nothing says."""
    if failure.category in _CATEGORY:
        return _CATEGORY[failure.category]
    for reason, pattern in _SAID_FIRST:
        if pattern.search(failure.context):
            return reason
    said = _said(failure.diagnostic)
    if said is None and not _telling(failure.status):
        said = _said(failure.context) if failure.context != failure.diagnostic else None
    detail = _detail(failure.status)
    if said == "suspend" and detail == "1.1" and "inactive" in failure.diagnostic:
        return "userunknown"
    if said == "userunknown" or (said is None and detail == "1.1"):
        return _unknown_or_filtered(failure)
    return said or _by_status(failure.status) or ("onhold" if failure.diagnostic else "undefined")


def _said(text: str) -> str | None:
    """What the other server's own reply says, where one is quoted; else what the whole text says.

    A transcript goes on with what the reporting system made of that reply, often no more than `User unknown`: where the
    reply alone says something definite, that counts.
    """
    reply = REPLY_CODE.search(text)
    if reply is None:
        return by_words(text)
    quoted = text[reply.start() :]
    alone = by_words(_first_reply(quoted, reply[1]))
    return alone if alone is not None and alone not in _VAGUE else by_words(quoted) or by_words(text)


def _first_reply(quoted: str, code: str) -> str:
    """A reply with all its lines: up to another code, or to where a transcript goes on."""
    ends = [found.start() for found in REPLY_CODE.finditer(quoted) if found[1] != code]
    ends += [found.start() for found in _TRANSCRIPT_GOES_ON.finditer(quoted)]
    return quoted[: min(ends, default=len(quoted))]


@lru_cache(maxsize=256)
def by_words(text: str) -> str | None:
    """The reason that the words of a reply give, None where they give none."""
    plain = _ADDRESS.sub("<@>", _URL.sub(" ", text[:3000])).replace("\u2019", "'")
    plain = " ".join(plain.split())
    return next((reason for reason, pattern in _patterns() if pattern.search(plain)), None)


def _unknown_or_filtered(failure: Failure) -> str:
    """Whether nobody is there, or somebody whose filter says so.

    A refusal before or at RCPT is about the address. One that comes after the message was seen, or that does not say
    when it came, may be a filter's pretence: the message is lost, but the address is not called dead for it.
    """
    text = failure.diagnostic or failure.context
    detail = _detail(failure.status)
    if failure.category == "ses-inbound":
        return "filtered"  # a receipt rule of the recipient's own answers so, whoever is written to
    if _UNKNOWN_FOR_SURE.search(text):
        return "userunknown"
    if _FILTERED_WORDS.search(text) or (_ABSENT_ACCOUNT.search(text) and not failure.code):
        return "filtered"
    if detail in ("1.1", "1.0", "1.3", "1.10", "1.6") or failure.command == "RCPT":
        return "userunknown"
    if failure.command == "MAIL":
        return "rejected"
    vague = detail in ("", "0.0") and (bool(failure.code) or bool(_PLAIN_UNKNOWN.search(text)))
    return "filtered" if failure.command == "DATA" or detail in ("2.1", "2.0") or vague else "userunknown"


def _by_status(status: str) -> str | None:
    """The reason that a status alone gives; a temporary one about a host says nothing of the address."""
    reason = OF_STATUS.get(_detail(status))
    return "networkerror" if reason in ("hostunknown", "notaccept") and status.startswith("4") else reason


def _detail(status: str) -> str:
    return status.partition(".")[2]


def _telling(status: str) -> bool:
    return _detail(status) not in ("", "0.0", "5.0", "1.0", "2.0", "3.0", "4.0")


@cache
def _patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple((reason, re.compile(pattern, re.IGNORECASE)) for reason, pattern in pairs("bounce_reasons"))
