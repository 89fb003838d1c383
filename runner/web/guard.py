"""What every answer and every request goes through: security headers, and a limit on how much a request may carry."""

from __future__ import annotations

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from runner.web import pages

MAX_BODY = 16 * 1024
"""A one-click body has 26 bytes; a multipart one a few hundred."""

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
    """ASGI middleware: adds the headers to every answer and turns away what is too large."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on, guarded."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        length = Headers(scope=scope).get("content-length", "0")
        started, size = False, 0

        async def counted() -> Message:
            nonlocal size
            message = await receive()
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

        async def turned_away() -> None:
            await guarded({"type": "http.response.start", "status": 413, "headers": [(b"connection", b"close")]})
            await guarded({"type": "http.response.body", "body": b""})

        if not length.isdigit() or int(length) > MAX_BODY:
            await turned_away()
            return
        try:
            await self._app(scope, counted, guarded)
        except TooLarge:
            if not started:
                await turned_away()
