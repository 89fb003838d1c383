"""The inbox against a real Dovecot, run as an ordinary process: TLS, XOAUTH2, IDLE, UIDVALIDITY, expunge, folders."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from dovecot_server import KEY, Dovecot, needs_dovecot, put

from runner.channels.email.imap import connect
from runner.channels.email.imap_settings import imap_settings
from runner.channels.email.inbox import EmailInbox
from runner.channels.email.reconcile import EmailReconciler
from runner.channels.email.watch import InboxWatcher
from runner.channels.wiring import ChannelSet
from runner.clocks import SystemClock
from runner.engine.ports import Doubt
from runner.errors import ChannelUnavailable
from runner.model.channel import ChannelType, SecretRef
from runner.model.lead import Lead
from runner.model.message import Rendered
from runner.secrets import Secret
from runner.serve.app import App
from runner.serve.loop import Pace, Service
from runner.store.database import open_database
from runner.testing import Play
from sequences import two_steps

pytestmark = needs_dovecot


@pytest.fixture
def person(request: pytest.FixtureRequest) -> str:
    """A mailbox of its own for each test."""
    return f"{hashlib.sha256(request.node.name.encode()).hexdigest()[:12]}@lumen.example"


@pytest.fixture
def account(dovecot: Dovecot, account_at, person: str):
    return account_at(dovecot.port, person, timeout=20)


def texts(batch) -> list[object]:
    return [signal.data["text"] for signal in batch.signals]


def test_mail_is_read_once_and_read_on(inbox, account, dovecot: Dovecot, make_mail) -> None:
    put(account, make_mail("one"))
    put(account, make_mail("junk", message_id="<2@navy.example>"), "Junk")
    put(account, make_mail("sent"), "Sent")
    first = inbox.read(account, {}, [], dovecot.now)
    assert sorted(map(str, texts(first))) == ["junk", "one"]
    assert inbox.read(account, first.cursor, [], dovecot.now).signals == ()
    put(account, make_mail("three", message_id="<3@navy.example>"))
    assert texts(inbox.read(account, first.cursor, [], dovecot.now)) == ["three"]


def test_a_new_uidvalidity_gives_the_same_sources(inbox, account, dovecot: Dovecot, make_mail, person: str) -> None:
    put(account, make_mail("one"))
    first = inbox.read(account, {}, [], dovecot.now)
    for name in dovecot.base.joinpath("mail", person).glob("dovecot*"):
        name.unlink()
    (dovecot.base / "mail" / person / "dovecot-uidlist").write_text("3 V77777 N9\n")
    second = inbox.read(account, first.cursor, [], dovecot.now)
    assert second.cursor["INBOX"]["uidvalidity"] == 77777
    assert [signal.source for signal in second.signals] == [signal.source for signal in first.signals]


def test_expunged_mail_does_not_confuse_the_cursor(inbox, account, dovecot: Dovecot, make_mail, person: str) -> None:
    put(account, make_mail("one"))
    first = inbox.read(account, {}, [], dovecot.now)
    for folder in ("cur", "new"):
        for file in (dovecot.base / "mail" / person / folder).iterdir():
            file.unlink()
    assert inbox.read(account, first.cursor, [], dovecot.now).signals == ()
    put(account, make_mail("two", message_id="<2@navy.example>"))
    assert texts(inbox.read(account, first.cursor, [], dovecot.now)) == ["two"]


def test_idle_wakes_when_mail_comes(inbox, account, dovecot: Dovecot, make_mail) -> None:
    put(account, make_mail("one"))
    cursor = inbox.read(account, {}, [], dovecot.now).cursor
    watcher = InboxWatcher(inbox, account)
    timer = threading.Timer(0.5, put, (account, make_mail("two", message_id="<2@navy.example>")))
    timer.start()
    started = time.monotonic()
    assert watcher.wait(20, cursor)
    assert time.monotonic() - started < 10
    watcher.close()
    timer.join()


SEQUENCE = two_steps("3d")


@pytest.fixture
def conversation(account, tmp_path: Path) -> Play:
    """Grace was written to by an account whose inbox is on the server."""
    db = open_database(f"sqlite:///{tmp_path}/runner.db", create=True)
    play = Play(SEQUENCE, [{"email": "grace@navy.example"}], db=db, accounts={account.name: account})
    play.settle()
    assert play.path(1) == ["first sent", "rest ..."]
    return play


@pytest.fixture
def serving(conversation: Play, inbox, tmp_path: Path) -> Iterator[Service]:
    """`serve` as it is wired, with an inbox job that comes only once: what happens after that, waiting has done."""
    email = ChannelType.EMAIL
    channels = ChannelSet(conversation.channels, {email: inbox}, watchers={email: lambda one: InboxWatcher(inbox, one)})
    app = App(conversation.ctx, channels, tmp_path)
    service = Service(app, app.dispatcher(workers=1), Pace(inbox=timedelta(hours=1)))
    service.start()
    yield service
    service.stop()


def stopped_within(play: Play, seconds: float) -> float:
    """Seconds until the lead's reply ended the enrollment."""
    started = time.monotonic()
    while time.monotonic() - started < seconds:
        if play.status(1) == ("stopped", "replied"):
            return time.monotonic() - started
        threading.Event().wait(0.02)
    raise AssertionError(f"not within {seconds:g} s: {play.status(1)}")


def watching(account) -> bool:
    """Whether somebody is logged in to wait: the thread is there and has read the inbox once."""
    return any(thread.name == f"idle {account.key}" for thread in threading.enumerate())


def test_serve_acts_on_a_reply_within_seconds(serving, conversation: Play, account, make_mail) -> None:
    threading.Event().wait(1.0)  # let the first round pass, so that only IDLE can tell of what follows
    put(account, make_mail("Yes!"))
    assert stopped_within(conversation, 15) < 5


def test_draining_ends_the_waiting_at_once(serving, account) -> None:
    assert watching(account)
    started = time.monotonic()
    serving.stop()
    assert time.monotonic() - started < 4
    assert not watching(account)


def test_a_copy_in_sent_is_found_by_message_id_and_by_our_header(inbox, account, dovecot: Dovecot, make_mail) -> None:
    put(account, make_mail("hi", message_id="<k7@lumen.example>"), "Sent")
    put(account, make_mail("hi", message_id="<replaced@ses.example>", x_runner_key="k8"), "Sent")
    for key, message_id in (("k7", "<k7@lumen.example>"), ("k8", "<k8@lumen.example>")):
        doubt = Doubt(key, account, Lead(1), "", Rendered("hi"), message_id, dovecot.now)
        assert EmailReconciler(inbox).find(doubt) is not None
    nowhere = Doubt("k9", account, Lead(1), "", Rendered("hi"), "<k9@lumen.example>", dovecot.now)
    assert EmailReconciler(inbox).find(nowhere) is None


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_tls_with_a_certificate_that_is_trusted(
    dovecot: Dovecot, account_at, person, inbox, make_mail, security: str
) -> None:
    port = dovecot.tls_port if security == "tls" else dovecot.port
    trusted = account_at(port, person, host="localhost", security=security, ca_file=str(dovecot.base / "cert.pem"))
    put(trusted, make_mail("over TLS"))
    assert texts(inbox.read(trusted, {}, [], dovecot.now)) == ["over TLS"]
    with pytest.raises(ChannelUnavailable, match="certificate verify failed"):
        inbox.read(account_at(port, person, host="localhost", security=security), {}, [], dovecot.now)


def token(person: str, key: bytes = KEY) -> Secret:
    def part(value: object) -> bytes:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=")

    claims = {"sub": person, "email": person, "exp": int(time.time()) + 86_400, "iat": int(time.time()) - 86_400}
    signed = part({"alg": "HS256", "typ": "JWT"}) + b"." + part(claims)
    signature = base64.urlsafe_b64encode(hmac.new(key, signed, hashlib.sha256).digest()).rstrip(b"=")
    return Secret((signed + b"." + signature).decode())


def test_xoauth2_takes_a_token_and_refuses_a_forged_one(dovecot: Dovecot, account_at, person, make_mail) -> None:
    oauth = {"provider": "google", "client_id": "x", "refresh_token": None}
    settings = imap_settings(account_at(dovecot.port, person, oauth=oauth))
    assert settings is not None
    with connect(settings, lambda: token(person)) as connection:
        assert connection.open("INBOX").uid_validity > 0
    asked = []

    def forged(*, fresh: bool = False) -> Secret:
        asked.append(fresh)
        return token(person, b"another key")

    with pytest.raises(ChannelUnavailable), connect(settings, forged):
        pass
    assert asked == [False, True]


def test_a_revoked_token_is_fetched_anew_from_the_configured_url(
    dovecot: Dovecot, account_at, person, make_mail, token_server
) -> None:
    revoked, good = token(person, b"another key").reveal(), token(person).reveal()
    server = token_server((200, {"access_token": revoked}), (200, {"access_token": good}))
    put(account_at(dovecot.port, person), make_mail("one"))
    oauth = {"provider": "microsoft", "token_url": server.url, "client_id": "x", "refresh_token": SecretRef(env="R")}
    inbox = EmailInbox(lambda _: Secret("refresh-1"), SystemClock())
    assert texts(inbox.read(account_at(dovecot.port, person, oauth=oauth), {}, [], dovecot.now)) == ["one"]
    assert [form["refresh_token"] for form in server.requests] == ["refresh-1", "refresh-1"]
    assert server.requests[0]["scope"] == "https://outlook.office.com/IMAP.AccessAsUser.All offline_access"


def test_a_folder_with_a_name_in_another_script(dovecot: Dovecot, account_at, person, inbox, make_mail) -> None:
    folder = dovecot.base / "mail" / person / ".Leads.&ANw-n&AO8-"
    account = account_at(dovecot.port, person, folders=["INBOX", "Leads.Ünï", "Leads/Ünï"])
    inbox.read(account, {}, [], dovecot.now)
    for name in ("cur", "new", "tmp"):
        (folder / name).mkdir(parents=True)
    (folder / "cur" / "1.2.3:2,").write_bytes(make_mail("deep"))
    for path in (folder, *folder.rglob("*")):
        os.chown(path, *((65534, 65534) if os.geteuid() == 0 else (-1, -1)))
    assert texts(inbox.read(account, {}, [], dovecot.now)) == ["deep"]
