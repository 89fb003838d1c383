"""Waiting for mail with IDLE, and finding proof of a message of unknown fate."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta

import pytest

from runner.channels.email.reconcile import EmailReconciler
from runner.channels.email.watch import InboxWatcher
from runner.engine.ports import Doubt
from runner.errors import ChannelUnavailable
from runner.model.lead import Lead
from runner.model.message import Rendered

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


def idling(server) -> bool:
    return any(call.command == "IDLE" for call in server.ledger)


def when(condition, then) -> threading.Thread:
    """Run `then` in a thread as soon as `condition` holds."""

    def body() -> None:
        for _ in range(500):
            if condition():
                return then()
            threading.Event().wait(0.01)

    thread = threading.Thread(target=body, daemon=True)
    thread.start()
    return thread


def test_mail_that_comes_while_waiting_ends_the_wait_at_once(inbox, account, server, box, make_mail) -> None:
    cursor = inbox.read(account, {}, [], NOW).cursor
    watcher = InboxWatcher(inbox, account)
    thread = when(lambda: idling(server), lambda: box.add("INBOX", make_mail("new")))
    started = time.monotonic()
    assert watcher.wait(10, cursor)
    assert time.monotonic() - started < 5
    thread.join()
    watcher.close()


def test_mail_that_came_before_the_wait_is_not_waited_for(inbox, account, box, make_mail) -> None:
    cursor = inbox.read(account, {}, [], NOW).cursor
    box.add("INBOX", make_mail("new"))
    watcher = InboxWatcher(inbox, account)
    started = time.monotonic()
    assert watcher.wait(10, cursor)
    assert time.monotonic() - started < 3
    watcher.close()


def test_nothing_new_ends_with_no(inbox, account, box, make_mail) -> None:
    box.add("INBOX", make_mail("old"))
    cursor = inbox.read(account, {}, [], NOW).cursor
    watcher = InboxWatcher(inbox, account)
    assert watcher.wait(0.2, cursor) is False
    assert watcher.wait(0.2, cursor) is False
    watcher.close()


def test_an_expunged_message_is_nothing_new(inbox, account, box, make_mail) -> None:
    box.add("INBOX", make_mail("old"))
    cursor = inbox.read(account, {}, [], NOW).cursor
    box.remove("INBOX", 1)
    watcher = InboxWatcher(inbox, account)
    assert watcher.wait(0.2, cursor) is False
    watcher.close()


def test_closing_from_another_thread_ends_the_wait(inbox, account, server) -> None:
    cursor = inbox.read(account, {}, [], NOW).cursor
    watcher = InboxWatcher(inbox, account)
    when(lambda: idling(server), watcher.close)
    started = time.monotonic()
    assert watcher.wait(30, cursor) is False
    assert time.monotonic() - started < 10


def test_a_lost_server_raises_and_the_next_wait_connects_anew(inbox, account, server, box, make_mail) -> None:
    cursor = inbox.read(account, {}, [], NOW).cursor
    watcher = InboxWatcher(inbox, account)
    when(lambda: idling(server), server.stop)
    with pytest.raises(ChannelUnavailable):
        watcher.wait(10, cursor)
    server.start()
    box.add("INBOX", make_mail("new"))
    assert watcher.wait(10, cursor)
    watcher.close()


def doubt(account, message_id: str | None = "<k7@lumen.example>") -> Doubt:
    return Doubt("k7-secret", account, Lead(1, email="grace@navy.example"), "", Rendered("x"), message_id, NOW)


def test_no_trace_is_no_proof(inbox, account, box) -> None:
    assert EmailReconciler(inbox).find(doubt(account)) is None


def test_a_copy_in_sent_is_proof(inbox, account, box, clock, make_mail) -> None:
    clock.advance(timedelta(minutes=1))
    box.add("Sent", make_mail("hi", message_id="<k7@lumen.example>"))
    evidence = EmailReconciler(inbox).find(doubt(account))
    assert evidence is not None
    assert (evidence.found_in, evidence.at) == ("imap:Sent", NOW + timedelta(minutes=1))


def test_a_copy_whose_message_id_was_replaced_is_found_by_our_header(inbox, account, box, make_mail) -> None:
    box.add("Sent", make_mail("hi", message_id="<0100-ses@amazonses.com>", x_runner_key="k7-secret"))
    assert EmailReconciler(inbox).find(doubt(account)) is not None


def test_a_bounce_that_returns_it_is_proof(inbox, account, box, make_mail) -> None:
    box.add("INBOX", make_mail("returned:\r\nX-Runner-Key: k7-secret\r\n", **{"from": "MAILER-DAEMON@mx.example"}))
    evidence = EmailReconciler(inbox).find(doubt(account, None))
    assert evidence is not None and evidence.found_in == "imap:INBOX"


def test_a_reply_in_the_junk_folder_is_proof(inbox, account, box, make_mail) -> None:
    box.add("Junk", make_mail("yes", references="<k0@lumen.example> <k7@lumen.example>"))
    assert EmailReconciler(inbox).find(doubt(account)) is not None
