"""What the inbox tests share: a sandbox IMAP server, an account pointed at it, and messages made by hand."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from runner.channels.email.inbox import EmailInbox
from runner.clocks import ManualClock
from runner.model.channel import ChannelConfig, ChannelType, SecretRef
from runner.sandbox.imap import ImapServer
from runner.sandbox.mailbox import Mailbox, Mailboxes
from runner.secrets import Secret

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
ADA = "ada@lumen.example"


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW)


@pytest.fixture
def server(clock: ManualClock) -> Iterator[ImapServer]:
    server = ImapServer(Mailboxes(clock), clock, password="secret")
    server.start()
    yield server
    server.stop()


@pytest.fixture
def box(server: ImapServer) -> Mailbox:
    return server.mailboxes.of(ADA)


@pytest.fixture
def account(server: ImapServer) -> ChannelConfig:
    return email_account(server.port)


@pytest.fixture
def inbox(clock: ManualClock) -> EmailInbox:
    return EmailInbox(lambda _: Secret("secret"), clock)


def email_account(port: int, **imap: object) -> ChannelConfig:
    settings = {"host": "127.0.0.1", "port": port, "security": "off", "username": ADA, "timeout": 5}
    settings |= {"password": SecretRef(env="ADA")} | imap
    return ChannelConfig(
        ChannelType.EMAIL,
        "ada",
        settings={"from": {"name": "Ada", "address": ADA}, "smtp": {"host": "127.0.0.1"}, "imap": settings},
    )


def mail(body: str = "Yes, let us talk.", **headers: str) -> bytes:
    """A message; keyword `in_reply_to` becomes the header `In-Reply-To`."""
    fields = {"from": "Grace <grace@navy.example>", "to": ADA, "subject": "Re: hello", "message_id": "<1@navy.example>"}
    lines = [f"{name.replace('_', '-').title()}: {value}" for name, value in (fields | headers).items() if value]
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()
