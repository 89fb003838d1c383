"""What the sandbox's sites answer: one small rule a site, on what was asked and what the site remembers."""

from __future__ import annotations

import json
import secrets
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.parser import BytesParser
from email.policy import HTTP
from urllib.parse import parse_qsl

from runner.sandbox import site_pages as pages

Fields = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """A request to a site. `path` is inside the site; `prefix` is what stands before it in an address."""

    site: str
    path: str
    prefix: str
    query: str
    method: str
    body: bytes
    content_type: str
    cookie: str = ""
    user_agent: str = ""
    accept: str = ""

    @property
    def charset(self) -> str:
        """The encoding this site's forms are sent in."""
        return "latin-1" if self.site == "latin1" else "utf-8"

    @property
    def fields(self) -> Fields:
        """What a form sent, in order."""
        if self.content_type.startswith("multipart/form-data"):
            return _multipart(self.content_type, self.body, self.charset)
        if self.content_type.startswith("application/json"):
            data = json.loads(self.body or b"{}")
            return tuple((str(k), str(v)) for k, v in data.items()) if isinstance(data, dict) else ()
        text = self.body.decode("ascii", "replace") if self.method == "POST" else self.query
        return tuple(parse_qsl(text, keep_blank_values=True, encoding=self.charset, errors="replace"))

    def value(self, name: str) -> str:
        """The first value sent under a name, "" when there is none."""
        return next((value for key, value in self.fields if key == name), "")


@dataclass(frozen=True, slots=True)
class Reply:
    """A site's answer; `submission` says that it answers a form, `accepted` that the message was kept."""

    body: bytes
    status: int = 200
    content_type: str = "text/html; charset=utf-8"
    headers: Fields = ()
    submission: bool = False
    accepted: bool = False
    note: str = ""
    wait: float = 0.0


@dataclass(slots=True)
class Memory:
    """What the sites know between requests: tokens given out, and when a page was served."""

    slow_seconds: float = 5.0
    quick_seconds: float = 1.0
    tokens: dict[str, str] = field(default_factory=dict)
    served: dict[str, float] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def issue(self) -> tuple[str, str]:
        """A new session and its one-time token."""
        session, token = secrets.token_hex(8), secrets.token_hex(16)
        with self.lock:
            self.tokens[session] = token
        return session, token

    def redeem(self, session: str, token: str) -> bool:
        """Whether this token belongs to this session; a token is good once."""
        with self.lock:
            return bool(token) and self.tokens.pop(session, None) == token


class Replies:
    """Answers requests by the name of the site."""

    def __init__(self, memory: Memory, tick: Callable[[], float]) -> None:
        self._memory = memory
        self._tick = tick

    def answer(self, asked: Asked) -> Reply:
        """The site's answer."""
        if asked.site == "robots.txt":
            return _text("User-agent: *\nDisallow: /robots/\n")
        if asked.path == "/robots.txt":
            return _text("User-agent: *\nDisallow: /contact\nDisallow: /*/contact\n" if asked.site == "robots" else "")
        if asked.path in {"", "/"}:
            return _page(pages.home(asked.site, asked.prefix))
        if asked.path == "/thank-you":
            return _page(pages.thanks())
        if asked.method == "POST":
            return self._submitted(asked)
        return self._shown(asked)

    def _shown(self, asked: Asked) -> Reply:
        if asked.path not in {"/contact", "/frame"}:
            return Reply(b"<h1>Not found</h1>", 404)
        key = secrets.token_hex(6)
        if asked.site == "timing":
            with self._memory.lock:
                self._memory.served[key] = self._tick()
        if asked.site == "csrf":
            session, token = self._memory.issue()
            cookie = (("Set-Cookie", f"session={session}; Path=/; HttpOnly"),)
            return _page(pages.contact(asked.site, asked.prefix, token), headers=cookie)
        if asked.site == "latin1":
            body = pages.contact(asked.site, asked.prefix, key).encode("latin-1")
            return Reply(body, content_type="text/html; charset=iso-8859-1")
        return _page(pages.contact("framed" if asked.path == "/frame" else asked.site, asked.prefix, key))

    def _submitted(self, asked: Asked) -> Reply:
        match asked.site:
            case "csrf" if not self._memory.redeem(_cookie(asked, "session"), asked.value("csrf_token")):
                return Reply(
                    b"<h1>Forbidden</h1><p>CSRF token missing or wrong.</p>", 403, submission=True, note="csrf"
                )
            case "honeypot" if asked.value("website"):
                return _taken(pages.thanks(), accepted=False, note="the trap was filled")
            case "timing" if self._too_quick(asked):
                return _taken(pages.refused("You were too fast. Please try again."), accepted=False, note="too quick")
            case "topic" if not asked.value("topic"):
                return _taken(pages.refused("Please select a topic."), accepted=False, note="no topic")
            case "strict":
                return _taken(pages.strict(asked.prefix), accepted=False, note="refused")
            case "json":
                return _contact_form_7(asked)
            case "two-step" if not asked.value("message"):
                return _page(pages.second_step(asked.prefix, asked.value("name"), asked.value("email")))
            case "thanks":
                place = (("Location", f"{asked.prefix}/thank-you"),)
                return Reply(b"", 303, headers=place, submission=True, accepted=True)
            case "silent":
                return _taken("<!doctype html><title>Form</title><p>OK.</p>")
            case "slow":
                return Reply(pages.thanks().encode(), submission=True, accepted=True, wait=self._memory.slow_seconds)
            case "broken":
                return Reply(b"<h1>Internal Server Error</h1>", 500, submission=True, accepted=True, note="500")
            case "javascript":
                return Reply(b'{"ok": true}', content_type="application/json", submission=True, accepted=True)
            case _:
                return self._usual(asked)

    @staticmethod
    def _usual(asked: Asked) -> Reply:
        missing = [name for name in ("email", "message") if not asked.value(name).strip()]
        if missing:
            return _taken(pages.refused(f"This field is required: {missing[0]}"), accepted=False, note="missing")
        return _taken(pages.thanks())

    def _too_quick(self, asked: Asked) -> bool:
        with self._memory.lock:
            served = self._memory.served.get(asked.value("form_key"))
        return served is None or self._tick() - served < self._memory.quick_seconds


def _contact_form_7(asked: Asked) -> Reply:
    if not asked.content_type.startswith("multipart/form-data"):
        body = {"code": "wpcf7_unsupported_media_type", "message": "The request payload format is not supported."}
        return _json(body, 415, accepted=False)
    wrong = [name for name in ("your-name", "your-email", "your-message") if not asked.value(name).strip()]
    if wrong:
        fields = [{"field": name, "message": "Please fill out this field."} for name in wrong]
        words = "One or more fields have an error. Please check and try again."
        answer = {"status": "validation_failed", "message": words, "invalid_fields": fields}
        return _json(answer, 200, accepted=False)
    return _json(
        {"status": "mail_sent", "message": "Thank you for your message. It has been sent."}, 200, accepted=True
    )


def _json(data: Mapping[str, object], status: int, *, accepted: bool) -> Reply:
    return Reply(
        json.dumps(data).encode(), status, "application/json; charset=utf-8", submission=True, accepted=accepted
    )


def _page(text: str, headers: Fields = ()) -> Reply:
    return Reply(text.encode("utf-8"), headers=headers)


def _taken(text: str, *, accepted: bool = True, note: str = "") -> Reply:
    return Reply(text.encode("utf-8"), submission=True, accepted=accepted, note=note)


def _text(text: str) -> Reply:
    return Reply(text.encode(), content_type="text/plain")


def _cookie(asked: Asked, name: str) -> str:
    pairs = (part.strip().partition("=") for part in asked.cookie.split(";"))
    return next((value for key, _, value in pairs if key == name), "")


def _multipart(content_type: str, body: bytes, charset: str) -> Fields:
    head = f"Content-Type: {content_type}\r\n\r\n".encode("latin-1", "replace")
    message = BytesParser(policy=HTTP).parsebytes(head + body)
    found = []
    for part in message.iter_parts():
        name = part.get_param("name", "", header="content-disposition")
        payload = part.get_payload(decode=True)
        found.append((str(name), payload.decode(charset, "replace") if isinstance(payload, bytes) else ""))
    return tuple(found)
