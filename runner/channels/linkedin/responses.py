"""What LinkedIn's answers mean: the table, as data. docs/linkedin.md prints it; a test walks every row over HTTP.

The first row that matches decides. After the gate only a definite refusal by LinkedIn means that nothing went out;
whatever no row knows is UNKNOWN. Statuses and codes are those that users of the package reported and that browser
clients of Voyager handle (linkedin-api issues 270, 329, 353, 455 and 493; LinkedIn help a550555, a551012), and for the
official API those of Microsoft Learn, LinkedIn API error handling.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from runner.channels.linkedin.exchange import Exchange, Failure, Shape


class Verdict(Enum):
    """What an answer means for the invitation or message, or for the account."""

    SENT = "sent"
    ALREADY_PENDING = "already pending"
    ALREADY_CONNECTED = "already connected"
    NOT_CONNECTED = "not connected"
    REFUSED = "failed for this person"
    NOTE_LIMITED = "no notes left"
    LIMITED = "account limited"
    SESSION_EXPIRED = "session expired"
    CHALLENGE = "challenge"
    DENIED = "denied"
    ENDPOINT_GONE = "endpoint gone"
    NOT_ALLOWED = "not allowed"
    UNREACHED = "unreached"
    READ = "read"
    UNKNOWN = "unknown"


class Act(Enum):
    """What was asked for."""

    CONNECT = "connect"
    MESSAGE = "message"
    READ = "read"


POSTS = frozenset({Act.CONNECT, Act.MESSAGE})
ANY = frozenset(Act)
REDIRECTS = range(300, 400)


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table. Every part that is set must match; `markers` are looked for in `Exchange.text`.

    `name` identifies the row in tests and in the log; `reason` is the slug that reports show; `says` explains it.
    """

    name: str
    verdict: Verdict
    reason: str
    says: str
    acts: frozenset[Act] = ANY
    statuses: range | tuple[int, ...] | None = None
    shapes: frozenset[Shape] | None = None
    markers: tuple[str, ...] = ()
    failure: Failure | None = None
    session_ended: bool = False

    def matches(self, act: Act, exchange: Exchange) -> bool:
        """Whether this row speaks about `exchange`."""
        return (
            act in self.acts
            and self.failure is exchange.failure
            and (self.statuses is None or exchange.status in self.statuses)
            and (self.shapes is None or exchange.shape in self.shapes)
            and (not self.session_ended or exchange.session_ended)
            and (not self.markers or any(marker in exchange.text for marker in self.markers))
        )


_CHALLENGE = ("checkpoint/challenge", "/checkpoint/", "captcha", "challenge_url", "security verification")
_LOGIN = ("/uas/login", "/login", "authwall", "session_password", "session_redirect", "csrf check failed")
_HTML = frozenset({Shape.HTML})
_DATA = frozenset({Shape.JSON})
_NOT_HTML = frozenset(Shape) - _HTML
_CONNECT, _MESSAGE, _READ = frozenset({Act.CONNECT}), frozenset({Act.MESSAGE}), frozenset({Act.READ})
_LIMIT_CODES = ("custom_invite_limit_reached",)
_WEEKLY_CODES = ("cant_invite_connection_limit_reached", "max_invitation_sent", "invitation_limit")

TABLE: tuple[Row, ...] = (
    Row("unreached", Verdict.UNREACHED, "unreached", "no connection was made, so nothing left this machine",
        failure=Failure.UNREACHED),
    Row("timeout", Verdict.UNKNOWN, "timeout_after_send", "no answer in time; the request may have been carried out",
        failure=Failure.TIMED_OUT),
    Row("broken", Verdict.UNKNOWN, "connection_lost", "the connection broke after the request went out",
        failure=Failure.BROKEN),
    Row("session_ended", Verdict.SESSION_EXPIRED, "session_expired", "LinkedIn took the session cookie away",
        statuses=(*REDIRECTS, *range(400, 500)), session_ended=True),
    Row("redirect_challenge", Verdict.CHALLENGE, "challenge", "sent to a security check", statuses=REDIRECTS,
        markers=_CHALLENGE),
    Row("redirect_login", Verdict.SESSION_EXPIRED, "session_expired", "sent to the login page", statuses=REDIRECTS,
        markers=_LOGIN),
    Row("redirect_loop", Verdict.SESSION_EXPIRED, "redirect_loop", "sent round in circles, as an ended session is",
        statuses=(301, 302, 307, 308), markers=("/voyager/api/",)),
    Row("redirect_other", Verdict.UNKNOWN, "redirected", "sent to a page that says nothing", statuses=REDIRECTS),
    Row("denied", Verdict.DENIED, "request_denied", "999: LinkedIn takes this client for a robot", statuses=(999,)),
    Row("challenge_body", Verdict.CHALLENGE, "challenge", "a security check instead of an answer",
        statuses=(*range(200, 300), *range(400, 500)), shapes=frozenset({Shape.HTML, Shape.OTHER}),
        markers=_CHALLENGE),
    Row("challenge_code", Verdict.CHALLENGE, "challenge", "an error that names a security check",
        statuses=range(400, 500), shapes=_DATA, markers=("challenge",)),
    Row("login_page", Verdict.SESSION_EXPIRED, "session_expired", "the login page instead of an answer",
        statuses=(*range(200, 300), *range(400, 500)), shapes=_HTML, markers=_LOGIN),
    Row("unauthorized", Verdict.SESSION_EXPIRED, "session_expired", "the session cookie is not valid any more",
        statuses=(401,)),
    Row("csrf", Verdict.SESSION_EXPIRED, "csrf_failed", "JSESSIONID does not belong to li_at", statuses=(403,),
        markers=("csrf check failed",)),
    Row("pending", Verdict.ALREADY_PENDING, "already_pending", "an invitation is out, or one was withdrawn lately",
        _CONNECT, (*range(200, 300), 400, 409, 422), markers=("cant_resend_yet", "already_invited")),
    Row("connected", Verdict.ALREADY_CONNECTED, "already_connected", "no invitation is needed", _CONNECT,
        (*range(200, 300), 400, 409, 422), markers=("already_connected",)),
    Row("note_limit", Verdict.NOTE_LIMITED, "note_limit", "no personal notes left this month", _CONNECT,
        (400, 403, 422, 429, 500), markers=_LIMIT_CODES),
    Row("weekly_limit", Verdict.LIMITED, "invitation_limit", "no invitations left this week", _CONNECT,
        (400, 403, 422, 429, 500), markers=_WEEKLY_CODES),
    Row("restricted", Verdict.LIMITED, "restricted", "LinkedIn wants the account confirmed or restricts it", POSTS,
        (400, 403, 422), markers=("primary_handle_not_confirmed", "account_restricted")),
    Row("too_many", Verdict.LIMITED, "too_many_requests", "too many requests", statuses=(429,)),
    Row("gone", Verdict.ENDPOINT_GONE, "endpoint_gone", "LinkedIn has removed this call", statuses=(410,)),
    Row("not_acceptable", Verdict.ENDPOINT_GONE, "endpoint_changed", "LinkedIn does not know this form of the call",
        statuses=(406,)),
    Row("version_gone", Verdict.ENDPOINT_GONE, "endpoint_changed", "LinkedIn serves this `api_version` no longer",
        statuses=(426,)),
    Row("no_permission", Verdict.NOT_ALLOWED, "no_permission", "the token's application may not make this call",
        statuses=(403,), markers=("not enough permissions",)),
    Row("invited", Verdict.SENT, "sent", "the invitation is out", _CONNECT, (200, 201), _DATA),
    Row("invited_created", Verdict.SENT, "sent", "the invitation is out", _CONNECT, (201,), _NOT_HTML),
    Row("messaged", Verdict.SENT, "sent", "the message is in the conversation", _MESSAGE, (201,),
        _NOT_HTML),
    Row("read", Verdict.READ, "read", "an answer", _READ, (200,), _DATA),
    Row("not_connected", Verdict.NOT_CONNECTED, "not_connected", "only connections can be written to", _MESSAGE,
        (400, 403, 422), markers=("not_connected", "not_first_degree", "recipient_not_connected")),
    Row("inaccessible", Verdict.REFUSED, "profile_inaccessible", "LinkedIn does not let this account reach the person",
        POSTS, (403,)),
    Row("no_profile", Verdict.REFUSED, "profile_not_found", "there is no such profile", POSTS, (404,)),
    Row("note_too_long", Verdict.REFUSED, "note_too_long", "the note is longer than this account may write", _CONNECT,
        (400, 413, 422), markers=("message_too_long", "custom_message")),
    Row("message_too_long", Verdict.REFUSED, "message_too_long", "the message is longer than LinkedIn takes", _MESSAGE,
        (400, 413, 422), markers=("message_too_long",)),
    Row("refused", Verdict.REFUSED, "refused", "LinkedIn refused it", POSTS, (400, 409, 413, 422), _DATA),
    Row("unreadable", Verdict.ENDPOINT_GONE, "endpoint_gone", "this call is not answered any more", _READ,
        range(400, 500)),
    Row("unknown", Verdict.UNKNOWN, "unexpected_answer", "an answer that proves nothing"),
)  # fmt: skip


def judge(act: Act, exchange: Exchange) -> Row:
    """The row that decides what `exchange` means for `act`."""
    return next(_matching(act, exchange), TABLE[-1])


def _matching(act: Act, exchange: Exchange) -> Iterator[Row]:
    return (row for row in TABLE if row.matches(act, exchange))
