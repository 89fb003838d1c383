"""What the inbox tests share: a sandbox IMAP server, accounts pointed at it, and messages made by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator
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
MakeMail = Callable[..., bytes]
MakeAccount = Callable[..., ChannelConfig]


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
def make_account(server: ImapServer) -> MakeAccount:
    def make(sender: str = ADA, port: int = 0, **imap: object) -> ChannelConfig:
        return email_account(port or server.port, sender, **imap)

    return make


@pytest.fixture
def account(make_account: MakeAccount) -> ChannelConfig:
    return make_account()


@pytest.fixture
def inbox(clock: ManualClock) -> EmailInbox:
    return EmailInbox(lambda _: Secret("secret"), clock)


@pytest.fixture
def make_mail() -> MakeMail:
    return mail


@pytest.fixture
def account_at() -> MakeAccount:
    return email_account


def email_account(port: int, sender: str = ADA, **imap: object) -> ChannelConfig:
    """An account whose inbox is on a loopback port; keywords change its `imap` settings."""
    settings: dict[str, object] = {
        "host": "127.0.0.1",
        "port": port,
        "security": "off",
        "username": sender,
        "timeout": 5,
    }
    settings |= {"password": SecretRef(env="ADA")} | imap
    return ChannelConfig(
        ChannelType.EMAIL,
        sender.partition("@")[0],
        settings={"from": {"name": "Ada", "address": sender}, "smtp": {"host": "127.0.0.1"}, "imap": settings},
    )


def mail(body: str = "Yes, let us talk.", **headers: str) -> bytes:
    """A message with LF line ends in the body as given; keyword `in_reply_to` becomes the header `In-Reply-To`."""
    fields = {"from": "Grace <grace@navy.example>", "to": ADA, "subject": "Re: hello", "message_id": "<1@navy.example>"}
    lines = [f"{name.replace('_', '-').title()}: {value}" for name, value in (fields | headers).items() if value]
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()
