"""Kept mail judged again: what is new is recorded once, and nothing recorded before is taken back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from runner.channels.email.rejudge import rejudge
from runner.cli.inbox import inbox as group
from runner.engine.ports import InboxBatch, RawMessage, Signal
from runner.model.channel import ChannelConfig, ChannelType
from runner.model.events import EventKind
from runner.store.people import load_leads
from runner.store.signals import record_batch
from runner.store.suppressions import suppressed_by, unsuppress
from runner.store.tables import events, raw_messages
from runner.testing import MONDAY, Play

GRACE = "grace@navy.example"
SOURCE = "imap:ada@127.0.0.1:abc"
SEQUENCE = """version: 1
name: two
steps:
  - {id: hello, channel: email, template: hello, settle: 1m}
  - {id: quiet, wait: 3d}
  - {id: form, channel: contact_form, condition: if hello_failed, template: hello}
  - {id: bump, channel: email, template: hello}
"""
BOUNCE = f"""From: MAILER-DAEMON@mx.example\r
To: ada@lumen.example\r
Subject: Undelivered Mail Returned to Sender\r
Content-Type: multipart/report; report-type=delivery-status; boundary=x\r
\r
--x\r
Content-Type: message/delivery-status\r
\r
Reporting-MTA: dns; mx.example\r
\r
Final-Recipient: rfc822; {GRACE}\r
Action: failed\r
Status: 5.1.1\r
Diagnostic-Code: smtp; 550 5.1.1 <{GRACE}>: user unknown\r
--x--\r
""".encode()


@pytest.fixture
def play(account) -> Play:
    play = Play(SEQUENCE, [{"email": GRACE}], accounts={account.name: account, "form": form()})
    play.settle()
    return play


def form() -> ChannelConfig:
    return ChannelConfig(ChannelType.CONTACT_FORM, "form")


@pytest.fixture
def keep(play: Play, account) -> Callable[..., None]:
    """Stores a message with what an earlier classifier made of it."""

    def store(content: bytes, verdict: str, *signals: Signal) -> None:
        raw = (RawMessage(SOURCE, MONDAY, content, verdict),)
        record_batch(play.ctx, account.key, InboxBatch({}, signals=signals, raw=raw))

    return store


def said(play: Play, **options: object) -> list[dict[str, object]]:
    return [change.row() for change in rejudge(play.ctx, **options)]  # type: ignore[arg-type]


def kinds(play: Play) -> list[tuple[str, bool]]:
    with play.ctx.db.read() as connection:
        rows = connection.execute(select(events.c.kind, events.c.hard).order_by(events.c.id)).all()
    return [(row.kind, row.hard) for row in rows]


def closed(play: Play) -> str | None:
    with play.ctx.db.read() as connection:
        return suppressed_by(connection, play.ctx.key, load_leads(connection, [1])[1], ChannelType.EMAIL)


def test_a_bounce_that_was_missed_fails_its_step_and_closes_the_address(play: Play, keep) -> None:
    keep(BOUNCE, "other:odd")
    [change] = said(play, apply=True)
    assert (change["before"], change["now"]) == ("other:odd", "bounce:delivery-status")
    assert change["records"] == [f"bounced hard {GRACE}"]
    play.run()
    assert [step for step in play.path(1) if "quiet" not in step][:2] == ["hello failed", "form sent"]
    assert "hard_bounce" in (closed(play) or "")


def test_looking_writes_nothing(play: Play, keep) -> None:
    keep(BOUNCE, "other:odd")
    assert len(said(play)) == len(said(play)) == 1
    assert kinds(play) == []
    assert closed(play) is None


def test_doing_it_again_changes_nothing_more(play: Play, keep) -> None:
    keep(BOUNCE, "other:odd")
    said(play, apply=True)
    before = kinds(play)
    assert said(play, apply=True) == []
    assert kinds(play) == before == [("bounced", True)]


def test_what_is_judged_as_before_is_not_mentioned(play: Play, keep, make_mail) -> None:
    keep(make_mail("Yes, let us talk."), "reply:human", Signal(EventKind.REPLIED, MONDAY, SOURCE, address=GRACE))
    assert said(play, apply=True) == []


def test_an_opt_out_taken_for_a_reply_suppresses_the_person_now(play: Play, keep, make_mail) -> None:
    keep(make_mail("unsubscribe"), "reply:human", Signal(EventKind.REPLIED, MONDAY, SOURCE, address=GRACE))
    assert closed(play) is None
    [change] = said(play, apply=True)
    assert change["records"] == [f"unsubscribed {GRACE}"]
    assert "opt_out" in (closed(play) or "")
    assert play.status(1) == ("stopped", "replied")
    assert change["stands"] == ["replied"]


def test_an_opt_out_that_is_no_longer_seen_is_named_and_stands(play: Play, keep, make_mail) -> None:
    keep(make_mail("Yes, let us talk."), "opt_out:words:odd",
         Signal(EventKind.UNSUBSCRIBED, MONDAY, SOURCE, address=GRACE))  # fmt: skip
    [change] = said(play, apply=True)
    assert (change["now"], change["stands"]) == ("reply:human", ["unsubscribed"])
    assert "opt_out" in (closed(play) or "")
    assert play.status(1) == ("stopped", "unsubscribed")


def test_an_address_called_dead_stays_closed_until_a_person_opens_it(play: Play, keep) -> None:
    full = BOUNCE.replace(b"5.1.1", b"5.2.2").replace(b"user unknown", b"mailbox full")
    hard = Signal(EventKind.BOUNCED, MONDAY, f"{SOURCE}:0", address=GRACE, permanent=True, hard=True,
                  data={"recipient": GRACE})  # fmt: skip
    keep(full, "bounce:words", hard)
    [change] = said(play, apply=True)
    assert change["records"] == []
    assert change["stands"] == [f"bounced hard {GRACE}"]
    assert "hard_bounce" in (closed(play) or "")


def test_a_bounce_that_proves_hard_closes_the_address_once(play: Play, keep) -> None:
    soft = Signal(EventKind.BOUNCED, MONDAY, f"{SOURCE}:0", address=GRACE, permanent=True, data={"recipient": GRACE})
    keep(BOUNCE, "bounce:words", soft)
    [change] = said(play, apply=True)
    assert change["records"] == [f"bounced hard {GRACE}"]
    assert said(play, apply=True) == []
    assert "hard_bounce" in (closed(play) or "")


def test_mail_that_broke_the_reader_is_read_now(play: Play, keep, make_mail) -> None:
    keep(make_mail("Yes, let us talk."), "quarantined")
    [change] = said(play, apply=True)
    assert (change["before"], change["records"]) == ("quarantined", [f"replied {GRACE}"])
    assert play.status(1) == ("stopped", "replied")


def test_only_the_account_that_was_asked_for(play: Play, keep, account) -> None:
    keep(BOUNCE, "other:odd")
    assert said(play, account="email/other") == []
    assert len(said(play, account=account.key)) == 1


def test_a_suppression_lifted_by_a_person_is_not_set_again(play: Play, keep) -> None:
    keep(BOUNCE, "other:odd")
    said(play, apply=True)
    with play.ctx.db.write() as connection:
        assert unsuppress(connection, play.ctx.key, "address", GRACE, actor="sam", now=MONDAY)
        connection.execute(update(raw_messages).values(verdict="other:odd"))
    said(play, apply=True)
    assert closed(play) is None


def test_the_command_says_what_changes(play: Play, keep, monkeypatch, capsys, golden, tmp_path: Path) -> None:
    keep(BOUNCE, "other:odd")
    monkeypatch.setattr("runner.cli.inbox.open_project", lambda root: play.ctx)
    monkeypatch.setattr(play.ctx.db, "close", lambda: None)
    for words in ((), ("--format", "json"), ("--apply",), ()):
        with pytest.raises(SystemExit):
            group(["reclassify", *words])
    golden(Path(__file__).parent / "reclassify.out", capsys.readouterr().out)


def test_an_absence_with_a_better_date_holds_longer(play: Play, keep, make_mail) -> None:
    back = MONDAY + timedelta(days=20)
    words = f"I am out of office until {back.date().isoformat()}."
    short = Signal(EventKind.AUTO_REPLIED, MONDAY, SOURCE, address=GRACE, resume_at=MONDAY + timedelta(days=2))
    mail = make_mail(words, subject="Automatic reply: hello", auto_submitted="auto-replied")
    keep(mail, "auto_reply:odd", short)
    assert [change["records"] for change in said(play, apply=True)] == [[f"auto_replied {GRACE}"]]
    assert said(play, apply=True) == []
