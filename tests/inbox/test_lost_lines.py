"""A line to a real IMAP server that goes dead without a word, and a certificate that runs out while `serve` runs."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from dovecot_server import Dovecot, needs_dovecot, put
from line_proxy import LineProxy, line_proxy
from structlog.testing import capture_logs

import runner.channels.email.watch as watch
from runner.channels.email.imap import connect
from runner.channels.email.imap_settings import imap_settings
from runner.channels.email.watch import InboxWatcher
from runner.errors import ChannelUnavailable
from runner.model.channel import ChannelType
from runner.secrets import Secret
from runner.serve.inboxes import InboxReader
from runner.serve.watching import InboxWatches
from runner.store.database import open_database
from runner.testing import Play
from sequences import two_steps

pytestmark = needs_dovecot
SEQUENCE = two_steps("3d")
COMMAND, IDLE = 0.8, 0.5
"""Seconds that a command may take, and that one IDLE lasts, in these tests; 60 each in life."""


@pytest.fixture
def proxy(dovecot: Dovecot) -> Iterator[LineProxy]:
    with line_proxy(dovecot.port) as running:
        yield running


def until(condition, seconds: float = 15.0) -> float:
    """Wait for something to come true. Returns after how many seconds it did."""
    started, pause = time.monotonic(), threading.Event()
    while not condition():
        assert time.monotonic() - started < seconds
        pause.wait(0.01)
    return time.monotonic() - started


def test_a_line_that_goes_dead_in_idle_is_noticed_and_replaced(
    dovecot: Dovecot, proxy: LineProxy, account_at, inbox, make_mail, tmp_path: Path, monkeypatch
) -> None:
    monkeypatch.setattr(watch, "IDLE_SECONDS", IDLE)
    person = "deadline@lumen.example"
    account = account_at(proxy.port, person, timeout=COMMAND)
    db = open_database(f"sqlite:///{tmp_path}/runner.db", create=True)
    play = Play(SEQUENCE, [{"email": "grace@navy.example"}], db=db, accounts={account.name: account})
    play.settle()
    reader = InboxReader(lambda: play.ctx, {ChannelType.EMAIL: inbox})
    watches = InboxWatches(
        lambda: play.ctx, reader, {ChannelType.EMAIL: lambda one: InboxWatcher(inbox, one)}, first_pause=0.05
    )
    with capture_logs() as log:
        watches.sync()
        until(lambda: proxy.lines == 1)
        threading.Event().wait(IDLE / 2)  # let it be in its IDLE
        proxy.stall()
        noticed = until(lambda: any(entry["event"] == "inbox.not_watched" for entry in log))
        assert noticed < IDLE + 2 * COMMAND + 1, "an IDLE, a command, the log-out"
        put(account_at(dovecot.port, person), make_mail("Yes!"))
        until(lambda: play.status(1) == ("stopped", "replied"))
        until(lambda: any(entry["event"] == "inbox.watched_again" for entry in log))
    [told] = [entry for entry in log if entry["event"] == "inbox.not_watched"]
    assert "took longer than 0.8 s" in told["error"] or "timed out" in told["error"]
    watches.close()
    db.close()


def test_a_line_that_goes_dead_while_mail_is_read_is_an_unavailable_inbox(
    proxy: LineProxy, account_at, inbox, dovecot: Dovecot
) -> None:
    settings = imap_settings(account_at(proxy.port, "half@lumen.example", timeout=COMMAND))
    assert settings is not None
    with connect(settings, lambda: Secret("secret")) as connection:
        connection.open("INBOX")
        proxy.stall()
        started = time.monotonic()
        with pytest.raises(ChannelUnavailable):
            connection.uids_after(0)
        assert time.monotonic() - started < COMMAND + 1


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_a_certificate_that_runs_out_between_two_reads_is_not_taken(
    security: str, dovecot: Dovecot, account_at, inbox, make_mail
) -> None:
    port = dovecot.tls_port if security == "tls" else dovecot.port
    options = {"host": "localhost", "security": security, "ca_file": dovecot.ca_file, "timeout": 20}
    account = account_at(port, f"{security}@lumen.example", **options)
    put(account, make_mail("one"))
    cursor = inbox.read(account, {}, [], dovecot.now).cursor
    watcher = InboxWatcher(inbox, account)
    assert watcher.wait(0.1, cursor) is False
    try:
        dovecot.renew(days=-1)
        with pytest.raises(ChannelUnavailable, match="expired"):
            inbox.read(account, cursor, [], dovecot.now)
        with pytest.raises(ChannelUnavailable, match="expired"):
            InboxWatcher(inbox, account).wait(0.1, cursor)
    finally:
        dovecot.renew(days=1)
    assert inbox.read(account, cursor, [], dovecot.now).signals == (), "a new certificate in the same file is trusted"
    watcher.close()
