"""How the LinkedIn stand-in words each fault."""

from __future__ import annotations

from dataclasses import dataclass, replace

from runner.sandbox import linkedin_wire as wire
from runner.sandbox.linkedin_fates import Fault


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back. Without a status the connection is closed: at once, or after a while when `taken`."""

    status: int | None
    body: wire.Json | bytes | None = None
    headers: tuple[tuple[str, str], ...] = ()
    taken: bool = False
    drips: bool = False


_DELETED = ("Set-Cookie", "li_at=delete me; Path=/; Max-Age=0")

_PLAIN: dict[Fault, Answer] = {
    Fault.UNAUTHORIZED: Answer(401, wire.error(401, message="Unauthorized")),
    Fault.FORBIDDEN: Answer(403, wire.error(403, message="This profile can't be accessed")),
    Fault.NOT_FOUND: Answer(404, wire.error(404, message="Not found")),
    Fault.NOT_ACCEPTABLE: Answer(406, wire.error(406)),
    Fault.GONE: Answer(410, wire.error(410, message="This resource is not available")),
    Fault.SERVER_ERROR: Answer(500, wire.error(500)),
    Fault.DENIED: Answer(999, b"<html><body>Request denied</body></html>"),
    Fault.NOTE_LIMIT: Answer(429, wire.error(429, "CUSTOM_INVITE_LIMIT_REACHED")),
    Fault.TOO_MANY: Answer(429, wire.error(429)),
    Fault.WEEKLY_LIMIT: Answer(429, wire.error(429, "CANT_INVITE_CONNECTION_LIMIT_REACHED")),
    Fault.RETRY_AFTER: Answer(429, wire.error(429), (("Retry-After", "7200"),)),
    Fault.CHALLENGE: Answer(302, b"", (("Location", "/checkpoint/challenge/AgE?ut=1"),)),
    Fault.CHECKPOINT: Answer(403, wire.CAPTCHA_PAGE, (("Content-Type", "text/html"),)),
    Fault.LOGIN_PAGE: Answer(200, wire.LOGIN_PAGE, (("Content-Type", "text/html"),)),
    Fault.ENDS_SESSION: Answer(302, b"", (("Location", "/uas/login?session_redirect=%2Ffeed"), _DELETED)),
    Fault.GARBAGE: Answer(200, b"upstream connect error or disconnect before headers"),
    Fault.LOST_BEFORE_SEND: Answer(None),
}


def fault_answer(fault: Fault, taken: Answer | None, path: str = "") -> Answer:
    """The answer of a fault; `taken` is what would have been answered to something that was taken."""
    match fault:
        case Fault.REDIRECT:
            return Answer(302, b"", (("Location", path),))
        case Fault.TIMEOUT_AFTER_SEND:
            return Answer(None, taken=True)
        case Fault.DRIPS:
            return Answer(201, taken=True, drips=True)
        case Fault.HUGE:
            return _huge(taken or Answer(201, {}))
        case _:
            return _PLAIN[fault]


def _huge(answer: Answer) -> Answer:
    body = answer.body if isinstance(answer.body, dict) else {}
    return replace(answer, body=body | {"padding": "x" * 5_000_000})
