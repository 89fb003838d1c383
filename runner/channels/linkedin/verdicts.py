"""From a verdict to an outcome: what the engine does next, and what a person is told to do."""

from __future__ import annotations

from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import assert_never

from runner.channels.linkedin.exchange import Exchange
from runner.channels.linkedin.responses import Row, Verdict
from runner.engine.outcomes import (
    AccountTrouble,
    AlreadyConnected,
    Failed,
    NotConnected,
    Outcome,
    Sent,
    Trouble,
    Unknown,
)

AFTER_LIMIT = timedelta(hours=5)
AFTER_INVITATION_LIMIT = timedelta(hours=24)
"""How long an action rests where LinkedIn names no time: what vendors of LinkedIn tools wait (GetSales, 2026)."""

STOP_AT_ONCE = frozenset({Verdict.SESSION_EXPIRED, Verdict.CHALLENGE, Verdict.DENIED, Verdict.ENDPOINT_GONE,
                          Verdict.NOT_ALLOWED})  # fmt: skip
"""After these the next call could only make it worse; a person has to resume the account. A limit has one more try."""

_LONGEST = timedelta(days=8)

HELP: dict[Verdict, str] = {
    Verdict.SESSION_EXPIRED: (
        "Sign in to LinkedIn in a browser, copy the cookies li_at and JSESSIONID into the variables or files the "
        "account names, then run `runner channels resume ACCOUNT`."
    ),
    Verdict.CHALLENGE: (
        "Open LinkedIn in a browser, pass the security check there, let the account rest for some days and lower its "
        "limits, then renew the cookies and run `runner channels resume ACCOUNT`."
    ),
    Verdict.DENIED: (
        "LinkedIn takes the account for a robot. Stop all automation, use the account by hand for a week or more; "
        "then run `runner channels resume ACCOUNT`, or set `provider: task`."
    ),
    Verdict.LIMITED: (
        "LinkedIn limits the account for now, often for a week. Lower the limits in its file; pending invitations "
        "older than three weeks are better withdrawn. It goes on by itself unless it is limited a second time."
    ),
    Verdict.NOTE_LIMITED: (
        "This month's personal notes are used up. Set `note: drop_if_needed` to invite without a note, or wait."
    ),
    Verdict.ENDPOINT_GONE: (
        "LinkedIn has changed or removed this call, and the package cannot make it any more. Set `provider: task` so "
        "that a person does this step, then run `runner channels resume ACCOUNT`."
    ),
    Verdict.NOT_ALLOWED: (
        "LinkedIn has not given the application the permission for this call. Ask its partner programme for it and "
        "renew the token, or set `provider: task`; then run `runner channels resume ACCOUNT`."
    ),
    Verdict.UNREACHED: "Check the network and the account's `base_url`; it is tried again by itself.",
}


def outcome_of(row: Row, exchange: Exchange, now: datetime) -> Outcome:
    """The outcome of an invitation or message that was answered by `exchange`."""
    detail = dict(exchange.evidence) | {"row": row.name}
    match row.verdict:
        case Verdict.SENT:
            return Sent(message_id=_event_id(exchange), provider_ref=_reference(exchange), detail=detail)
        case Verdict.ALREADY_PENDING:
            return Sent(detail=detail | {"already_pending": True})
        case Verdict.ALREADY_CONNECTED:
            return AlreadyConnected(detail)
        case Verdict.NOT_CONNECTED:
            return NotConnected(detail)
        case Verdict.REFUSED:
            return Failed(row.reason, _words(row, exchange), detail=detail)
        case Verdict.UNKNOWN | Verdict.READ:
            return Unknown(row.reason, _words(row, exchange), detail=detail)
        case (
            Verdict.NOTE_LIMITED | Verdict.LIMITED | Verdict.SESSION_EXPIRED | Verdict.CHALLENGE | Verdict.DENIED
            | Verdict.ENDPOINT_GONE | Verdict.NOT_ALLOWED | Verdict.UNREACHED
        ):  # fmt: skip
            return trouble_of(row, exchange, now)
    assert_never(row.verdict)


def trouble_of(row: Row, exchange: Exchange, now: datetime) -> AccountTrouble:
    """The account's trouble behind one of the verdicts in HELP."""
    detail = dict(exchange.evidence) | {"row": row.name, "help": HELP[row.verdict]}
    after = None
    stops = row.verdict in STOP_AT_ONCE
    match row.verdict:
        case Verdict.SESSION_EXPIRED:
            kind = Trouble.AUTH
        case Verdict.CHALLENGE | Verdict.DENIED:
            kind = Trouble.CHALLENGE
        case Verdict.LIMITED | Verdict.NOTE_LIMITED:
            kind, after = Trouble.LIMITED, retry_after(exchange, now) or _rest(row)
        case Verdict.ENDPOINT_GONE | Verdict.NOT_ALLOWED:
            kind = Trouble.CONFIG
        case _:
            kind = Trouble.CONNECTION
    return AccountTrouble(kind, row.reason, f"{_words(row, exchange)}. {HELP[row.verdict]}", after, detail, stops=stops)


def is_trouble(verdict: Verdict) -> bool:
    """Whether a verdict, seen while reading, means that the account must not go on."""
    return verdict in {Verdict.SESSION_EXPIRED, Verdict.CHALLENGE, Verdict.DENIED, Verdict.LIMITED}


def retry_after(exchange: Exchange, now: datetime) -> timedelta | None:
    """What a Retry-After header asks for (RFC 9110, 10.2.3), at most eight days; None without one."""
    text = exchange.headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit() and len(text) < 10:
        return min(timedelta(seconds=int(text)), _LONGEST)
    try:
        asked = parsedate_to_datetime(text) - now
    except (ValueError, TypeError):
        return None
    return min(max(asked, timedelta(0)), _LONGEST)


def _rest(row: Row) -> timedelta:
    return AFTER_INVITATION_LIMIT if row.reason in {"invitation_limit", "note_limit"} else AFTER_LIMIT


def _words(row: Row, exchange: Exchange) -> str:
    status = f"LinkedIn answered {exchange.status}" if exchange.status is not None else "LinkedIn did not answer"
    said = " ".join(part for part in (exchange.code, exchange.message) if part)
    return f"{status}: {row.says}" + (f" ({said})" if said else "")


def _event_id(exchange: Exchange) -> str | None:
    found = exchange.element("value", "eventUrn") or exchange.element("value", "backendEventUrn")
    return str(found) if found else None


def _reference(exchange: Exchange) -> str | None:
    found = (
        exchange.element("value", "conversationUrn")
        or exchange.element("data", "value", "invitationUrn")
        or exchange.element("value", "invitationUrn")
        or exchange.headers.get("x-restli-id")
    )
    return str(found) if found else None
