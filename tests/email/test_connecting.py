"""Connecting within a time over all addresses of a server, one of which may swallow whatever is sent to it."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Iterator

import pytest

from runner.channels.email import connecting
from runner.channels.email.connecting import connected
from runner.channels.email.imap import connect
from runner.channels.email.imap_settings import imap_settings
from runner.engine.outcomes import AccountTrouble, Sent, Trouble
from runner.errors import ChannelUnavailable
from runner.model.channel import ChannelConfig, ChannelType, SecretRef
from runner.secrets import Secret

HOST = "mail.lumen.example"
Address = tuple[str, int]


@pytest.fixture
def hole() -> Iterator[Address]:
    """An address that answers no SYN any more: nobody accepts, and its queue is full."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _ in range(4):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(listener.getsockname())
        yield listener.getsockname()


@pytest.fixture
def resolves(monkeypatch: pytest.MonkeyPatch):
    """`resolves(address, ...)`: what the name stands for."""

    def to(*addresses: Address) -> None:
        kind = (socket.AF_INET, socket.SOCK_STREAM, 6, "")
        monkeypatch.setattr(connecting.socket, "getaddrinfo", lambda *_, **__: [(*kind, each) for each in addresses])

    return to


def test_an_address_that_swallows_everything_leaves_time_for_the_next(
    hole, resolves, scripted, account, job, send, monkeypatch
):
    monkeypatch.setattr(connecting, "PATIENCE", 0.2)
    server = scripted()
    resolves(hole, ("127.0.0.1", server.port))
    assert isinstance(send(job(account(server.port, smtp={"host": HOST, "timeouts": {"connect": 5}}))), Sent)


def test_when_no_address_answers_the_time_for_connecting_ends_it(hole, resolves, account, job, send):
    resolves(hole, hole, hole)
    started = time.monotonic()
    outcome = send(job(account(25, smtp={"host": HOST, "timeouts": {"connect": 0.5}})))
    assert isinstance(outcome, AccountTrouble)
    assert outcome.kind is Trouble.CONNECTION
    assert 0.4 < time.monotonic() - started < 3


def test_an_inbox_is_left_in_time_too(hole, resolves):
    resolves(hole, hole, hole)
    imap = {
        "host": HOST,
        "port": 143,
        "security": "off",
        "username": "ada",
        "password": SecretRef(env="A"),
        "timeout": 0.5,
    }
    settings = imap_settings(ChannelConfig(ChannelType.EMAIL, "ada", settings={"imap": imap}))
    assert settings is not None
    started = time.monotonic()
    with pytest.raises(ChannelUnavailable), connect(settings, lambda *, fresh=False: Secret("x")):
        pass
    assert time.monotonic() - started < 3


def test_a_refused_address_is_not_waited_for(resolves, scripted):
    server = scripted()
    with socket.create_server(("127.0.0.1", 0)) as closed:
        nobody = closed.getsockname()
    resolves(nobody, ("127.0.0.1", server.port))
    started = time.monotonic()
    connected(HOST, 25, 30).close()
    assert time.monotonic() - started < 2


def test_a_name_without_an_address_is_an_error(resolves):
    resolves()
    with pytest.raises(OSError, match="has no address"):
        connected(HOST, 25, 1)
