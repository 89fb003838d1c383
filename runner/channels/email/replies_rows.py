"""How a row of the reply table is written down."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import timedelta

from runner.channels.email.replies import Meaning, Phase, Row, Verdict

ANY = frozenset(Phase)
LOGIN = frozenset({Phase.EHLO, Phase.STARTTLS, Phase.AUTH, Phase.MAIL})
TO_PERSON = frozenset({Phase.RCPT, Phase.DATA, Phase.BODY, Phase.DOT})
OF_MESSAGE = frozenset({Phase.MAIL, Phase.RCPT, Phase.DATA, Phase.BODY, Phase.DOT})

RFC5321 = "RFC 5321 section 4.2"
RFC3463 = "RFC 3463 section 3"
RFC4954 = "RFC 4954 section 6"
GOOGLE = "Google Workspace Admin Help: Gmail SMTP errors and codes"
MICROSOFT = "Microsoft Learn: email non-delivery reports in Exchange Online"
YAHOO = "Yahoo Sender Hub: SMTP error codes"
SES = "Amazon SES developer guide: SMTP response codes"
POSTFIX = "Postfix: reject messages of smtpd and its policy tables"

BLOCKLISTS = (
    r"spamhaus|barracuda(central)?|spamcop|sorbs|uceprotect|invaluement|proofpoint\S* .*block"
    r"|block ?list|black ?list|blocked using|\brbl\b|dnsbl"
)
"""How an answer says that a list names the sender."""

DAY = timedelta(hours=24)
HOUR = timedelta(hours=1)


def meaning(verdict: Verdict, reason: str, advice: str, after: timedelta | None = None) -> Meaning:
    """A Meaning in fewer letters."""
    return Meaning(verdict, reason, advice, after)


def row(
    name: str,
    said: Meaning,
    example: str,
    source: str,
    *,
    phases: frozenset[Phase] = ANY,
    codes: Iterable[int] = (),
    enhanced: str = "",
    words: str = "",
) -> Row:
    """One row; `enhanced` and `words` are patterns, the first over the whole code, the second anywhere in the text."""
    return Row(
        name=name,
        phases=phases,
        meaning=said,
        example=example,
        source=source,
        codes=frozenset(codes),
        enhanced=re.compile(enhanced) if enhanced else None,
        words=re.compile(words, re.IGNORECASE) if words else None,
    )
