"""imaplib's client with what it lacks: a deadline over each command, clean arguments, bounded literals.

imaplib has no time limit by default, a limit on each read is no deadline against a server that drips, and in Python
3.11 it passes CR and LF in arguments on to the server.
"""

from __future__ import annotations

import imaplib
import re
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import BinaryIO, cast

from runner.channels.email.connecting import connected

MAX_LITERAL = 8_000_000
MAX_LINE = 1_000_000
_CONTROL = re.compile(r"[\x00\r\n]")


class Deadline:
    """Cuts a connection when a command takes too long as a whole, whatever drips in meanwhile."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.expired = False
        self._socket: socket.socket | None = None

    def watch(self, connection: socket.socket) -> None:
        """Cut this connection at a deadline. A duplicate is kept, so that TLS may take over the original."""
        self.release()
        self._socket = connection.dup()

    @contextmanager
    def over(self, extra: float = 0.0) -> Iterator[None]:
        """Put the deadline over a block; `extra` seconds are added for a command that is meant to wait."""
        timer = threading.Timer(self.seconds + extra, self._expire)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def release(self) -> None:
        """Stop watching."""
        kept, self._socket = self._socket, None
        if kept is not None:
            kept.close()

    def _expire(self) -> None:
        self.expired = True
        self.cut()

    def cut(self) -> None:
        """Break the connection now; safe from any thread."""
        kept = self._socket
        if kept is not None:
            with suppress(OSError):
                kept.shutdown(socket.SHUT_RDWR)


class GuardedClient(imaplib.IMAP4):
    """An IMAP client that refuses control characters going out and endless lines and literals coming in."""

    def __init__(self, host: str, port: int, deadline: Deadline, tls: ssl.SSLContext | None) -> None:
        self._deadline = deadline
        self._context = tls
        super().__init__(host, port, deadline.seconds)

    def _create_socket(self, timeout: float | None) -> socket.socket:
        plain = connected(self.host, self.port, self._deadline.seconds)
        plain.settimeout(timeout)
        self._deadline.watch(plain)
        return plain if self._context is None else self._context.wrap_socket(plain, server_hostname=self.host)

    def _command(self, name: str, *args: object) -> bytes:
        for value in args:
            text = value.decode("utf-8", "replace") if isinstance(value, bytes | bytearray) else str(value)
            if _CONTROL.search(text):
                raise ValueError("a control character in an IMAP argument")
        return cast(bytes, super()._command(name, *args))  # type: ignore[misc]

    def read(self, size: int) -> bytes:
        """Read a literal. Raises abort when the server announces more than MAX_LITERAL bytes."""
        if size > MAX_LITERAL:
            raise self.abort(f"the server announced a literal of {size} bytes")
        return super().read(size)

    def readline(self) -> bytes:
        """Read a line. Raises abort when it is longer than MAX_LINE bytes."""
        stream = cast(BinaryIO, vars(self).get("_file") or self.file)  # the name differs between Python versions
        line = stream.readline(MAX_LINE + 1)
        if len(line) > MAX_LINE:
            raise self.abort(f"the server sent a line of more than {MAX_LINE} bytes")
        return line
