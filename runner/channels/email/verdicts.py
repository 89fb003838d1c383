"""From what happened on the wire to an outcome; the one place where the dot divides `not sent` from `unknown`."""

from __future__ import annotations

import re
from typing import assert_never

from runner.channels.email.named_waits import named_wait
from runner.channels.email.oauth import ConsentNeeded
from runner.channels.email.replies import ACCOUNT_PHASES, Meaning, Phase, Verdict, meaning_of
from runner.channels.email.replies_table import TABLE
from runner.channels.email.smtp_session import Lost, Misfit, Refusal
from runner.channels.email.smtp_wire import Reply
from runner.engine.outcomes import AccountTrouble, Failed, Outcome, Sent, Trouble, TryAgain, Unknown
from runner.errors import ChannelUnavailable, MissingSecret

NotReady = Refusal | Lost | Misfit | MissingSecret | ConsentNeeded | ChannelUnavailable
_SES_HOST = re.compile(r"email-smtp(?:-fips)?\.([a-z0-9-]+)\.amazonaws\.com")
_SES_ANSWER = re.compile(r"\bOk ([0-9a-f]{10,20}-[0-9a-f-]{30,50})\b", re.IGNORECASE)
_OF_MESSAGE = frozenset({"smtputf8", "message_too_large"})


def before_the_dot(trouble: NotReady) -> Outcome:
    """What it means that a message did not get as far as its dot: in no case was it sent."""
    match trouble:
        case Refusal(phase=phase, reply=reply):
            return _outcome(phase, reply, meaning_of(phase, reply, TABLE))
        case Lost(phase=phase):
            return AccountTrouble(Trouble.CONNECTION, "connection", str(trouble), detail={"phase": phase.value})
        case Misfit(slug=slug) if slug in _OF_MESSAGE:
            return Failed(slug, str(trouble))
        case Misfit(slug=slug):
            return AccountTrouble(Trouble.CONFIG, slug, str(trouble))
        case ConsentNeeded():
            return AccountTrouble(Trouble.AUTH, "consent_needed", str(trouble))
        case MissingSecret():
            return AccountTrouble(Trouble.CONFIG, "missing_secret", str(trouble))
        case ChannelUnavailable():
            return AccountTrouble(Trouble.CONNECTION, "token_server", str(trouble))
        case _:
            assert_never(trouble)


def after_the_dot(reply: Reply, message_id: str, host: str = "") -> Outcome:
    """What the answer to the dot means: only a well-formed 4yz or 5yz says that it was not sent."""
    meaning = meaning_of(Phase.DOT, reply, TABLE)
    if meaning.verdict is Verdict.SENT:
        return Sent(message_id, replaced_id(host, reply), _detail(Phase.DOT, reply))
    return _outcome(Phase.DOT, reply, meaning)


def replaced_id(host: str, reply: Reply) -> str | None:
    """The Message-ID that Amazon SES puts in place of ours, which its answer tells; None for every other server.

    Source: Amazon SES developer guide, "Sending email using the SES SMTP interface".
    """
    region, found = _SES_HOST.fullmatch(host.lower()), _SES_ANSWER.search(reply.text)
    if region is None or found is None:
        return None
    domain = "email" if region[1] == "us-east-1" else region[1]
    return f"<{found[1]}@{domain}.amazonses.com>"


def lost_after_the_dot(error: Exception, message_id: str) -> Outcome:
    """The dot may have arrived and nobody said so."""
    return Unknown("no_answer_after_dot", f"{error}; the message may have been accepted", {"message_id": message_id})


def _outcome(phase: Phase, reply: Reply, meaning: Meaning) -> Outcome:
    said, detail = f"{meaning.advice} ({reply})", _detail(phase, reply)
    match meaning.verdict:
        case Verdict.ADDRESS_DEAD:
            return Failed(meaning.reason, said, hard=True, detail=detail)
        case Verdict.ADDRESS_FAILED | Verdict.MESSAGE_FAILED:
            return Failed(meaning.reason, said, detail=detail)
        case Verdict.RETRY | Verdict.GREYLISTED as verdict:
            named = [wait for wait in (meaning.after, named_wait(reply.text)) if wait is not None]
            greylisted = verdict is Verdict.GREYLISTED
            return TryAgain(meaning.reason, said, max(named, default=None), detail, greylisted)
        case Verdict.LIMITED:
            return AccountTrouble(Trouble.LIMITED, meaning.reason, said, meaning.after, detail)
        case Verdict.AUTH:
            return AccountTrouble(Trouble.AUTH, meaning.reason, said, meaning.after, detail)
        case Verdict.CONFIG:
            return AccountTrouble(Trouble.CONFIG, meaning.reason, said, meaning.after, detail)
        case Verdict.CONNECTION:
            return AccountTrouble(Trouble.CONNECTION, meaning.reason, said, meaning.after, detail)
        case Verdict.SENT | Verdict.UNKNOWN if phase is Phase.DOT:
            return Unknown(meaning.reason, said, detail)
        case Verdict.SENT | Verdict.UNKNOWN:
            return AccountTrouble(Trouble.CONNECTION, meaning.reason, said, detail=detail)
        case _:
            assert_never(meaning.verdict)


def _detail(phase: Phase, reply: Reply) -> dict[str, object]:
    return {
        "phase": phase.value,
        "code": reply.code,
        "enhanced": reply.enhanced,
        "reply": str(reply),
        "by_account": phase in ACCOUNT_PHASES,
    }
