"""What every answer and every request goes through: security headers, and limits on how much a request may carry and
how long it may take to say it.
"""

from __future__ import annotations

import asyncio
import time

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from runner.web import pages

MAX_BODY = 16 * 1024
"""A one-click body has 26 bytes; a multipart one a few hundred."""

MAX_SECONDS = 20.0
"""How long a body may take to arrive."""

HEADERS = {
    "Content-Security-Policy": (
        f"default-src 'none'; style-src '{pages.STYLE_HASH}'; "
        "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "interest-cohort=()",
    "Strict-Transport-Security": "max-age=31536000",
    "X-Robots-Tag": "noindex, nofollow",
    "Cache-Control": "no-store",
}


class TooLarge(Exception):
    """The request carries more than any of ours may."""


class Guard:
    """ASGI middleware: adds the headers to every answer and turns away what is too large or takes `seconds`."""

    def __init__(self, app: ASGIApp, seconds: float = MAX_SECONDS) -> None:
        self._app = app
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on, guarded."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        length = Headers(scope=scope).get("content-length", "0")
        started, size, until = False, 0, time.monotonic() + self._seconds

        async def counted() -> Message:
            nonlocal size
            message = await asyncio.wait_for(receive(), max(0.0, until - time.monotonic()))
            size += len(message.get("body", b""))
            if size > MAX_BODY:
                raise TooLarge
            return message

        async def guarded(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        async def turned_away(status: int) -> None:
            await guarded({"type": "http.response.start", "status": status, "headers": [(b"connection", b"close")]})
            await guarded({"type": "http.response.body", "body": b""})

        if not length.isdigit() or int(length) > MAX_BODY:
            await turned_away(413)
            return
        try:
            await self._app(scope, counted, guarded)
        except (TooLarge, TimeoutError) as error:
            if not started:
                await turned_away(413 if isinstance(error, TooLarge) else 408)
