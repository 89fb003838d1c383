"""How requests travel: one exchange at a time, with a deadline for the whole of it, a bound on the body, a record.

A per-read time-out is not a deadline: a server that drips one byte a second holds a client for ever. Here a timer
shuts the socket down when the time for the whole exchange is over, wherever the exchange then is.
"""

from __future__ import annotations

import io
import socket
import threading
from collections.abc import Callable, Mapping
from typing import Any

import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from runner.channels.linkedin.exchange import Exchange, Failure
from runner.channels.linkedin.settings import Timeouts

MAX_BODY = 2_000_000
_CHUNK = 65_536
_KEPT = ("location", "content-type", "retry-after", "x-restli-id")
_NEVER_LEFT = (
    urllib3.exceptions.NewConnectionError,
    urllib3.exceptions.ConnectTimeoutError,
    urllib3.exceptions.ProxyError,
)


class Deadline:
    """Ends the exchange on the connection in use when its time is over."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._connection: HTTPConnection | None = None
        self._timer: threading.Timer | None = None
        self.passed = False
        self.started = False

    def start(self, connection: HTTPConnection) -> None:
        """Start the clock for a request that is about to go out on `connection`."""
        self.stop()
        self.started = True
        self._connection = connection
        self._timer = threading.Timer(self._seconds, self._cut)
        self._timer.daemon = True
        self._timer.start()

    def reset(self) -> None:
        """Nothing was started yet."""
        self.stop()
        self.passed = self.started = False

    def stop(self) -> None:
        """The exchange is over."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._connection = None

    def _cut(self) -> None:
        connection = self._connection
        sock = getattr(connection, "sock", None)
        self.passed = True
        if isinstance(sock, socket.socket):
            try:
                socket.socket.shutdown(sock, socket.SHUT_RDWR)  # past TLS: a polite close could wait as well
            except OSError:
                sock.close()


class Transport(HTTPAdapter):
    """A requests adapter without retries, with time-outs and a deadline, whatever the caller asks for."""

    def __init__(self, timeouts: Timeouts) -> None:
        self._timeouts = timeouts
        self.deadline = Deadline(timeouts.total)
        super().__init__(pool_connections=1, pool_maxsize=1, max_retries=urllib3.Retry(0, read=False))

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Make the pools with connections that start the deadline."""
        super().init_poolmanager(*args, **kwargs)
        deadline = self.deadline

        class Plain(HTTPConnection):
            def request(self, *args: Any, **kwargs: Any) -> None:
                deadline.start(self)
                super().request(*args, **kwargs)

        class Secure(HTTPSConnection):
            def request(self, *args: Any, **kwargs: Any) -> None:
                deadline.start(self)
                super().request(*args, **kwargs)

        class PlainPool(HTTPConnectionPool):
            ConnectionCls = Plain

        class SecurePool(HTTPSConnectionPool):
            ConnectionCls = Secure

        self.poolmanager.pool_classes_by_scheme = {"http": PlainPool, "https": SecurePool}

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        """Send with our time-outs and no redirects followed by the pool."""
        del args
        kwargs["timeout"] = (self._timeouts.connect, self._timeouts.read)
        return super().send(request, **kwargs)


class Recorder:
    """Keeps the last exchange of a session, answered or not."""

    def __init__(self, session: requests.Session, transport: Transport, kept_cookies: frozenset[str]) -> None:
        self._session = session
        self._transport = transport
        self._kept_cookies = kept_cookies
        self.last: Exchange | None = None
        session.hooks["response"].append(self._on_response)

    def observe(self, call: Callable[[], object]) -> Exchange:
        """Make `call`, which sends at most one request, and return what was recorded.

        What the call itself returns or raises about the answer means nothing: only the record counts.
        """
        self.last = None
        self._transport.deadline.reset()
        error: Exception | None = None
        try:
            call()
        except Exception as caught:  # noqa: BLE001 - the package raises KeyError, TypeError ... on odd answers
            error = caught
        finally:
            self._transport.deadline.stop()
        if self.last is not None:
            return self.last
        return _without_answer(error, self._transport.deadline)

    def _on_response(self, response: requests.Response, *_: object, **__: object) -> requests.Response:
        request = response.request
        headers = {name.lower(): value for name, value in response.headers.items()}
        exchange = Exchange(
            method=request.method or "", path=(request.path_url or "").split("?")[0], status=response.status_code,
            headers={name: headers[name] for name in _KEPT if name in headers},
            session_ended=_ends_session(response.cookies, response.headers),
        )  # fmt: skip
        self.last = exchange  # the status alone is already an answer, if reading the body fails
        body, truncated = _read(response)
        response.raw = io.BytesIO(body)
        self.last = Exchange(
            method=exchange.method, path=exchange.path, status=exchange.status, headers=exchange.headers,
            body=body, truncated=truncated, session_ended=exchange.session_ended,
        )  # fmt: skip
        for cookie in response.cookies:
            if cookie.name not in self._kept_cookies:
                self._session.cookies.set_cookie(cookie)
        return response


def _read(response: requests.Response) -> tuple[bytes, bool]:
    """The body up to MAX_BODY, and whether there was more or it broke off."""
    kept = bytearray()
    try:
        for chunk in response.raw.stream(_CHUNK, decode_content=True):
            kept += chunk
            if len(kept) > MAX_BODY:
                response.raw.close()
                return bytes(kept[:MAX_BODY]), True
    except (urllib3.exceptions.HTTPError, OSError):
        return bytes(kept), True
    return bytes(kept), False


def _ends_session(cookies: Mapping[str, object], headers: Mapping[str, str]) -> bool:
    """LinkedIn ends a session by setting `li_at` to `delete me`."""
    return "li_at=delete me" in headers.get("set-cookie", "") or str(cookies.get("li_at", "")).strip('"') == "delete me"


def _without_answer(error: Exception | None, deadline: Deadline) -> Exchange:
    """What an exchange without an answer proves: only what failed before the request began was surely not sent."""
    failure = Failure.BROKEN
    if not deadline.started or any(isinstance(cause, _NEVER_LEFT) for cause in _causes(error)):
        failure = Failure.UNREACHED
    elif deadline.passed or isinstance(error, requests.exceptions.ReadTimeout):
        failure = Failure.TIMED_OUT
    said = "the package sent nothing" if error is None else f"{type(error).__name__}: {error}"
    return Exchange(method="", path="", failure=failure, error=said[:300])


def _causes(error: BaseException | None) -> list[object]:
    """The error, its arguments' reasons and what it came from, flat."""
    found: list[object] = []
    pending: list[object] = [error]
    while pending and len(found) < 20:
        current = pending.pop()
        found.append(current)
        if isinstance(current, BaseException):
            pending += [getattr(current, "reason", None), current.__cause__, current.__context__, *current.args]
    return found
