"""A small forward proxy on loopback through which the browser reaches the web: every connection passes the guard.

A browser resolves names itself and follows what a page tells it to; here each host is resolved once, each address is
checked, and the connection goes to that address. Plain requests are closed after one answer, so that the browser never
sends one again on a connection that died.
"""

from __future__ import annotations

import socket
import socketserver
import threading
from contextlib import suppress
from urllib.parse import urlsplit

from runner.channels.contact_form.guard import PUBLIC_PORTS, AddressPolicy, AddressRefused, Resolver, plain_host

_HEAD_LIMIT = 65_536
_BLOCK = 65_536


class GuardedProxy:
    """The proxy of one visit. `refused` lists what it would not connect to, with the reason."""

    def __init__(self, policy: AddressPolicy, resolve: Resolver) -> None:
        self._policy = policy
        self._resolve = resolve
        self.refused: list[tuple[str, str]] = []
        handler = type("Handler", (_Handler,), {"proxy": self})
        self._server = _Server(("127.0.0.1", 0), handler)
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True).start()

    @property
    def address(self) -> str:
        """The proxy's own address, for the browser's command line."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def close(self) -> None:
        """Stop taking connections."""
        self._server.shutdown()
        self._server.server_close()

    def connect(self, host: str, port: int) -> socket.socket | None:
        """A socket to a host whose every address is allowed; None, noted in `refused`, for any other."""
        try:
            place = self._policy.connect_to or (plain_host(host), port)
            if port not in PUBLIC_PORTS and not self._policy.allow_private:
                raise AddressRefused(f"port {port} is not a web server's port")
            addresses = self._policy.addresses(*place, self._resolve)
            return socket.create_connection((addresses[0], place[1]), 10.0)
        except (AddressRefused, OSError, IndexError) as error:
            self.refused.append((f"{host}:{port}", str(error)))
            return None


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 64


class _Handler(socketserver.BaseRequestHandler):
    proxy: GuardedProxy

    def handle(self) -> None:
        client: socket.socket = self.request
        client.settimeout(60)
        with suppress(OSError, ValueError):
            head, rest = _read_head(client)
            method, target, version = head.split(b"\r\n", 1)[0].decode("latin-1").split(" ", 2)
            if method == "CONNECT":
                self._tunnel(client, target)
            else:
                self._forward(client, (method, target, version), head, rest)

    def _tunnel(self, client: socket.socket, target: str) -> None:
        host, _, port = target.rpartition(":")
        upstream = self.proxy.connect(host.strip("[]"), int(port))
        if upstream is None:
            client.sendall(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
            return
        with upstream:
            client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            _relay(client, upstream)

    def _forward(self, client: socket.socket, line: tuple[str, str, str], head: bytes, rest: bytes) -> None:
        parts = urlsplit(line[1])
        upstream = self.proxy.connect(parts.hostname or "", parts.port or 80) if parts.scheme == "http" else None
        if upstream is None:
            client.sendall(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            return
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        kept = [
            field
            for field in head.split(b"\r\n")[1:]
            if field and not field.lower().startswith((b"proxy-connection:", b"connection:", b"keep-alive:"))
        ]
        lines = [f"{line[0]} {path} HTTP/1.1".encode("latin-1"), *kept, b"Connection: close"]
        with upstream:
            upstream.sendall(b"\r\n".join(lines) + b"\r\n\r\n" + rest)
            _relay(client, upstream)


def _read_head(client: socket.socket) -> tuple[bytes, bytes]:
    data = b""
    while b"\r\n\r\n" not in data:
        block = client.recv(_BLOCK)
        if not block or len(data) > _HEAD_LIMIT:
            raise ValueError("no request")
        data += block
    head, _, rest = data.partition(b"\r\n\r\n")
    return head, rest


def _relay(client: socket.socket, upstream: socket.socket) -> None:
    def pump(source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while block := source.recv(_BLOCK):
                target.sendall(block)
        with suppress(OSError):
            target.shutdown(socket.SHUT_WR)

    upstream.settimeout(60)
    other = threading.Thread(target=pump, args=(client, upstream), daemon=True)
    other.start()
    pump(upstream, client)
    with suppress(OSError):
        client.shutdown(socket.SHUT_RDWR)
    other.join(1.0)
