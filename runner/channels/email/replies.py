"""What a server's answer means: the first row of the table that fits, else the rule of the phase and the first digit.

RFC 5321 section 4.2.1: 4yz may succeed later, 5yz will not. RFC 3463: the enhanced code says whose fault it is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum

from runner.channels.email.smtp_wire import Reply


class Phase(Enum):
    """Where in the dialogue an answer came; DOT is the answer to the final dot."""

    CONNECT = "connect"
    GREETING = "greeting"
    EHLO = "ehlo"
    STARTTLS = "starttls"
    AUTH = "auth"
    RESET = "reset"
    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"
    BODY = "body"
    DOT = "dot"


class Verdict(Enum):
    """What an answer means for the person, the message or the account."""

    SENT = "sent"
    ADDRESS_DEAD = "address_dead"
    ADDRESS_FAILED = "address_failed"
    MESSAGE_FAILED = "message_failed"
    RETRY = "retry"
    GREYLISTED = "greylisted"
    LIMITED = "limited"
    AUTH = "auth"
    CONFIG = "config"
    CONNECTION = "connection"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Meaning:
    """What an answer means: `reason` is the slug of the outcome, `advice` is for people, `after` the least wait."""

    verdict: Verdict
    reason: str
    advice: str
    after: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table. Empty `codes`, `enhanced` or `words` fit anything; `example` is an answer that fits.

    `codes` are basic codes, `enhanced` a pattern over the enhanced code, `words` over the text, without case.
    """

    name: str
    phases: frozenset[Phase]
    meaning: Meaning
    example: str
    source: str
    codes: frozenset[int] = frozenset()
    enhanced: re.Pattern[str] | None = None
    words: re.Pattern[str] | None = None

    def fits(self, phase: Phase, reply: Reply) -> bool:
        """Whether this row speaks about `reply` in `phase`."""
        return (
            phase in self.phases
            and (not self.codes or reply.code in self.codes)
            and (self.enhanced is None or self.enhanced.fullmatch(reply.enhanced) is not None)
            and (self.words is None or self.words.search(reply.text) is not None)
        )


ACCOUNT_PHASES = frozenset(
    {Phase.CONNECT, Phase.GREETING, Phase.EHLO, Phase.STARTTLS, Phase.AUTH, Phase.RESET, Phase.MAIL}
)
"""Before a recipient was named, every trouble is the account's."""

_BUSY = Meaning(Verdict.CONNECTION, "server_busy", "the server asks for patience before any recipient was named")
_REFUSED = Meaning(Verdict.CONFIG, "server_refuses", "the server does not serve this account; ask its operator")
_AUTH = Meaning(Verdict.AUTH, "login_refused", "check user name and password, or consent again for OAuth")
_TEMPORARY = Meaning(Verdict.RETRY, "temporary", "the receiving side asks to try again later")
_ADDRESS = Meaning(Verdict.ADDRESS_FAILED, "recipient_refused", "the recipient was refused, not as an unknown address")
_MESSAGE = Meaning(Verdict.MESSAGE_FAILED, "message_refused", "the message was refused, not the address")
_SENT = Meaning(Verdict.SENT, "accepted", "")
_ODD = Meaning(Verdict.UNKNOWN, "odd_reply", "the answer to the final dot is neither yes nor no")


def meaning_of(phase: Phase, reply: Reply, table: tuple[Row, ...]) -> Meaning:
    """What `reply` in `phase` means."""
    if phase is Phase.DOT and not 400 <= reply.code < 600:
        return _SENT if reply.code == 250 else _ODD
    row = row_for(phase, reply, table)
    return row.meaning if row is not None else _by_digit(phase, reply)


def row_for(phase: Phase, reply: Reply, table: tuple[Row, ...]) -> Row | None:
    """The first row that fits, None where only the general rule applies."""
    return next((row for row in table if row.fits(phase, reply)), None)


def _by_digit(phase: Phase, reply: Reply) -> Meaning:
    temporary = reply.code < 500
    match phase:
        case Phase.AUTH if not temporary:
            return _AUTH
        case Phase.RCPT:
            return _TEMPORARY if temporary else _ADDRESS
        case Phase.DATA | Phase.BODY | Phase.DOT:
            return _TEMPORARY if temporary else _MESSAGE
        case _:
            return _BUSY if temporary else _REFUSED
