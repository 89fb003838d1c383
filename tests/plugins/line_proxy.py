"""A proxy on a TCP line whose two ends stay open while nothing crosses it any more: a router that lost its state."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass(slots=True)
class LineProxy:
    """`stall` stops what comes from the server on every line that is open now; later lines are well again."""

    target: int
    listener: socket.socket = field(default_factory=lambda: socket.create_server(("127.0.0.1", 0)))
    lines: int = 0
    _stalled: list[threading.Event] = field(default_factory=list)
    _sockets: list[socket.socket] = field(default_factory=list)

    @property
    def port(self) -> int:
        return int(self.listener.getsockname()[1])

    def stall(self) -> None:
        """From now on both ends wait for each other."""
        for line in list(self._stalled):
            line.set()

    def accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                server = socket.create_connection(("127.0.0.1", self.target))
                stalled = threading.Event()
                self.lines += 1
                self._stalled.append(stalled)
                self._sockets += [client, server]
                threading.Thread(target=_pump, args=(client, server, stalled), daemon=True).start()
                threading.Thread(target=_pump, args=(server, client, stalled), daemon=True).start()

    def close(self) -> None:
        for each in (self.listener, *self._sockets):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()


def _pump(source: socket.socket, sink: socket.socket, stalled: threading.Event) -> None:
    """Pass bytes on; on a stalled line they are taken and lost, and no end ever hears of the other's leaving."""
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            if not stalled.is_set():
                sink.sendall(data)
        if not stalled.is_set():
            sink.shutdown(socket.SHUT_WR)


@contextmanager
def line_proxy(target: int) -> Iterator[LineProxy]:
    """A proxy in front of a server on this machine."""
    proxy = LineProxy(target)
    threading.Thread(target=proxy.accept, daemon=True).start()
    try:
        yield proxy
    finally:
        proxy.close()
