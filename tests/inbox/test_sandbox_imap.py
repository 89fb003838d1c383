"""The sandbox's IMAP server, asked by the client libraries that people use."""

from __future__ import annotations

import imaplib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from imap_tools import A, MailBoxUnencrypted
from imap_tools.errors import MailboxLoginError

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
ADA = "ada@lumen.example"


@pytest.fixture
def client(server) -> Iterator[MailBoxUnencrypted]:
    with MailBoxUnencrypted("127.0.0.1", server.port, timeout=5).login(ADA, "secret") as client:
        yield client


def test_the_special_folders_are_there(client) -> None:
    listed = {folder.name: folder.flags for folder in client.folder.list()}
    assert set(listed) == {"INBOX", "Sent", "Junk"}
    assert "\\Sent" in listed["Sent"] and "\\Junk" in listed["Junk"]


def test_a_wrong_password_is_refused(server) -> None:
    with MailBoxUnencrypted("127.0.0.1", server.port, timeout=5) as client, pytest.raises(MailboxLoginError):
        client.login(ADA, "wrong")


def test_xoauth2_and_plain_log_in(server) -> None:
    with MailBoxUnencrypted("127.0.0.1", server.port, timeout=5).xoauth2(ADA, "secret") as client:
        assert client.folder.get() == "INBOX"
    with MailBoxUnencrypted("127.0.0.1", server.port, timeout=5).login_utf8(ADA, "secret") as client:
        assert client.folder.get() == "INBOX"


def test_no_password_is_ever_written_down(server, client) -> None:
    assert [call.argument for call in server.ledger if call.command == "LOGIN"] == ["***"]


def test_messages_are_searched_and_fetched(client, box, make_mail) -> None:
    box.add("INBOX", make_mail("one", subject="first"))
    box.add("INBOX", make_mail("two", subject="second", message_id="<2@navy.example>"))
    assert [message.text for message in client.fetch(mark_seen=False)] == ["one", "two"]
    assert client.uids(A(subject="second")) == ["2"]
    assert client.uids('HEADER Message-ID "<2@navy.example>"') == ["2"]
    assert client.uids("UID 2:*") == ["2"]
    assert client.uids("OR SUBJECT first SUBJECT nothing") == ["1"]
    assert client.uids("NOT SUBJECT first TEXT two") == ["2"]
    assert client.uids("SINCE 23-Nov-2026 BEFORE 24-Nov-2026") == ["1", "2"]


def test_seen_is_set_by_reading_and_not_by_peeking(client, box, make_mail) -> None:
    box.add("INBOX", make_mail("one"))
    list(client.fetch(mark_seen=False))
    assert client.uids("UNSEEN") == ["1"]
    list(client.fetch(mark_seen=True))
    assert client.uids("UNSEEN") == []


def test_a_copy_is_filed_and_a_message_deleted(client, box, make_mail) -> None:
    client.append(make_mail("copy"), "Sent", flag_set=["\\Seen"])
    assert [message.flags for message in box.messages("Sent")] == [frozenset({"\\Seen"})]
    client.folder.set("Sent")
    client.delete(["1"])
    assert box.messages("Sent") == ()
    assert client.folder.status("Sent")["UIDNEXT"] == 2


def test_a_part_of_a_message_is_fetched(server, box, make_mail) -> None:
    box.add("INBOX", make_mail("x" * 100))
    client = imaplib.IMAP4("127.0.0.1", server.port, timeout=5)
    client.login(ADA, "secret")
    client.select("INBOX", readonly=True)
    whole = make_mail("x" * 100)
    for section, expected in (
        ("BODY.PEEK[]<0.20>", whole[:20]),
        ("BODY.PEEK[]<10.20>", whole[10:30]),
        ("BODY.PEEK[HEADER.FIELDS (SUBJECT)]", b"Subject: Re: hello\r\n\r\n"),
        ("BODY.PEEK[TEXT]", b"x" * 100),
    ):
        _, data = client.uid("FETCH", "1", f"({section})")
        assert data[0][1] == expected
    client.logout()


def test_idle_reports_what_becomes_visible(client, box, clock, make_mail) -> None:
    box.add("INBOX", make_mail("later"), visible_at=NOW + timedelta(hours=1))
    client.idle.start()
    assert client.idle.poll(timeout=0.2) == []
    clock.advance(timedelta(hours=1))
    assert b"* 1 EXISTS" in client.idle.poll(timeout=5)
    client.idle.stop()


def test_the_next_event_is_the_earliest_hidden_message(server, box, make_mail) -> None:
    assert server.next_event_at() is None
    box.add("INBOX", make_mail("later"), visible_at=NOW + timedelta(hours=1))
    assert server.next_event_at() == NOW + timedelta(hours=1)


def test_an_unknown_command_is_answered_and_the_connection_lives(server) -> None:
    client = imaplib.IMAP4("127.0.0.1", server.port, timeout=5)
    client.login(ADA, "secret")
    with pytest.raises(imaplib.IMAP4.error):
        client.getquota("INBOX")
    assert client.noop()[0] == "OK"
    client.logout()
