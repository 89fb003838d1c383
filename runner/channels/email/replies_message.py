"""Answers that are about the message or the sender's reputation: refused by policy, as spam, for its size or form.

They never count against the address.
"""

from __future__ import annotations

from runner.channels.email.replies import Phase, Verdict
from runner.channels.email.replies_rows import (
    BLOCKLISTS,
    GOOGLE,
    HOUR,
    MICROSOFT,
    OF_MESSAGE,
    RFC3463,
    SES,
    TO_PERSON,
    YAHOO,
    meaning,
    row,
)

_FINAL = range(500, 600)
_SPAM = meaning(Verdict.MESSAGE_FAILED, "spam_refused", "the message was taken for spam: look at text and reputation")
_BLOCKED = meaning(Verdict.MESSAGE_FAILED, "blocklisted", "the sending server or domain is on a blocklist")
_UNSIGNED = meaning(
    Verdict.MESSAGE_FAILED, "not_authenticated", "SPF, DKIM or DMARC of the sending domain fails: run `runner doctor`"
)
_POLICY = meaning(Verdict.MESSAGE_FAILED, "policy", "the receiving side's policy refuses the message")
_NO_POINTER = meaning(Verdict.MESSAGE_FAILED, "no_reverse_dns", "the sending server has no reverse name")
_TOO_LARGE = meaning(Verdict.MESSAGE_FAILED, "message_too_large", "the message is larger than the server takes")
_FORM = meaning(Verdict.MESSAGE_FAILED, "message_form", "the server finds the message badly formed")
_UNSUPPORTED = meaning(Verdict.MESSAGE_FAILED, "not_supported", "the server lacks something that the message needs")
_SPAM_LATER = meaning(Verdict.RETRY, "deferred_reputation", "deferred because of the sender's reputation", HOUR)
_CONTENT_LATER = meaning(Verdict.RETRY, "temporary", "the server is busy or cannot check now")

POLICY_ROWS = (
    row("microsoft_s3150", _BLOCKED, "550 5.7.1 messages from [192.0.2.1] weren't sent; part of their network is on our"
        " block list (S3150).", MICROSOFT, phases=TO_PERSON, codes=_FINAL, words=r"\(S3\d{3}\)"),
    row("blocklist", _BLOCKED, "554 5.7.1 Service unavailable; Client host blocked using zen.spamhaus.org",
        "Spamhaus: how blocklists answer", phases=TO_PERSON, codes=_FINAL,
        words=BLOCKLISTS),
    row("google_unauthenticated", _UNSIGNED, "550-5.7.26 This mail has been blocked because the sender is"
        " unauthenticated.", GOOGLE, phases=TO_PERSON, codes=_FINAL, enhanced=r"5\.7\.2[0-46-7]|5\.7\.3[01]"),
    row("google_no_pointer", _NO_POINTER, "550-5.7.25 The IP address sending this message does not have a PTR record",
        GOOGLE, phases=TO_PERSON, codes=_FINAL, enhanced=r"5\.7\.25"),
    row("google_unsigned_later", _SPAM_LATER, "421-4.7.26 This mail has been rate limited because it is"
        " unauthenticated", GOOGLE, phases=TO_PERSON, codes=(421, 450, 451), enhanced=r"4\.7\.(2[0-9]|3[0-2])"),
    row("microsoft_bulk", _UNSIGNED, "550 5.7.515 Access denied, sending domain lumen.example does not meet the"
        " required authentication level.", MICROSOFT, phases=TO_PERSON, codes=_FINAL, enhanced=r"5\.7\.5(15|09)"),
    row("dmarc_words", _UNSIGNED, "554 5.7.5 Permanent Error Evaluating DMARC policy", RFC3463, phases=TO_PERSON,
        codes=_FINAL, words=r"\b(dmarc|spf|dkim)\b"),
    row("yahoo_permanent", _SPAM, "553 5.7.2 [TSS09] All messages from 192.0.2.1 will be permanently deferred", YAHOO,
        phases=TO_PERSON, codes=_FINAL, words=r"permanently deferred"),
    row("yahoo_policy", _POLICY, "554 5.7.9 Message not accepted for policy reasons.", YAHOO, phases=TO_PERSON,
        codes=_FINAL, words=r"policy (reasons|violation)|by policy|local policy"),
    row("google_unsolicited", _SPAM, "550-5.7.1 Our system has detected that this message is likely unsolicited mail.",
        GOOGLE, phases=TO_PERSON, codes=_FINAL, words=r"unsolicited|\bspam|junk mail|bulk mail|virus|phish|malware"),
    row("spam_later", _SPAM_LATER, "421 4.7.0 message deferred: suspicious due to the nature of the content",
        GOOGLE, phases=TO_PERSON, codes=range(400, 500), words=r"reputation|suspicious|unsolicited|\bspam"),
    row("ses_suppressed", _POLICY, "554 Message rejected: Address is on the suppression list", SES, phases=TO_PERSON,
        codes=_FINAL, words=r"suppression list"),
)  # fmt: skip

FORM_ROWS = (
    row("size_code", _TOO_LARGE, "552 5.3.4 Message size exceeds fixed limit", "RFC 1870 section 6",
        phases=OF_MESSAGE, codes=_FINAL, enhanced=r"5\.(3\.4|2\.3)"),
    row("size_words", _TOO_LARGE, "552 Message is too long.", SES, phases=OF_MESSAGE, codes=(523, 550, 552, 554),
        words=r"too (large|long|big)|message( \S+)? size|exceeds( \S+){0,3} (size|maximum)"),
    row("form_code", _FORM, "550 5.6.11 SMTPSEND.BareLinefeedsAreIllegal", MICROSOFT, phases=TO_PERSON, codes=_FINAL,
        enhanced=r"5\.6\.\d+"),
    row("form_words", _FORM, "550 5.7.1 Messages missing a valid Message-ID header are not accepted.", GOOGLE,
        phases=TO_PERSON, codes=_FINAL, words=r"header|bare (lf|cr|linefeed)|not RFC ?[2-5]?[83]22"),
    row("parameter", _UNSUPPORTED, "555 5.5.4 Unsupported option: SMTPUTF8", "RFC 5321 section 4.1.1.11",
        phases=frozenset({Phase.MAIL, Phase.RCPT}), codes=(504, 555)),
    row("policy_code", _POLICY, "550 5.7.1 Message rejected", RFC3463, phases=TO_PERSON, codes=_FINAL,
        enhanced=r"5\.7\.\d+"),
    row("content_later", _CONTENT_LATER, "451 4.7.1 Content filter unavailable", RFC3463,
        phases=frozenset({Phase.DATA, Phase.BODY, Phase.DOT}), codes=range(400, 500)),
)  # fmt: skip
