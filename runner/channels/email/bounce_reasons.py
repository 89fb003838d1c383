"""From what a mail system said to a reason, and from the reason to whether the address is dead."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

from runner.channels.email.judgement import Failure, Recipient

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

_URL = re.compile(r"https?://\S{1,300}", re.IGNORECASE)
_ADDRESS = re.compile(r"<?[^\s<>()\[\]\",;:@]{1,128}@[A-Za-z0-9][A-Za-z0-9.-]{0,253}>?")
_NO_ADDRESS_GIVEN = re.compile(r"55\d[ -]*(?:5\.\d\.\d+ )?:\s*user unknown", re.IGNORECASE)
_DOCOMO = re.compile(r"unknown user <?[^\s@]{1,80}@[^\s@]{0,60}(?:docomo|mineo|ntt)\b", re.IGNORECASE)
_ABSENT_ACCOUNT = re.compile(r"doesn'?t have an? \S{1,80} account \(\S{1,200}\) \[-\d+\]", re.IGNORECASE)


def judge(failure: Failure) -> Recipient:
    """One failure with its reason and whether the address is dead."""
    reason = reason_of(failure)
    return Recipient(
        failure.address, reason in HARD and failure.action != "delayed", failure.status, failure.code, reason,
        failure.diagnostic[:1000], failure.action == "delayed",
    )  # fmt: skip


def reason_of(failure: Failure) -> str:
    """Why it failed: a slug, `undefined` where nothing says."""
    said = by_words(failure.diagnostic)
    if said is None and not _telling(failure.status):
        said = by_words(failure.context) if failure.context != failure.diagnostic else None
    if said == "userunknown" or (said is None and _detail(failure.status) == "1.1"):
        return _unknown_or_filtered(failure)
    return said or OF_STATUS.get(_detail(failure.status)) or ("onhold" if failure.diagnostic else "undefined")


def by_words(text: str) -> str | None:
    """The reason that the words of a reply give, None where they give none."""
    plain = _ADDRESS.sub("<@>", _URL.sub(" ", text[:3000])).replace("’", "'")
    plain = " ".join(plain.split())
    return next((reason for reason, pattern in _patterns() if pattern.search(plain)), None)


def _unknown_or_filtered(failure: Failure) -> str:
    """Whether nobody is there, or somebody whose filter says so: a refusal after the message was seen is a filter's."""
    text = failure.diagnostic or failure.context
    if _NO_ADDRESS_GIVEN.search(text) or _DOCOMO.search(text) or _ABSENT_ACCOUNT.search(text):
        return "filtered"
    detail = _detail(failure.status)
    if detail in ("1.1", "1.0", "1.3", "1.10", "1.6"):
        return "userunknown"
    if failure.command == "DATA" or (detail == "2.1" and failure.command != "RCPT"):
        return "filtered"
    return "userunknown"


def _detail(status: str) -> str:
    return status.partition(".")[2]


def _telling(status: str) -> bool:
    return _detail(status) not in ("", "0.0", "5.0", "1.0", "2.0", "3.0", "4.0")


@cache
def _patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    text = files("runner.channels.email").joinpath("words", "bounce_reasons.txt").read_text(encoding="utf-8")
    lines = (line for line in text.splitlines() if line and not line.startswith("#"))
    pairs = (line.partition(" = ") for line in lines)
    return tuple((reason, re.compile(pattern, re.IGNORECASE)) for reason, _, pattern in pairs)
