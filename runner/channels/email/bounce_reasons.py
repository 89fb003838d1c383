"""From what a mail system said to a reason, and from the reason to whether the address is dead."""

from __future__ import annotations

import re

from runner.channels.email.judgement import Failure, Recipient

HARD = frozenset({"userunknown", "hostunknown", "hasmoved", "notaccept"})


def judge(failure: Failure) -> Recipient:
    """One failure with its reason and whether the address is dead."""
    reason = reason_of(failure)
    return Recipient(
        failure.address, reason in HARD, failure.status, failure.code, reason, failure.diagnostic[:1000]
    )


def reason_of(failure: Failure) -> str:
    """Why it failed, one of REASONS."""
    if re.search(r"user unknown|unknown user|no such user|does not exist|invalid recipient|unknown recipient", failure.diagnostic, re.I):
        return "userunknown"
    return {"5.1.1": "userunknown", "5.1.2": "hostunknown", "5.2.2": "mailboxfull"}.get(failure.status, "undefined")
