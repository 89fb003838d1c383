"""A token endpoint on loopback: what XOAUTH2 refreshes its access tokens at."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qsl

import pytest


class TokenServer:
    """Answers RFC 6749 refresh requests; `answers` are used up one a time, the last one for ever."""

    def __init__(self, *answers: tuple[int, object]) -> None:
        self.requests: list[dict[str, str]] = []
        outer, left = self, list(answers)

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                outer.requests.append(dict(parse_qsl(body)))
                status, content = left.pop(0) if len(left) > 1 else left[0]
                data = content if isinstance(content, bytes) else json.dumps(content).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *args: object) -> None:
                return

        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/token"
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def token_server() -> Iterator[Callable[..., TokenServer]]:
    """Makes token endpoints that give these answers."""
    servers: list[TokenServer] = []

    def make(*answers: tuple[int, object]) -> TokenServer:
        servers.append(TokenServer(*answers))
        return servers[-1]

    yield make
    for server in servers:
        server.stop()
