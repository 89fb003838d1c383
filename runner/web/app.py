"""The public endpoints: opting out, and (where switched on) opens and clicks. A GET never changes anything for a lead.

`POST /u/TOKEN` is RFC 8058's one-click opt-out: no cookie, no log-in, no redirect. `GET /u/TOKEN` shows a button that
posts the same. `/o/TOKEN` is a picture, `/c/TOKEN` a redirect to the address that stands signed in the token.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import unquote

from fastapi import FastAPI, Form, Request
from fastapi.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response

from runner.channels.email.tokens import Keyring, Purpose
from runner.engine.ports import Clock, Signal
from runner.model.events import EventKind
from runner.web import pages
from runner.web.guard import Guard
from runner.web.machines import machine_reason
from runner.web.targets import safe_target

READ = ["GET", "HEAD"]
LOG = logging.getLogger(__name__)
Record = Callable[[Signal], None]


@dataclass(frozen=True, slots=True)
class Endpoints:
    """What the app works with.

    `record` stores what a person did and may be told the same twice; `record_machine` is told of opens and clicks by
    scanners and proxies, which drive nothing; `healthy` says whether `record` can work at the moment.
    """

    keyring: Keyring
    clock: Clock
    record: Record
    record_machine: Record | None = None
    healthy: Callable[[], bool] = lambda: True


def create_app(ends: Endpoints) -> FastAPI:
    """Build the app. It has no documentation pages, no cookies and no state."""
    app = FastAPI(title="runner", docs_url=None, redoc_url=None, openapi_url=None)
    app.add_middleware(Guard)
    _add_opt_out(app, ends)
    _add_tracking(app, ends)

    @app.api_route("/healthz", methods=READ)
    def health() -> Response:
        return PlainTextResponse("ok" if ends.healthy() else "not ready", 200 if ends.healthy() else 503)

    return app


def _add_opt_out(app: FastAPI, ends: Endpoints) -> None:
    @app.api_route("/u/{token}", methods=READ)
    def ask(token: str) -> Response:
        known = _read(ends, Purpose.UNSUBSCRIBE, token) is not None
        return HTMLResponse(pages.ASK if known else pages.UNKNOWN, 200 if known else 404)

    @app.post("/u/{token}")
    def opt_out(token: str, one_click: Annotated[str, Form(alias="List-Unsubscribe")] = "") -> Response:
        key = _read(ends, Purpose.UNSUBSCRIBE, token)
        if key is None:
            return HTMLResponse(pages.UNKNOWN, 404)
        if one_click.strip().lower() != "one-click":
            return HTMLResponse(pages.ASK, 400)
        if not _stored(ends.record, _signal(ends, EventKind.UNSUBSCRIBED, key, {"by": "one_click"})):
            return HTMLResponse(pages.LATER, 503, headers={"Retry-After": "120"})
        return HTMLResponse(pages.DONE)


def _add_tracking(app: FastAPI, ends: Endpoints) -> None:
    @app.api_route("/o/{token}", methods=READ)
    def opened(token: str, request: Request) -> Response:
        key = _read(ends, Purpose.OPEN, token)
        if key is not None and request.method == "GET":
            _seen(ends, EventKind.OPENED, key, request, {})
        return Response(pages.PIXEL, media_type="image/gif", headers={"Cross-Origin-Resource-Policy": "cross-origin"})

    @app.api_route("/c/{token}", methods=READ)
    def clicked(token: str, request: Request) -> Response:
        key, _, target = (_read(ends, Purpose.CLICK, token) or "").partition("\n")
        if not key or not safe_target(target):
            return HTMLResponse(pages.UNKNOWN, 404)
        if request.method == "GET":
            _seen(ends, EventKind.CLICKED, key, request, {"target": target})
        return RedirectResponse(target, 302)


def _read(ends: Endpoints, purpose: Purpose, token: str) -> str | None:
    """What a token says, read as it came and, where a mail program encoded it twice, decoded once more."""
    return ends.keyring.read(purpose, token) or ends.keyring.read(purpose, unquote(token))


def _seen(ends: Endpoints, kind: EventKind, key: str, request: Request, data: dict[str, object]) -> None:
    """Note an open or a click; the reader's page or picture must not wait for our troubles."""
    why = machine_reason(request.headers)
    record = ends.record if why is None else ends.record_machine
    if record is not None:
        _stored(record, _signal(ends, kind, key, data if why is None else {**data, "machine": why}))


def _signal(ends: Endpoints, kind: EventKind, key: str, data: dict[str, object]) -> Signal:
    return Signal(kind, ends.clock.now(), f"web:{kind.value}:{key}", key=key, data=data)


def _stored(record: Record, signal: Signal) -> bool:
    try:
        record(signal)
    except Exception:  # whatever the store's trouble is, the answer is "later", never a traceback
        LOG.exception("an event of kind %s could not be stored", signal.kind.value)
        return False
    return True
