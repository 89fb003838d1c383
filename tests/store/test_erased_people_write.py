"""Somebody who was erased writes again: it is counted, an opt-out holds, and nothing of them is kept."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from postgres_waiting import until_waiting
from sqlalchemy import insert, select
from structlog.testing import capture_logs

from runner.channels.email.inbox_keys import Own
from runner.channels.email.inbox_signals import Arrival, read_message
from runner.engine.outcomes import Failed, HandedOver, Outcome, Permit, Sent, TaskDraft, Unconfirmed, Unknown
from runner.engine.ports import InboxBatch, Note, RawMessage, Signal
from runner.errors import Refused
from runner.model.channel import ChannelConfig, ChannelType
from runner.model.events import EventKind
from runner.serve.inboxes import InboxReader
from runner.store.claims import rescue
from runner.store.database import open_database
from runner.store.erasing import erase
from runner.store.erasures import erasure_count, hold_erasures
from runner.store.gatekeeping import pass_gate
from runner.store.invariants import broken
from runner.store.people import load_leads
from runner.store.results import record
from runner.store.signals import record_batch
from runner.store.suppressions import read_suppressions, suppressed_by, unsuppress
from runner.store.tables import events, inbox_cursors, leads, metadata, outreach_attempts, raw_messages, step_runs
from runner.store.tasking import task_rows
from runner.testing import MONDAY, Play

Make = Callable[..., Play]
ONE = """\
version: 1
name: one
steps:
  - {id: first, channel: email, template: hello}
  - {id: rest, wait: 9d}
"""
ADA, EVE = "zephyrine@quixotic.example", "eve@quixotic.example"
OURS = Own(frozenset({"us@lumen.example"}))
ACCOUNT = "email/email_test"


@pytest.fixture
def run(play: Make, request: pytest.FixtureRequest) -> Play:
    """Two of one company were written to; the first was erased."""
    scope = getattr(request, "param", "lead")
    made = play(
        ONE.replace("steps:", f"stop_scope: {scope}\nsteps:"),
        [{"email": ADA, "first_name": "Zephyrine"}, {"email": EVE, "first_name": "Eve"}],
    )
    made.settle()
    erase(made.ctx, 1, actor="test")
    return made


def stored(run: Play) -> str:
    """Every row of every table, as text."""
    with run.ctx.db.read() as connection:
        rows = [dict(row._mapping) for table in metadata.sorted_tables for row in connection.execute(select(table))]
    return json.dumps(rows, default=lambda value: value.decode() if isinstance(value, bytes) else str(value)).lower()


def mail(run: Play, words: str, *, who: str = f"Zephyrine W <{ADA}>", subject: str = "Re: hello", head: str = "",
         number: int = 1) -> InboxBatch:  # fmt: skip
    """What an inbox makes of one mail from `who`."""
    content = (f"From: {who}\r\nTo: us@lumen.example\r\nSubject: {subject}\r\nMessage-ID: <haberdash{number}@x.example>"
               f"\r\n{head}\r\n{words}\r\n")  # fmt: skip
    reading = read_message(Arrival("imap:us", "INBOX", run.clock.now(), content.encode()), OURS, frozenset())
    return InboxBatch({"INBOX": {"uid": number}}, reading.signals, reading.raw, reading.notes)


def heard(run: Play) -> list[tuple[str, int | None, Any]]:
    with run.ctx.db.read() as connection:
        rows = connection.execute(select(events.c.kind, events.c.lead_id, events.c.data).order_by(events.c.id))
        return [(row.kind, row.lead_id, row.data) for row in rows]


def nothing_is_kept(run: Play) -> None:
    text = stored(run)
    assert [trace for trace in ("zephyrine", "haberdash", "wobble") if trace in text] == []
    with run.ctx.db.read() as connection:
        assert connection.execute(select(raw_messages.c.source)).all() == []
        assert sorted(connection.execute(select(leads.c.id)).scalars()) == [1, 2]


def test_what_they_write_is_counted_and_not_kept(run: Play) -> None:
    recorded = record_batch(run.ctx, ACCOUNT, mail(run, "I wobble, says Zephyrine"))
    assert recorded.erased == 1
    nothing_is_kept(run)
    [(kind, lead, data)] = heard(run)
    assert (kind, lead) == ("replied", None)
    assert data["erased"] is True and data["folder"] == "INBOX" and "text" not in data
    assert run.status(2)[0] == "waiting", "it is no answer of a colleague"


@pytest.mark.parametrize("who", ["ZEPHYRINE@Quixotic.Example", "zephyrine+news@quixotic.example"])
def test_every_spelling_of_their_address_is_recognised(run: Play, who: str) -> None:
    record_batch(run.ctx, ACCOUNT, mail(run, "I wobble", who=who))
    nothing_is_kept(run)


def test_an_answer_from_another_address_is_recognised_by_our_key(run: Play) -> None:
    with run.ctx.db.read() as connection:
        key = connection.execute(
            select(step_runs.c.key).where(step_runs.c.enrollment_id == 1, step_runs.c.step == "first")
        ).scalar_one()
    batch = mail(run, "I wobble", who="wobble@home.example", head=f"Delivered-To: us+{key}@lumen.example\r\n")
    again = mail(run, "I wobble", who="wobble@home.example", head=f"In-Reply-To: <{key}@test.example>\r\n", number=2)
    for each in (batch, again, again):
        assert record_batch(run.ctx, ACCOUNT, each).erased == 1
    nothing_is_kept(run)
    assert {lead for _, lead, _ in heard(run)} == {1}


def test_a_bounce_a_list_and_a_note_about_them_are_not_kept(run: Play) -> None:
    notes = (Note("address_moved", f"x@y.example names another address: {ADA}", "x@y.example"),)
    bounce = InboxBatch({}, (Signal(EventKind.BOUNCED, MONDAY, "imap:us:b:0", address=ADA, permanent=True, hard=True,
                                    data={"recipient": ADA, "reason": "userunknown", "diagnostic": f"no {ADA}"}),),
                        (RawMessage("imap:us:b", MONDAY, b"haberdash", "bounce:words", (ADA,)),
                         RawMessage("imap:us:l", MONDAY, b"haberdash", "other:list", (ADA,))), notes)  # fmt: skip
    assert record_batch(run.ctx, ACCOUNT, bounce).erased == 2
    nothing_is_kept(run)
    assert heard(run)[0][2] == {"reason": "userunknown", "erased": True}


def test_a_message_that_cannot_be_read_is_not_kept_either(run: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("runner.channels.email.inbox_signals.parse", lambda content: 1 / 0)
    record_batch(run.ctx, ACCOUNT, mail(run, "I wobble"))
    nothing_is_kept(run)


@pytest.mark.parametrize("run", ["company"], indirect=True)
def test_their_opt_out_outlives_the_erasure_and_stops_the_company_where_that_is_wanted(run: Play) -> None:
    record_batch(run.ctx, ACCOUNT, mail(run, "Unsubscribe", subject="unsubscribe"))
    nothing_is_kept(run)
    assert run.status(2) == ("stopped", "company unsubscribed")
    with run.ctx.db.read() as connection:
        assert {(row.reason, row.label) for row in read_suppressions(connection)} == {("opt_out", "erased")}


def test_an_opt_out_from_another_address_of_theirs_holds_for_that_too(run: Play) -> None:
    with run.ctx.db.read() as connection:
        key = connection.execute(
            select(step_runs.c.key).where(step_runs.c.enrollment_id == 1, step_runs.c.step == "first")
        ).scalar_one()
    record_batch(run.ctx, ACCOUNT, mail(run, "x", who="wobble@home.example", subject=f"unsubscribe {key}"))
    nothing_is_kept(run)
    [home] = run.add_leads([{"email": "wobble@home.example"}])
    with run.ctx.db.read() as connection:
        assert suppressed_by(connection, run.ctx.key, load_leads(connection, [home])[home], ChannelType.EMAIL)


def test_what_others_write_is_kept_as_ever(run: Play) -> None:
    assert record_batch(run.ctx, ACCOUNT, mail(run, "Tuesday then", who=EVE)).erased == 0
    assert [lead for _, lead, _ in heard(run)] == [2]
    assert "tuesday then" in stored(run)


def test_who_was_let_in_again_is_like_anybody(run: Play) -> None:
    with run.ctx.db.write() as connection:
        unsuppress(connection, run.ctx.key, "address", ADA, actor="ada asked", now=run.clock.now())
    record_batch(run.ctx, ACCOUNT, mail(run, "I wobble"))
    assert "wobble" in stored(run)


class Mailbox:
    """An inbox during whose first read something happens elsewhere."""

    def __init__(self, batch: Callable[[], InboxBatch], meanwhile: Callable[[], None]) -> None:
        self.batch, self.meanwhile, self.reads, self.watched = batch, meanwhile, 0, list[list[int]]()

    def read(self, account: ChannelConfig, cursor: Any, watched: Any, now: Any) -> InboxBatch:
        self.reads += 1
        self.watched.append([lead.id for lead in watched])
        batch = self.batch()
        if self.reads == 1:
            self.meanwhile()
        return batch


def test_a_read_that_began_before_the_erasure_is_thrown_away_and_done_again(play: Make) -> None:
    linkedin = "linkedin/linkedin_test"
    source = "version: 1\nname: one\nsteps:\n  - {id: meet, channel: linkedin, action: connect, template: hello}\n"
    person = {"first_name": "Zephyrine", "linkedin_key": "zephy-w", "linkedin_urn": "ACoAAZephy",
              "linkedin_url": "https://linkedin.com/in/zephy-w"}  # fmt: skip
    run = play(source, [person])
    run.settle()
    said = Signal(EventKind.REPLIED, run.clock.now(), "linkedin/9", profile="ACoAAZephy", data={"text": "I wobble"})
    old = InboxBatch({"pending": [{"key": "ACoAAZephy", "first_name": "Zephyrine"}], "told": {"zephy-w": "1"}}, (said,),
                     notes=(Note("odd", "Zephyrine wobbles"),))  # fmt: skip
    answers = iter([old, InboxBatch({"pending": []})])
    mailbox = Mailbox(lambda: next(answers), lambda: erase(run.ctx, 1, actor="test"))
    InboxReader(lambda: run.ctx, {ChannelType.LINKEDIN: mailbox}).read_one(_account(run, linkedin))
    assert mailbox.watched == [[1], []]
    text = stored(run)
    assert [trace for trace in ("zephy", "wobble") if trace in text] == []
    with run.ctx.db.read() as connection:
        assert connection.execute(select(inbox_cursors.c.cursor)).scalars().all() == [{"pending": []}]


def _account(run: Play, key: str) -> ChannelConfig:
    config = run.ctx.book.account(key)
    assert config is not None
    return config


def test_the_log_counts_and_names_nobody(run: Play) -> None:
    mailbox = Mailbox(lambda: mail(run, "I wobble"), lambda: None)
    with capture_logs() as log:
        InboxReader(lambda: run.ctx, {ChannelType.EMAIL: mailbox}).read_one(_account(run, ACCOUNT))
    [line] = [entry for entry in log if entry["event"] == "inbox.of_erased_people"]
    assert line["messages"] == 1 and "zephyrine" not in json.dumps(log).lower()


def test_nobody_is_erased_while_a_message_to_them_is_going_out(play: Make) -> None:
    run = play(ONE, [{"email": ADA}])
    work = run.open()
    assert isinstance(pass_gate(run.ctx, work.intention()), Permit)
    before = _count(run)
    with pytest.raises(Refused, match="going out at this moment"):
        erase(run.ctx, 1, actor="test")
    assert _count(run) == before
    record(run.ctx, work, Failed("refused", f"550 {ADA} is unknown"))
    run.advance_to(run.clock.now() + timedelta(minutes=1))
    erase(run.ctx, 1, actor="test")
    assert "zephyrine" not in stored(run)


def _count(run: Play) -> str:
    with run.ctx.db.read() as connection:
        return erasure_count(connection)


def test_an_erasure_waits_for_what_another_process_is_just_storing(postgres_tables_url: str) -> None:
    run = Play(ONE, [{"email": ADA}], db=open_database(postgres_tables_url, create=True))
    run.settle()
    erasing = threading.Thread(target=erase, args=(run.ctx, 1), kwargs={"actor": "test"})
    row = {"account": ACCOUNT, "source": "imap:us:1", "received_at": run.clock.now(), "verdict": "other:list"}
    with run.ctx.db.write() as connection:
        assert hold_erasures(connection, erasure_count(connection))
        connection.execute(insert(raw_messages).values(**row, content=f"To: {ADA}\r\n\r\nI wobble".encode()))
        erasing.start()
        until_waiting(connection)
    erasing.join(10)
    assert [trace for trace in ("zephyrine", "wobble") if trace in stored(run)] == []
    run.ctx.db.close()


@pytest.mark.parametrize("address", ["\ud800@x.example", "a@\ud800", "a@" + "x" * 300, "@", "a@..", "a@xn--a", "\0@\0"])
def test_an_address_that_is_none_holds_up_no_inbox(run: Play, address: str) -> None:
    odd = InboxBatch({"INBOX": {"uid": 5}}, raw=(RawMessage("imap:odd", MONDAY, b"x", "other:list", (address, ADA)),),
                     notes=(Note("address_moved", f"somebody names {address!r}"),))  # fmt: skip
    assert record_batch(run.ctx, ACCOUNT, odd).erased == 1
    with run.ctx.db.read() as connection:
        assert connection.execute(select(inbox_cursors.c.cursor)).scalars().all() == [{"INBOX": {"uid": 5}}]


def _late(play: Make, outcome: Outcome, source: str = ONE) -> tuple[Play, bool]:
    """A message went out, its worker was given up, the person was erased; and now the worker tells of it."""
    run = play(source, [{"email": ADA, "linkedin_urn": "zephyrine-w", "phone": "+442079460999"}])
    work = run.open()
    assert isinstance(pass_gate(run.ctx, work.intention()), Permit)
    run.machine.advance(timedelta(minutes=5))
    assert rescue(run.ctx) == 1
    erase(run.ctx, 1, actor="test")
    assert "zephyrine" not in stored(run)
    return run, record(run.ctx, work, outcome)


NAMING = {"reply": f"250 2.0.0 <{ADA}> accepted", "linkedin_urn": "zephyrine-w"}


@pytest.mark.parametrize(
    ("outcome", "status"),
    [(Sent("<k@lumen.example>", f"conversation with {ADA}", NAMING), "sent"), (Unconfirmed(NAMING), "sent"),
     (Unknown("no_answer_after_dot", f"<{ADA}> was being written to", NAMING), "unknown")],
    ids=["sent", "unconfirmed", "unknown"],
)  # fmt: skip
def test_an_answer_that_comes_after_the_erasure_does_not_bring_the_person_back(
    play: Make, outcome: Outcome, status: str
) -> None:
    run, recorded = _late(play, outcome)
    assert recorded
    assert "zephyrine" not in stored(run)
    with run.ctx.db.read() as connection:
        assert connection.execute(select(outreach_attempts.c.status)).scalar_one() == status
    assert broken(run.ctx) == []


def test_nobody_is_asked_to_call_somebody_who_was_erased(play: Make) -> None:
    task = TaskDraft("call", f"Call {ADA}", "Hello", number="+442079460999")
    run, recorded = _late(play, HandedOver(task), ONE.replace("channel: email", "channel: phone"))
    assert not recorded
    assert "zephyrine" not in stored(run)
    with run.ctx.db.read() as connection:
        assert task_rows(connection) == []
    assert broken(run.ctx) == []
