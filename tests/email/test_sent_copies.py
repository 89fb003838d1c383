"""Our own copy in the Sent folder: filed over IMAP where wanted, never at the cost of the sending."""

from __future__ import annotations

import pytest

from runner.channels.email.sent_copies import wants_copy
from runner.engine.outcomes import Failed, Permit, Sent
from runner.model.channel import SecretRef
from runner.sandbox.imap import ImapServer
from runner.sandbox.mailbox import SENT, Mailboxes


@pytest.fixture
def imap(clock):
    server = ImapServer(Mailboxes(clock), clock)
    server.start()
    yield server
    server.stop()


def settings(port, **more):
    return {"host": "127.0.0.1", "port": port, "security": "off", "username": "ada@lumen.example", "save_sent": True,
            "password": SecretRef(env="PASSWORD")} | more  # fmt: skip


def test_an_accepted_message_is_filed_as_read(imap, channel, scripted, account, job):
    server = scripted()
    config = account(server.port, imap=settings(imap.port))
    for number in range(5):
        prepared = channel.prepare(job(config, key=f"k{number}"))
        assert isinstance(prepared.fire(lambda: Permit(1)), Sent)
    channel.close()
    filed = imap.mailboxes.of("ada@lumen.example").messages(SENT)
    assert [message.content for message in filed] == list(server.script.messages)
    assert all("\\Seen" in message.flags for message in filed)


def test_a_refused_message_is_not_filed(imap, channel, scripted, account, job):
    config = account(scripted(dot=b"554 5.7.1 no\r\n").port, imap=settings(imap.port))
    assert isinstance(channel.prepare(job(config)).fire(lambda: Permit(1)), Failed)
    channel.close()
    assert imap.mailboxes.of("ada@lumen.example").messages(SENT) == ()


def test_an_inbox_that_is_down_does_not_touch_the_outcome(channel, scripted, account, job):
    config = account(scripted().port, imap=settings(1, timeout=1))
    assert isinstance(channel.prepare(job(config)).fire(lambda: Permit(1)), Sent)
    channel.close()


def test_copies_are_made_only_where_asked_and_needed(account):
    assert wants_copy(account(25, imap=settings(143)))
    assert not wants_copy(account(25, imap=settings(143, save_sent=False)))
    assert not wants_copy(account(25, smtp={"host": "smtp.gmail.com"}, imap=settings(143)))
    assert not wants_copy(account(25, imap=None))
