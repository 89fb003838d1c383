"""Answers that are about the recipient: the address is dead, its mailbox is full, its server asks for patience.

Only an answer that says the address does not exist, by code and not by loose words, makes it dead for good.
"""

from __future__ import annotations

from runner.channels.email.replies import Phase, Verdict
from runner.channels.email.replies_rows import (
    DAY,
    GOOGLE,
    HOUR,
    MICROSOFT,
    POSTFIX,
    RFC3463,
    TO_PERSON,
    YAHOO,
    meaning,
    row,
)

_UNKNOWN = meaning(Verdict.ADDRESS_DEAD, "address_unknown", "nobody has this address")
_NO_DOMAIN = meaning(Verdict.ADDRESS_DEAD, "domain_unknown", "the address's domain takes no mail")
_DISABLED = meaning(Verdict.ADDRESS_DEAD, "address_disabled", "the mailbox was closed")
_MOVED = meaning(Verdict.ADDRESS_DEAD, "address_moved", "the person has another address now")
_SYNTAX = meaning(Verdict.ADDRESS_DEAD, "address_invalid", "the server says this is no valid address")
_FULL = meaning(Verdict.RETRY, "mailbox_full", "the mailbox is full", DAY)
_FULL_FINAL = meaning(Verdict.ADDRESS_FAILED, "mailbox_full", "the mailbox is full and the server gave up")
_GREY = meaning(Verdict.GREYLISTED, "greylisted", "the server wants to see the message again later")
_BUSY_BOX = meaning(Verdict.RETRY, "recipient_busy", "the recipient gets too much mail at the moment", HOUR)
_LATER = meaning(Verdict.RETRY, "temporary", "the receiving side asks to try again later")
_NO_ROUTE = meaning(Verdict.ADDRESS_FAILED, "not_routed", "no way to that domain's servers was found")
_TOO_MANY = meaning(Verdict.RETRY, "too_many_recipients", "the server wants fewer recipients at once", HOUR)

_WORDS_UNKNOWN = (
    r"(user|account|mailbox|recipient|address|addressee)( \S+){0,4} "
    r"(unknown|(does ?n.?t|does not|doesn.t|do not) exist|not found|not exist|invalid|is not known|has been disabled)"
    r"|(no such|unknown|invalid|non-?existent) (user|account|mailbox|recipient|address|person)"
    r"|no (mailbox|account|user)( \S+)? (here|by that name|with that name)"
)

DEAD_ROWS = (
    row("unknown_1_1", _UNKNOWN, "550-5.1.1 The email account that you tried to reach does not exist.", RFC3463,
        phases=TO_PERSON, codes=range(500, 600), enhanced=r"5\.1\.1"),
    row("domain_null_mx", _NO_DOMAIN, "556 5.1.10 Recipient address has a null MX", "RFC 7505 section 4.1",
        phases=TO_PERSON, codes=(556,)),
    row("unknown_microsoft", _UNKNOWN, "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found", MICROSOFT,
        phases=TO_PERSON, codes=range(500, 600), enhanced=r"5\.1\.10"),
    row("unknown_edge", _UNKNOWN, "550 5.4.1 Recipient address rejected: Access denied.", MICROSOFT,
        phases=TO_PERSON, codes=range(500, 600), enhanced=r"5\.4\.1", words=r"recipient address rejected"),
    row("unknown_outlook", _UNKNOWN, "550 5.5.0 Requested action not taken: mailbox unavailable (S2017062302).",
        MICROSOFT, phases=TO_PERSON, codes=(550,), enhanced=r"5\.5\.0", words=r"mailbox unavailable"),
    row("unknown_yahoo", _UNKNOWN, "554 delivery error: dd This user doesn't have a yahoo.com account (x@yahoo.com)",
        YAHOO, phases=TO_PERSON, codes=(550, 554), words=r"doesn.t have an? \S+ account"),
    row("disabled_yahoo", _DISABLED, "554 30 Sorry, your message cannot be delivered. This mailbox is disabled.",
        YAHOO, phases=TO_PERSON, codes=(554,), words=r"mailbox is disabled"),
    row("domain_1_2", _NO_DOMAIN, "550 5.1.2 <x@nowhere.example>: Recipient address rejected: Domain not found",
        RFC3463, phases=TO_PERSON, codes=range(500, 600), enhanced=r"5\.1\.2"),
    row("syntax_1_3", _SYNTAX, "553 5.1.3 The recipient address is not a valid RFC 5321 address.", RFC3463,
        phases=TO_PERSON, codes=range(500, 600), enhanced=r"5\.1\.3"),
    row("moved_1_6", _MOVED, "551 5.1.6 User has moved and left no forwarding address", RFC3463,
        phases=TO_PERSON, codes=range(500, 600), enhanced=r"5\.1\.6"),
    row("disabled_2_1", _DISABLED, "550 5.2.1 The email account that you tried to reach is disabled.", GOOGLE,
        phases=TO_PERSON, codes=range(500, 600), enhanced=r"5\.2\.1",
        words=r"disabled|inactive|closed|deactivated|does not exist|not exist|no longer|unknown"),
    row("unknown_words", _UNKNOWN, "550 No such user here", POSTFIX, phases=frozenset({Phase.RCPT}),
        codes=(550, 551, 553), enhanced=r"|5\.0\.0|5\.1\.0", words=_WORDS_UNKNOWN),
)  # fmt: skip

SOFT_ROWS = (
    row("full_temporary", _FULL, "452 4.2.2 The recipient's inbox is out of storage space.", GOOGLE, phases=TO_PERSON,
        codes=range(400, 500), enhanced=r"[45]\.2\.2"),
    row("full_temporary_words", _FULL, "452 <x@example.com> mailbox full", RFC3463, phases=TO_PERSON,
        codes=range(400, 500), words=r"(mailbox|inbox|quota|storage)( \S+){0,3} (full|exceeded|space)|over ?quota"),
    row("full_final", _FULL_FINAL, "552 5.2.2 The email account that you tried to reach is over quota.", GOOGLE,
        phases=TO_PERSON, codes=range(500, 600), enhanced=r"[45]\.2\.2"),
    row("full_final_words", _FULL_FINAL, "554 Mailbox full", RFC3463, phases=TO_PERSON, codes=range(500, 600),
        words=r"(mailbox|inbox)( \S+){0,2} full|over ?quota|quota exceeded"),
    row("busy_google", _BUSY_BOX, "450 4.2.1 The user you are trying to contact is receiving mail too quickly.", GOOGLE,
        phases=TO_PERSON, codes=(450, 550), enhanced=r"[45]\.2\.1", words=r"receiving mail (too quickly|at a rate)"),
    row("busy_microsoft", _LATER, "451 4.7.500 Server busy. Please try again later from 192.0.2.1.", MICROSOFT,
        phases=TO_PERSON, codes=(451,), enhanced=r"4\.7\.5\d\d"),
    row("grey_words", _GREY, "451 4.7.1 Greylisting in action, please come back later", POSTFIX, phases=TO_PERSON,
        codes=range(400, 500), words=r"gr[ea]y.?list|come back later|try again (in \d+|later)|please retry"),
    row("grey_codes", _GREY, "450 4.2.0 <x@example.com>: Recipient address rejected: deferred", POSTFIX,
        phases=frozenset({Phase.RCPT}), codes=(450, 451), enhanced=r"4\.2\.0|4\.7\.\d+"),
    row("many_recipients", _TOO_MANY, "452 4.5.3 Too many recipients", RFC3463, phases=TO_PERSON,
        codes=range(400, 500), enhanced=r"4\.5\.3"),
    row("lookup_failed", _LATER, "451 4.3.0 Temporary lookup failure", POSTFIX, phases=TO_PERSON,
        codes=range(400, 500), enhanced=r"4\.[34]\.\d+"),
    row("no_route", _NO_ROUTE, "550 5.4.4 Unable to route: no mail hosts for domain", RFC3463, phases=TO_PERSON,
        codes=range(500, 600), enhanced=r"5\.4\.[0-7]"),
)  # fmt: skip
