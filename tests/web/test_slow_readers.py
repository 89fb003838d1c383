"""Connections that never come to the point do not keep anybody from opting out (slow loris)."""

from __future__ import annotations

import datetime as dt
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress

import pytest
import requests

from runner.channels.email.tokens import Keyring, WebLinks
from runner.clocks import ManualClock
from runner.engine.ports import Signal
from runner.secrets import Secret
from runner.web import guard
from runner.web.app import Endpoints, create_app
from runner.web.server import WebServer

PATIENCE = 0.4
FORM = "Content-Type: application/x-www-form-urlencoded"
pause = threading.Event()
Opened = tuple[WebServer, str, list[Signal]]


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> Iterator[Opened]:
    """A server of little patience, an opt-out link, and who used it."""
    monkeypatch.setattr(guard.Guard.__init__, "__defaults__", (PATIENCE,))
    keyring, heard = Keyring("k", {"k": Secret("s")}), list[Signal]()
    ends = Endpoints(keyring, ManualClock(dt.datetime(2026, 11, 23, tzinfo=dt.UTC)), heard.append)
    server = WebServer(create_app(ends), port=0, patience=PATIENCE).start()
    yield server, WebLinks(f"http://127.0.0.1:{server.port}", keyring).unsubscribe("k1"), heard
    server.stop()


def closed(connection: socket.socket, seconds: float = 5.0) -> bool:
    """Whether the server hangs up within the time."""
    connection.settimeout(seconds)
    try:
        while connection.recv(4096):
            pass
    except TimeoutError:
        return False
    except OSError:
        return True
    return True


@pytest.mark.parametrize(
    "said", [b"", b"POST /u/x HTTP/1.1\r\nHost: x\r\nX-A: ", b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\nGET"]
)
def test_a_request_whose_head_does_not_end_is_hung_up_on(opened: Opened, said: bytes) -> None:
    with socket.create_connection(("127.0.0.1", opened[0].port)) as connection:
        connection.sendall(said)
        assert closed(connection)


def test_a_head_that_drips_is_hung_up_on(opened: Opened) -> None:
    with socket.create_connection(("127.0.0.1", opened[0].port)) as connection:
        started = time.monotonic()
        dripping = threading.Thread(target=drip, args=(connection,))
        dripping.start()
        assert closed(connection)
        assert time.monotonic() - started < 4
        dripping.join(5)


def drip(connection: socket.socket) -> None:
    """A byte now and then, as long as somebody takes it."""
    with suppress(OSError):
        for _ in range(100):
            connection.sendall(b"X")
            pause.wait(0.05)


def test_a_body_that_does_not_come_is_not_waited_for(opened: Opened) -> None:
    server, link, heard = opened
    path = link.partition(f":{server.port}")[2]
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        connection.sendall(f"POST {path} HTTP/1.1\r\nHost: x\r\n{FORM}\r\nContent-Length: 26\r\n\r\nList".encode())
        connection.settimeout(5)
        assert connection.recv(100).startswith(b"HTTP/1.1 4")
    assert heard == []


def test_readers_get_through_when_hundreds_of_such_connections_were_opened(opened: Opened) -> None:
    server, link, heard = opened
    with ExitStack() as stack:
        for _ in range(220):
            connection = stack.enter_context(socket.create_connection(("127.0.0.1", server.port)))
            connection.sendall(b"POST /u/x HTTP/1.1\r\n")
        with requests.Session() as session:
            session.trust_env = False
            for _ in range(50):
                answer = session.post(link, data={"List-Unsubscribe": "One-Click"}, timeout=10)
                if answer.status_code == 200:
                    break
                pause.wait(0.1)
    assert answer.status_code == 200
    assert [signal.key for signal in heard] == ["k1"]
