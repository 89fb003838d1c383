"""A small IMAP4rev1 server over loopback that shows the sandbox's mailboxes (RFC 3501, IDLE of RFC 2177, UIDPLUS).

The user name is the account's address; its folders come from `Mailboxes`. `password=None` takes any password.
XOAUTH2 takes the same value as a bearer token. What the server was asked is in `ledger`.
"""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from runner.engine.ports import Clock
from runner.sandbox.imap_session import Session
from runner.sandbox.mailbox import Mailboxes


@dataclass(frozen=True, slots=True)
class ImapCall:
    """One command that a client gave: who (empty before the log-in), what, when. Passwords are never in it."""

    at: datetime
    account: str
    command: str
    argument: str


class ImapServer:
    """The server; a thread a connection, all of them daemons."""

    def __init__(self, mailboxes: Mailboxes, clock: Clock, password: str | None = None, port: int = 0) -> None:
        self.mailboxes = mailboxes
        self.password = password
        self.host = "127.0.0.1"
        self.port = port
        self._clock = clock
        self._lock = threading.Lock()
        self._calls: list[ImapCall] = []
        self._listener: socket.socket | None = None
        self._open: set[socket.socket] = set()
        self._acceptor: threading.Thread | None = None

    def start(self) -> None:
        """Listen on loopback; `port` is known afterwards."""
        self._listener = socket.create_server((self.host, self.port))
        self.port = self._listener.getsockname()[1]
        self._acceptor = threading.Thread(target=self._accept, args=(self._listener,), name="sandbox-imap", daemon=True)
        self._acceptor.start()

    def stop(self) -> None:
        """Stop listening and drop every connection."""
        with self._lock:
            listener, self._listener = self._listener, None
        if listener is not None:
            _hang_up(listener)
        if self._acceptor is not None:
            self._acceptor.join(timeout=5)  # the port is free only when nobody listens any more
        with self._lock:
            connections, self._open = self._open, set()
        for connection in connections:
            _hang_up(connection)

    @property
    def ledger(self) -> tuple[ImapCall, ...]:
        """What was asked so far, in order."""
        with self._lock:
            return tuple(self._calls)

    def record(self, account: str, command: str, argument: str) -> None:
        """Note one command."""
        with self._lock:
            self._calls.append(ImapCall(self._clock.now(), account, command, argument))

    def next_event_at(self) -> datetime | None:
        """The earliest instant at which any mailbox will show something new."""
        return self.mailboxes.next_event_at()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with self._lock:
                self._open.add(connection)
            threading.Thread(target=self._serve, args=(connection,), name="sandbox-imap-session", daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            Session(connection, self.mailboxes, self.password, self.record).run()
        except OSError:
            pass
        finally:
            with self._lock:
                self._open.discard(connection)
            connection.close()


def _hang_up(connection: socket.socket) -> None:
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
    connection.close()
