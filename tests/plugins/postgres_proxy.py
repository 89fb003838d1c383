"""A proxy before PostgreSQL that lets a COMMIT through, swallows the answer, and cuts the connection.

It reads the frontend's messages (PostgreSQL protocol 3.0, "Message Formats") just far enough to know the statements of
the transaction that is being committed.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit, urlunsplit

Choose = Callable[[Sequence[str]], bool]


@dataclass(slots=True)
class Proxy:
    """`choose` is asked at each COMMIT, with the statements before it, whether to swallow the answer.

    Without `deliver` the COMMIT itself is lost, too; who sent it cannot tell the difference.
    """

    target: tuple[str, int]
    choose: Choose
    deliver: bool = True
    swallowed: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)
    listener: socket.socket = field(default_factory=lambda: socket.create_server(("127.0.0.1", 0)))
    sockets: list[socket.socket] = field(default_factory=list)

    def url(self, real: str) -> str:
        """The same database, reached by this proxy, in clear so that it can be read."""
        parts = urlsplit(real)
        user = parts.netloc.rpartition("@")[0]
        place = f"{user}@127.0.0.1:{self.listener.getsockname()[1]}"
        return urlunsplit((parts.scheme, place, parts.path, "sslmode=disable&gssencmode=disable", ""))

    def accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                server = socket.create_connection(self.target)
                for each in (client, server):
                    each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self.sockets += [client, server]
                link = _Link(self, client, server)
                for pump in (link.up, link.down):
                    threading.Thread(target=pump, daemon=True).start()

    def close(self) -> None:
        for each in (self.listener, *self.sockets):
            _end(each)


@dataclass(slots=True)
class _Link:
    proxy: Proxy
    client: socket.socket
    server: socket.socket
    statements: dict[bytes, str] = field(default_factory=dict)
    transaction: list[str] = field(default_factory=list)
    swallow: threading.Event = field(default_factory=threading.Event)

    def up(self) -> None:
        with contextlib.suppress(OSError, EOFError):
            self.server.sendall(self._startup())
            while True:
                kind = self._exactly(1)
                length = self._exactly(4)
                body = self._exactly(int.from_bytes(length, "big") - 4)
                self._look(kind, body)
                self.server.sendall(kind + length + body)
        self._cut()

    def down(self) -> None:
        with contextlib.suppress(OSError):
            while data := self.server.recv(65536):
                if self.swallow.is_set():
                    break
                self.client.sendall(data)
        self._cut()

    def _startup(self) -> bytes:
        length = self._exactly(4)
        return length + self._exactly(int.from_bytes(length, "big") - 4)

    def _look(self, kind: bytes, body: bytes) -> None:
        if kind == b"P":
            name, sql, _ = body.split(b"\0", 2)
            self.statements[name] = sql.decode()
        elif kind == b"B":
            self.transaction.append(self.statements.get(body.split(b"\0", 2)[1], ""))
        elif kind == b"Q" and body.startswith(b"BEGIN"):
            self.transaction.clear()
        elif kind == b"Q" and body.startswith(b"COMMIT"):
            with self.proxy.lock:
                if self.proxy.choose(self.transaction):
                    self.proxy.swallowed += 1
                    if not self.proxy.deliver:
                        raise EOFError
                    self.swallow.set()

    def _exactly(self, size: int) -> bytes:
        data = b""
        while len(data) < size:
            more = self.client.recv(size - len(data))
            if not more:
                raise EOFError
            data += more
        return data

    def _cut(self) -> None:
        _end(self.client)
        _end(self.server)


def _end(one: socket.socket) -> None:
    with contextlib.suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)
    one.close()


@contextmanager
def swallowing(url: str, choose: Choose, *, deliver: bool = True) -> Iterator[Proxy]:
    """A proxy before the server of `url`."""
    parts = urlsplit(url)
    proxy = Proxy((str(parts.hostname), int(parts.port or 5432)), choose, deliver)
    threading.Thread(target=proxy.accept, daemon=True).start()
    try:
        yield proxy
    finally:
        proxy.close()
