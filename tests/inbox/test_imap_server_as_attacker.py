"""A server that drips, floods, lies or hangs up: every read ends in time, as an unavailable channel."""

from __future__ import annotations

import contextlib
import imaplib
import io
import socket
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest

from runner.channels.email.imap import connect
from runner.channels.email.imap_client import MAX_LINE, Deadline, GuardedClient
from runner.channels.email.imap_settings import imap_settings
from runner.channels.email.reconcile import EmailReconciler
from runner.engine.ports import Doubt
from runner.errors import ChannelUnavailable
from runner.model.lead import Lead
from runner.model.message import Rendered
from runner.secrets import Secret

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
Script = Callable[[socket.socket], None]


@pytest.fixture
def attacker() -> Iterator[Callable[[Script], int]]:
    listeners: list[socket.socket] = []

    def start(script: Script) -> int:
        listener = socket.create_server(("127.0.0.1", 0))
        listeners.append(listener)

        def serve() -> None:
            with contextlib.suppress(OSError):
                while True:
                    connection, _ = listener.accept()
                    with connection, contextlib.suppress(OSError):
                        script(connection)

        threading.Thread(target=serve, daemon=True).start()
        return int(listener.getsockname()[1])

    yield start
    for listener in listeners:
        listener.close()


def drips(connection: socket.socket) -> None:
    for byte in b"* OK " + b"x" * 10_000:
        connection.sendall(bytes([byte]))
        threading.Event().wait(0.05)


def answers(**replies: bytes) -> Script:
    """A server that logs everyone in and then answers each command as told, `{tag}` filled in."""

    def script(connection: socket.socket) -> None:
        stream = connection.makefile("rb")
        connection.sendall(b"* OK [CAPABILITY IMAP4rev1] ready\r\n")
        while line := stream.readline():
            tag, _, rest = line.strip().partition(b" ")
            name = rest.split(b" ")[0].decode().lower()
            name = "uid_" + rest.split(b" ")[1].decode().lower() if name == "uid" else name
            connection.sendall(replies.get(name, b"").replace(b"{tag}", tag) + tag + b" OK done\r\n")

    return script


FOLDER = {
    "capability": b"* CAPABILITY IMAP4rev1\r\n",
    "list": b'* LIST () "/" INBOX\r\n',
    "examine": b"* 1 EXISTS\r\n* OK [UIDVALIDITY 7] x\r\n* OK [UIDNEXT 9] x\r\n",
    "uid_search": b"* SEARCH 8\r\n",
}

ATTACKS: dict[str, Script] = {
    "hangs up at once": lambda connection: None,
    "drips": drips,
    "says nothing": lambda connection: threading.Event().wait(8),
    "says BYE": lambda connection: connection.sendall(b"* BYE go away\r\n"),
    "is no IMAP server": lambda connection: connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n"),
    "sends a line of ten megabytes": lambda connection: connection.sendall(b"* OK " + b"x" * 10_000_000 + b"\r\n"),
    "announces a literal of two gigabytes": answers(
        **FOLDER, uid_fetch=b"* 1 FETCH (UID 8 RFC822.SIZE 10 BODY[]<0> {2147483647}\r\n"
    ),
    "gives no UIDVALIDITY": answers(**FOLDER | {"examine": b"* 1 EXISTS\r\n"}),
    "gives a UIDVALIDITY that is no number": answers(**FOLDER | {"examine": b"* OK [UIDVALIDITY x] x\r\n"}),
    "finds UIDs that are no numbers": answers(**FOLDER | {"uid_search": b"* SEARCH x y\r\n"}),
}


@pytest.mark.parametrize("attack", list(ATTACKS))
def test_an_attack_ends_in_time_as_an_unavailable_channel(inbox, account_at, attacker, attack: str) -> None:
    account = account_at(attacker(ATTACKS[attack]), timeout=1.0)
    started = time.monotonic()
    with pytest.raises(ChannelUnavailable):
        inbox.read(account, {}, [], NOW)
    assert time.monotonic() - started < 7


def test_a_message_that_is_gone_when_it_is_fetched_is_passed_over(inbox, account_at, attacker) -> None:
    fetch = b"* 1 FETCH (UID 8 RFC822.SIZE 10)\r\n"
    batch = inbox.read(account_at(attacker(answers(**FOLDER, uid_fetch=fetch))), {}, [], NOW)
    assert batch.signals == ()
    assert batch.cursor["INBOX"] == {"uidvalidity": 7, "uid": 8}


def test_a_message_that_the_server_cannot_show_is_reported_and_passed_over(inbox, account_at, attacker) -> None:
    def script(connection: socket.socket) -> None:
        stream = connection.makefile("rb")
        connection.sendall(b"* OK [CAPABILITY IMAP4rev1] ready\r\n")
        while line := stream.readline():
            tag, _, rest = line.strip().partition(b" ")
            name = rest.split(b" ")[0].decode().lower()
            if b"BODY.PEEK" in rest:
                connection.sendall(tag + b" NO [SERVERBUG] cannot read the file\r\n")
                continue
            name = "uid_" + rest.split(b" ")[1].decode().lower() if name == "uid" else name
            shown = FOLDER | {"uid_fetch": b"* 1 FETCH (UID 8 RFC822.SIZE 10)\r\n"}
            connection.sendall(shown.get(name, b"") + tag + b" OK done\r\n")

    batch = inbox.read(account_at(attacker(script)), {}, [], NOW)
    assert [(note.kind, note.hold) for note in batch.notes] == [("unreadable_mail", True)]
    assert batch.cursor["INBOX"] == {"uidvalidity": 7, "uid": 8}


def test_what_was_read_before_the_line_broke_is_kept(inbox, account_at, attacker, make_mail) -> None:
    content = make_mail("one")

    def script(connection: socket.socket) -> None:
        stream = connection.makefile("rb")
        connection.sendall(b"* OK [CAPABILITY IMAP4rev1] ready\r\n")
        shown = FOLDER | {
            "uid_search": b"* SEARCH 7 8\r\n",
            "uid_fetch": b"* 1 FETCH (UID 7 RFC822.SIZE 10)\r\n* 2 FETCH (UID 8 RFC822.SIZE 10)\r\n",
        }
        while line := stream.readline():
            tag, _, rest = line.strip().partition(b" ")
            if b"BODY.PEEK" in rest:
                if b" 8 " in rest:
                    return
                literal = b"* 1 FETCH (UID 7 BODY[]<0> {%d}\r\n%b)\r\n" % (len(content), content)
                connection.sendall(literal + tag + b" OK done\r\n")
                continue
            words = rest.lower().split(b" ")
            name = "uid_" + words[1].decode() if words[0] == b"uid" else words[0].decode()
            connection.sendall(shown.get(name, b"") + tag + b" OK done\r\n")

    account = account_at(attacker(script))
    batch = inbox.read(account, {}, [], NOW)
    assert [signal.data["text"] for signal in batch.signals] == ["one"]
    assert (batch.complete, batch.cursor["INBOX"]) == (False, {"uidvalidity": 7, "uid": 7})


@pytest.mark.parametrize("evil", ["x\r\nA1 DELETE INBOX", "x\nA1 NOOP", "x\0"])
def test_line_breaks_in_arguments_never_reach_the_server(server, account, evil: str) -> None:
    settings = imap_settings(account)
    assert settings is not None
    with connect(settings, lambda: Secret("secret")) as connection:
        connection.open("INBOX")
        with pytest.raises(ChannelUnavailable):
            connection.uids_with_header("Message-ID", evil)
    assert not any(call.command in ("DELETE", "NOOP") for call in server.ledger)


def test_a_key_with_a_line_break_cannot_be_searched_for(inbox, account) -> None:
    doubt = Doubt("k\r\nA1 DELETE INBOX", account, Lead(1), "", Rendered(""), None, NOW)
    with pytest.raises(ChannelUnavailable):
        EmailReconciler(inbox).find(doubt)


def test_a_user_name_with_a_line_break_is_refused(server) -> None:
    deadline = Deadline(5.0)
    client = GuardedClient("127.0.0.1", server.port, deadline, None)
    with pytest.raises(ValueError, match="control character"):
        client.login("ada\r\nA1 NOOP", "secret")
    client.logout()
    deadline.release()


def test_a_certificate_that_nobody_vouches_for_is_refused(inbox, account_at, attacker) -> None:
    account = account_at(
        attacker(lambda connection: connection.sendall(b"\x15\x03\x01\x00\x02\x02\x28")), security="tls", timeout=2
    )
    with pytest.raises(ChannelUnavailable):
        inbox.read(account, {}, [], NOW)


def test_a_literal_or_a_line_without_bounds_is_not_read_at_all() -> None:
    client = object.__new__(GuardedClient)  # never connected: nothing has to be read to refuse it
    with pytest.raises(imaplib.IMAP4.abort, match="literal of 2147483647 bytes"):
        client.read(2_147_483_647)
    vars(client)["_file"] = stream = io.BytesIO(b"x" * (MAX_LINE + 1000))
    with pytest.raises(imaplib.IMAP4.abort, match="line of more than"):
        client.readline()
    assert stream.tell() <= MAX_LINE + 1
