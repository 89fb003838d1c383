"""Web sites with contact forms, over real HTTP on loopback: what a form does is decided by the name of its site.

A site is named by the first label of the Host (`csrf.sites.example`) or, on an address without a name, by the first
part of the path (`http://127.0.0.1:8000/csrf/contact`). Every site has a home page that links to `/contact`.

    plain            a form; thanks on the answer             thanks           a redirect to /thank-you
    csrf             a session cookie and a one-time token    silent           200 and not a word
    honeypot         an off-screen field that must be empty   json             Contact Form 7: 415 unless multipart
    captcha          a CAPTCHA widget                         slow             stores, then answers late
    none             no form anywhere                         strict           refuses every message in the page
    comments         a public comment form                    iframe           the form stands in a frame
    timing           refuses what comes too quickly           two-step         the message is asked for on a second page
    topic            a topic must be chosen                   file             has an upload, left empty
    latin1           speaks ISO-8859-1                        no-solicitation  asks not to be written to for sales
    robots           robots.txt forbids the form              javascript       the form is made and sent by a script
    login            wants a log-in                           broken           500 after it stored the message
    required-phone   requires a telephone number              newsletter       a pre-ticked newsletter box
    down             closes every connection

Any other name is a `plain` site. The ledger holds every submission that reached a site, accepted or not.
"""

from __future__ import annotations

import json
import threading
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from runner.engine.ports import Clock
from runner.sandbox.site_answers import Asked, Memory, Replies, Reply


@dataclass(frozen=True, slots=True)
class Submitted:
    """One submission as a site received it; `accepted` is whether the site kept it as a message."""

    at: datetime
    site: str
    path: str
    method: str
    content_type: str
    user_agent: str
    fields: tuple[tuple[str, str], ...]
    accepted: bool
    note: str = ""

    def value(self, name: str) -> str | None:
        """The first value submitted under a name."""
        return next((value for key, value in self.fields if key == name), None)


class FormSites:
    """The server. `start()` binds a free port of 127.0.0.1; `ledger` is safe to read from any thread.

    `slow_seconds` is how long the site `slow` keeps its client waiting. With `ledger_path` every submission is also
    appended to a file, one JSON object a line, before the site answers.
    """

    def __init__(
        self, clock: Clock, *, ledger_path: Path | None = None, slow_seconds: float = 5.0, quick_seconds: float = 1.0
    ) -> None:
        self._clock = clock
        self._path = ledger_path
        self._lock = threading.Lock()
        self._ledger: list[Submitted] = []
        self._server: ThreadingHTTPServer | None = None
        self.requests = 0
        self.memory = Memory(slow_seconds=slow_seconds, quick_seconds=quick_seconds)
        self._released = threading.Event()

    def start(self, port: int = 0) -> FormSites:
        """Bind and serve in the background."""
        handler = type("Handler", (_Handler,), {"sites": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", port), handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def stop(self) -> None:
        """Stop serving; the ledger stays readable."""
        self._released.set()
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    @property
    def port(self) -> int:
        """The port it listens on. Raises RuntimeError before `start()`."""
        if self._server is None:
            raise RuntimeError("the sandbox sites are not running")
        return int(self._server.server_address[1])

    def url(self, site: str, path: str = "contact") -> str:
        """The address of a page of a site."""
        return f"http://127.0.0.1:{self.port}/{site}/{path}"

    @property
    def ledger(self) -> tuple[Submitted, ...]:
        """Every submission so far, in the order in which they came."""
        with self._lock:
            return tuple(self._ledger)

    @property
    def accepted(self) -> tuple[Submitted, ...]:
        """The submissions that a site kept as messages."""
        return tuple(entry for entry in self.ledger if entry.accepted)

    def next_event_at(self) -> datetime | None:
        """A site does nothing by itself later on."""
        return None

    def record(self, asked: Asked, reply: Reply) -> None:
        """Put a submission into the ledger, and into the file first."""
        entry = Submitted(
            self._clock.now(), asked.site, asked.path, asked.method, asked.content_type, asked.user_agent, asked.fields,
            reply.accepted, reply.note,
        )  # fmt: skip
        with self._lock:
            if self._path is not None:
                line = json.dumps({**asdict(entry), "at": entry.at.isoformat()}, ensure_ascii=False)
                with self._path.open("a", encoding="utf-8") as file:
                    file.write(line + "\n")
            self._ledger.append(entry)

    def wait(self, seconds: float) -> None:
        """Keep a client waiting; `stop()` lets it go."""
        self._released.wait(seconds)


class _Handler(BaseHTTPRequestHandler):
    sites: FormSites
    protocol_version = "HTTP/1.1"
    timeout = 30

    def handle(self) -> None:
        """Serve until the client has gone, however it went."""
        with suppress(ConnectionError):
            super().handle()

    def do_GET(self) -> None:
        self._serve("GET", b"")

    def do_POST(self) -> None:
        length = min(int(self.headers.get("content-length") or 0), 5_000_000)
        body = self.rfile.read(length)
        if len(body) < length:  # the client died in the middle: no server takes that for a submission
            self.close_connection = True
            return
        self._serve("POST", body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the signature of http.server
        """Say nothing: the ledger is the record."""

    def _serve(self, method: str, body: bytes) -> None:
        asked = self._asked(method, body)
        self.sites.requests += 1
        if asked.site == "down":
            self.close_connection = True
            return
        reply = Replies(self.sites.memory, time.monotonic).answer(asked)
        if reply.submission:
            self.sites.record(asked, reply)
        if reply.wait:
            self.sites.wait(reply.wait)
        try:
            self._send(reply)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def _asked(self, method: str, body: bytes) -> Asked:
        parts = urlsplit(self.path)
        host = (self.headers.get("host") or "").rsplit(":", 1)[0].lower()
        path, prefix = parts.path, ""
        if host.replace(".", "").isdigit() or host in {"localhost", "[::1]", ""}:
            site, _, rest = path.lstrip("/").partition("/")
            path, prefix = f"/{rest}", f"/{site}"
        else:
            site = host.removeprefix("www.").split(".")[0]
        return Asked(
            site=site, path=path, prefix=prefix, query=parts.query, method=method, body=body,
            content_type=self.headers.get("content-type") or "", cookie=self.headers.get("cookie") or "",
            user_agent=self.headers.get("user-agent") or "", accept=self.headers.get("accept") or "",
        )  # fmt: skip

    def _send(self, reply: Reply) -> None:
        self.send_response(reply.status)
        self.send_header("Content-Type", reply.content_type)
        self.send_header("Content-Length", str(len(reply.body)))
        for name, value in reply.headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(reply.body)
