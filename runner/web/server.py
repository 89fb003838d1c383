"""Running the public app beside everything else: uvicorn in a thread of its own, with limits, without an access log.

The access log would hold tokens, and a token is all it takes to opt somebody out.
"""

from __future__ import annotations

import asyncio
import socket
import threading
from functools import partial
from typing import Any, cast

import uvicorn
from fastapi import FastAPI
from uvicorn.protocols.http.h11_impl import H11Protocol

from runner.errors import ChannelUnavailable

START_SECONDS = 10.0
PATIENCE = 10.0
"""Seconds in which the head of a request has to be there; a proxy sends it at once."""


class _Impatient(H11Protocol):
    """Hangs up on a connection that carries no whole request for a while: enough of them would keep readers out."""

    def __init__(self, *args: Any, patience: float, **more: Any) -> None:
        super().__init__(*args, **more)
        self._patience = patience

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.loop.call_later(self._patience, self._hang_up)

    def _hang_up(self) -> None:
        if self.transport.is_closing():
            return
        if self.cycle is None or self.cycle.response_complete:
            self.transport.close()
        else:
            self.loop.call_later(self._patience, self._hang_up)


class WebServer:
    """Serves an app. `start` returns when it listens; `port` is then the real one."""

    def __init__(
        self, app: FastAPI, host: str = "127.0.0.1", port: int = 8080, *, patience: float = PATIENCE
    ) -> None:
        self._config = uvicorn.Config(
            app,
            http=cast(type[asyncio.Protocol], partial(_Impatient, patience=patience)),
            access_log=False,
            log_config=None,
            server_header=False,
            date_header=True,
            limit_concurrency=200,
            timeout_keep_alive=5,
            h11_max_incomplete_event_size=16 * 1024,
            lifespan="off",
        )
        self._server = uvicorn.Server(self._config)
        self._address = (host, port)
        self._thread: threading.Thread | None = None
        self.port = port

    def start(self) -> WebServer:
        """Bind and serve. Raises ChannelUnavailable when the address is taken."""
        host, port = self._address
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        sock = socket.socket(family, socket.SOCK_STREAM)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            sock.bind((host, port))
        except OSError as error:
            sock.close()
            raise ChannelUnavailable(f"cannot listen on {host}:{port}: {error.strerror}") from error
        self.port = sock.getsockname()[1]
        listening = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(sock, listening), name="web", daemon=True)
        self._thread.start()
        if not listening.wait(START_SECONDS):
            raise ChannelUnavailable(f"the web server on {host}:{port} did not start")
        return self

    def stop(self) -> None:
        """Finish the requests under way and stop."""
        self._server.should_exit = True
        if self._thread is not None:
            self._thread.join(START_SECONDS)

    def _run(self, sock: socket.socket, listening: threading.Event) -> None:
        sock.listen(128)
        listening.set()
        self._server.run(sockets=[sock])
        sock.close()
