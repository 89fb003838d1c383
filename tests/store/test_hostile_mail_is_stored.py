"""Whatever stands in a mail, what was read of it can be stored: else its inbox would never get past it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select
from structlog.testing import capture_logs

from runner.channels.email.inbox_keys import Own
from runner.channels.email.inbox_signals import Arrival, read_message
from runner.engine.ports import InboxBatch
from runner.model.channel import ChannelConfig, ChannelType
from runner.serve.inboxes import InboxReader
from runner.store import signals
from runner.store.signals import record_batch
from runner.store.tables import inbox_cursors
from runner.testing import MONDAY, Play

ONE = "version: 1\nname: one\nsteps:\n  - {id: first, channel: email, template: hello}\n  - {id: rest, wait: 3d}\n"
OURS = Own(frozenset({"us@lumen.example"}))
REPORT = (
    b"Return-Path: <>\nFrom: MAILER-DAEMON@x.example\nSubject: failure notice\n"
    b"Content-Type: multipart/report; report-type=delivery-status; boundary=B\n\n--B\n\nwords \0 \xff\n--B\n"
    b"Content-Type: message/delivery-status\n\nReporting-MTA: dns; x\n\n"
    b"Final-Recipient: rfc822; ada\0@navy.example\nAction: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 \0 \xff\n"
    b"\n--B--\n"
)
MAILS = {
    "NUL in a subject and a text": b"From: ada@navy.example\nSubject: Re: \0 hi\n\nyes \0 please",
    "NUL in an address": b"From: ad\0a@navy.example\nSubject: Re: hi\n\nyes",
    "NUL in an encoded word": b"From: ada@navy.example\nSubject: =?utf-8?q?=00_hi?=\n\nyes",
    "half a surrogate pair": b"From: ada@navy.example\nSubject: =?utf-16-le?b?ANg=?=\n\n\xed\xa0\x80",
    "surrogates in a charset": b"From: ada@navy.example\nContent-Type: text/plain; charset=utf-7\n\n+2AA-",
    "NUL in a Message-ID": b"From: ada@navy.example\nIn-Reply-To: <a\0b@lumen.example>\n\nyes",
    "NUL in a report": REPORT,
    "raw bytes everywhere": b"From: \xff\xfe <ada@navy.example>\nSubject: \xff\xfe\xed\xa0\x80\n\n\xff\xfe\xed\xa0\x80",
    "an absence until the year 9999": b"From: ada@navy.example\nSubject: Out of office\n"
    b"Auto-Submitted: auto-replied\n\nI am away until 31.12.9999.",
    "an address of a thousand letters": b"From: " + b"a" * 1000 + b"@navy.example\n\nyes",
}


@pytest.mark.parametrize("name", MAILS)
def test_it_is_stored_and_the_cursor_moves_on(name: str, play: Callable[..., Play]) -> None:
    run = play(ONE, [{"email": "ada@navy.example"}])
    run.settle()
    reading = read_message(Arrival("imap:us", "INBOX", run.clock.now(), MAILS[name]), OURS, frozenset())
    batch = InboxBatch({"INBOX": {"uid": 1}}, reading.signals, reading.raw, reading.notes)
    for _ in range(2):
        assert not record_batch(run.ctx, "email/email_test", batch).stale
    run.run(MONDAY)


def test_what_cannot_be_stored_keeps_no_other_inbox_unread(
    play: Callable[..., Play], monkeypatch: pytest.MonkeyPatch
) -> None:
    desks = {name: ChannelConfig(ChannelType.EMAIL, name, settings={"imap": {"host": "x"}}) for name in ("ada", "bob")}
    run = play(ONE, [{"email": "ada@navy.example"}], accounts=desks)
    run.settle()
    whole = signals._save_cursor

    def broken(connection: Any, account: str, *more: Any) -> None:
        if account == "email/ada":
            raise ValueError("ada@navy.example said so")
        whole(connection, account, *more)

    monkeypatch.setattr(signals, "_save_cursor", broken)
    with capture_logs() as log:
        InboxReader(lambda: run.ctx, {ChannelType.EMAIL: Empty()}).read_all()
    with run.ctx.db.read() as connection:
        rows = {row.account: row for row in connection.execute(select(inbox_cursors))}
    assert rows["email/bob"].read_at is not None
    assert rows["email/ada"].error == "what was read cannot be stored (ValueError)"
    assert "navy" not in str(log)


class Empty:
    def read(self, account: ChannelConfig, cursor: Any, watched: Any, now: Any) -> InboxBatch:
        return InboxBatch({"INBOX": {"uid": 1}})
