"""Jobs, accounts and servers for the tests of sending: a sandbox sink, and a server that follows a script."""

from __future__ import annotations

import contextlib
import datetime as dt
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from runner.channels.email.channel import EmailChannel
from runner.clocks import ManualClock
from runner.engine.outcomes import Outcome, Permit
from runner.engine.ports import Job, Prepared
from runner.model.channel import ChannelConfig, ChannelType, SecretRef
from runner.model.lead import Lead
from runner.model.message import Rendered
from runner.model.sequence import ChannelStep
from runner.sandbox.smtp import SmtpSink
from runner.secrets import Secret

START = dt.datetime(2026, 11, 23, 9, 0, tzinfo=dt.UTC)
SECRETS = {"PASSWORD": "correct horse", "REFRESH": "refresh-1", "CLIENT": "client-secret", "WEB": "web-secret"}


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(START)


@pytest.fixture
def secrets() -> Callable[[SecretRef], Secret]:
    return lambda ref: Secret(SECRETS[ref.env or ""])


@pytest.fixture
def sink(clock: ManualClock) -> Iterator[SmtpSink]:
    server = SmtpSink(clock).start()
    yield server
    server.stop()


@pytest.fixture
def account() -> Callable[..., ChannelConfig]:
    """`account(port, smtp={...}, **settings)`: Ada's account at a server on loopback."""

    def make(port: int, smtp: dict[str, Any] | None = None, **settings: Any) -> ChannelConfig:
        server = {"host": "127.0.0.1", "port": port, "security": "off"} | (smtp or {})
        plain = {
            "from": {"name": "Ada Lovelace", "address": "ada@lumen.example"},
            "imap": {"host": "127.0.0.1"},
            "footer": {"postal_address": "Lumen GmbH, Alte Str. 1, 10115 Berlin", "unsubscribe": "one_click"},
        }
        return ChannelConfig(ChannelType.EMAIL, "ada", settings=plain | {"smtp": server} | settings)

    return make


@pytest.fixture
def job() -> Callable[..., Job]:
    """`job(account, to=..., body=..., subject=..., key=..., step=..., lead={...}, **fields of Job)`."""

    def make(
        account: ChannelConfig,
        to: str | None = "anna@example.com",
        *,
        body: str = "Hi Anna,\n\nhow are you?\n",
        subject: str = "Hello",
        key: str = "k1",
        step: dict[str, Any] | None = None,
        lead: dict[str, Any] | None = None,
        **fields: Any,
    ) -> Job:
        person = Lead(**({"id": 7, "email": to, "first_name": "Anna"} | (lead or {})))
        content = Rendered(body, subject, fields.pop("preheader", ""))
        channel_step = ChannelStep(ChannelType.EMAIL, settings=step or {})
        return Job(key, "c", "s", "intro", channel_step, "", account, person, content, START, **fields)

    return make


@pytest.fixture
def channel(clock: ManualClock, secrets: Callable[[SecretRef], Secret], tmp_path: Any) -> Iterator[EmailChannel]:
    made = EmailChannel(secrets, clock, root=tmp_path)
    yield made
    made.close()


@pytest.fixture
def send(channel: EmailChannel) -> Callable[[Job], Outcome]:
    """Prepare a job and fire it through an open gate."""
    return lambda job: fired(channel.prepare(job))


def fired(prepared: Prepared | Outcome) -> Outcome:
    return prepared.fire(lambda: Permit(1)) if hasattr(prepared, "fire") else prepared


# --- a server that does what it is told ---------------------------------------------------------------------------


@dataclass
class Script:
    """What a scripted server says where; what is not said here is the polite answer.

    Bytes are sent; "close", "reset" and "silence" are done; ("drip", bytes, seconds) sends them one by one; a list is
    used up one a time. After `limit` bytes of body comes `at_limit`; after the answer to `mute_after` nothing at all.
    """

    greeting: Any = b"220 scripted ESMTP\r\n"
    ehlo: Any = b"250-scripted\r\n250 ENHANCEDSTATUSCODES\r\n"
    mail: Any = b"250 2.1.0 Ok\r\n"
    rcpt: Any = b"250 2.1.5 Ok\r\n"
    data: Any = b"354 go on\r\n"
    dot: Any = b"250 2.0.0 queued\r\n"
    rset: Any = b"250 2.0.0 Ok\r\n"
    auth: Any = b"235 2.7.0 welcome\r\n"
    starttls: Any = b"502 5.5.1 not here\r\n"
    limit: int | None = None
    at_limit: Any = None
    mute_after: str = ""
    commands: list[str] = field(default_factory=list)
    messages: list[bytes] = field(default_factory=list)
    connections: int = 0


class ScriptedServer:
    """Speaks SMTP by a Script, one thread a connection."""

    def __init__(self, script: Script, host: str = "127.0.0.1", tls: ssl.SSLContext | None = None) -> None:
        self.script = script
        self._tls = tls
        self._stopping = threading.Event()
        self.hung_up = threading.Event()
        self._listener = socket.create_server((host, 0), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def stop(self) -> None:
        self._stopping.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                conn, _ = self._listener.accept()
            except OSError:
                return
            self.script.connections += 1
            threading.Thread(target=self._serve, args=(conn,), daemon=True).start()

    def _serve(self, conn: socket.socket) -> None:
        try:
            if self._tls is not None:
                conn = self._tls.wrap_socket(conn, server_side=True)
            conn.settimeout(20)
            self._talk(conn)
        except OSError:
            pass
        finally:
            conn.close()
            self.hung_up.set()

    def _talk(self, conn: socket.socket) -> None:
        script, lines = self.script, conn.makefile("rb")
        if not self._say(conn, script.greeting):
            return
        while line := lines.readline():
            command = line.decode("utf-8", "replace").rstrip("\r\n")
            script.commands.append(command)
            verb = command.split(" ")[0].lower()
            answer = {
                "ehlo": script.ehlo,
                "mail": script.mail,
                "rcpt": script.rcpt,
                "data": script.data,
                "rset": script.rset,
                "auth": script.auth,
                "starttls": script.starttls,
                "quit": b"221 bye\r\n",
            }.get(verb, b"502 what?\r\n")
            answer = answer.pop(0) if isinstance(answer, list) and len(answer) > 1 else answer
            answer = answer[0] if isinstance(answer, list) else answer
            if not self._say(conn, answer) or verb == "quit":
                return
            if verb == script.mute_after:
                self._say(conn, "silence")
                return
            if (
                verb == "data"
                and isinstance(answer, bytes)
                and answer.startswith(b"354")
                and not self._body(conn, lines)
            ):
                return

    def _body(self, conn: socket.socket, lines: Any) -> bool:
        got = b""
        while line := lines.readline():
            if line == b".\r\n":
                self.script.messages.append(got)
                dot = self.script.dot
                return self._say(
                    conn,
                    dot.pop(0) if isinstance(dot, list) and len(dot) > 1 else dot[0] if isinstance(dot, list) else dot,
                )
            got += line
            if self.script.limit is not None and len(got) > self.script.limit:
                return self._say(conn, self.script.at_limit)
        return False

    def _say(self, conn: socket.socket, answer: Any) -> bool:
        if answer == "close":
            return False
        if answer == "reset":
            conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            return False
        if answer == "silence":
            self._stopping.wait(20)
            return False
        if isinstance(answer, tuple):
            _, data, every = answer
            for byte in data:
                if self._stopping.wait(every):
                    return False
                conn.sendall(bytes([byte]))
            return True
        conn.sendall(answer)
        return True


@pytest.fixture
def scripted() -> Iterator[Callable[..., ScriptedServer]]:
    """`scripted(host=..., tls=..., **script)`: a running scripted server."""
    servers: list[ScriptedServer] = []

    def make(host: str = "127.0.0.1", tls: ssl.SSLContext | None = None, **script: Any) -> ScriptedServer:
        servers.append(ScriptedServer(Script(**script), host, tls))
        return servers[-1]

    yield make
    for server in servers:
        server.stop()
