"""Asking the Sent folders: once before the first send, then only those that could not be read, and not too often."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from runner.channels.sent_watch import AGAIN_SECONDS, SentWatch
from runner.engine.gate import Rule
from runner.engine.ports import SentCopy
from runner.errors import ChannelUnavailable
from runner.model.channel import ChannelConfig, ChannelType
from runner.store.context import Context
from runner.store.enrolling import enroll
from runner.store.explaining import explain_lead
from runner.store.journal import Journal
from runner.store.switching import set_switch, switched_off
from runner.testing import MONDAY, Play

ONE = "version: 1\nname: one\nsteps:\n  - {id: first, channel: email, template: hello}\n"
SCOPE = "account:email/email_test"


@dataclass
class Folder:
    """A Sent folder that says what a test puts into it."""

    copies: list[SentCopy] = field(default_factory=list)
    broken: bool | Exception = False
    asked: list[datetime] = field(default_factory=list)

    def sent_since(self, account: ChannelConfig, since: datetime) -> Sequence[SentCopy] | None:
        self.asked.append(since)
        if isinstance(self.broken, Exception):
            raise self.broken
        if self.broken:
            raise ChannelUnavailable("the IMAP server cannot be used: it refuses the log-in")
        return [copy for copy in self.copies if copy.at >= since]


@dataclass
class Desk:
    """A database that has sent one message, a machine without a journal of it, and its Sent folder."""

    root: Path
    folder: Folder = field(default_factory=Folder)
    seconds: float = 0.0

    def __post_init__(self) -> None:
        self.play = Play(ONE, [{"email": "ada@example.com"}])
        self.play.settle()
        [sent] = self.play.channel(ChannelType.EMAIL).ledger
        self.folder.copies.append(SentCopy(sent.key, MONDAY, "ada@example.com"))
        enroll(self.play.ctx, "play", self.play.add_leads([{"email": "bob@example.com"}]))
        self.play.decide()
        self.journal = Journal(self.root, "0123456789abcdef")
        self.watch = self.restarted()

    @property
    def ctx(self) -> Context:
        return replace(self.play.ctx, journal=self.journal)

    def restarted(self) -> SentWatch:
        return SentWatch(lambda: self.ctx, {ChannelType.EMAIL: self.folder}, steady=lambda: self.seconds)

    def held(self) -> str | None:
        with self.ctx.db.read() as connection:
            return switched_off(connection, SCOPE)

    def bob(self) -> str:
        return explain_lead(self.ctx, 2)[0].sentence


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_a_folder_with_what_is_known_is_asked_once_and_a_journal_is_begun(desk: Desk) -> None:
    for _ in range(3):
        assert desk.watch.look()
        desk.watch.again()
        desk.seconds += AGAIN_SECONDS
    assert desk.folder.asked == [MONDAY], "its oldest lead, since that is later than two days before the newest send"
    assert desk.journal.has_begun()
    assert "due" in desk.bob()


def test_a_message_that_nobody_knows_stops_everything(desk: Desk) -> None:
    desk.folder.copies.append(SentCopy("k" * 26, MONDAY + timedelta(hours=1), "eve@example.com"))
    with capture_logs() as log:
        desk.watch.look()
    [told] = [entry for entry in log if entry["event"] == "sent_folder.unknown"]
    assert (told["messages"], told["accounts"]) == (1, ["email/email_test"])
    assert not desk.journal.has_begun()
    assert desk.bob().startswith(f"{Rule.KILL_SWITCH.value}: the database is older than what was sent")


def test_an_unreadable_folder_holds_its_account_until_it_is_read(desk: Desk) -> None:
    desk.folder.broken = True
    with capture_logs() as log:
        desk.watch.look()
        assert "its Sent folder cannot be read: the IMAP server cannot be used" in (desk.held() or "")
        desk.watch.again()
        desk.seconds += AGAIN_SECONDS
        desk.watch.again()
        desk.folder.broken = False
        desk.watch.again()
        assert desk.held() is not None
        desk.seconds += AGAIN_SECONDS
        desk.watch.again()
    assert len(desk.folder.asked) == 3, "once at the start, then every five minutes"
    assert [entry["event"] for entry in log] == ["sent_folder.unreadable", "sent_folder.read"]
    assert desk.held() is None
    assert desk.journal.has_begun()


def test_a_switch_of_a_person_stays_when_the_folder_is_read_again(desk: Desk) -> None:
    with desk.ctx.db.write() as connection:
        set_switch(connection, SCOPE, reason="lunch", actor="ada", now=MONDAY)
    desk.folder.broken = True
    desk.watch.look()
    desk.folder.broken = False
    desk.seconds += AGAIN_SECONDS
    desk.watch.again()
    assert desk.held() == "lunch"


def test_a_machine_with_a_journal_only_tells_that_a_folder_cannot_be_read(desk: Desk) -> None:
    desk.journal.begin(MONDAY)
    desk.folder.broken = True
    with capture_logs() as log:
        desk.watch.look()
    assert [entry["event"] for entry in log] == ["sent_folder.unreadable"]
    assert desk.held() is None


def test_a_fault_of_ours_in_reading_is_an_unreadable_folder_and_shown(desk: Desk) -> None:
    desk.folder.broken = ValueError("odd header")
    with capture_logs() as log:
        assert desk.watch.look()
    assert [entry["event"] for entry in log] == ["sent_folder.crashed", "sent_folder.unreadable"]
    assert "odd header" in (desk.held() or "")


def test_threads_that_want_to_send_wait_for_the_first_answer(desk: Desk) -> None:
    asking, answer = threading.Event(), threading.Event()
    real = desk.folder.sent_since

    def slow(account: ChannelConfig, since: datetime) -> Sequence[SentCopy] | None:
        asking.set()
        assert answer.wait(10)
        return real(account, since)

    desk.folder.sent_since = slow  # type: ignore[method-assign]
    passed: list[bool] = []
    threads = [threading.Thread(target=lambda: passed.append(desk.watch.look())) for _ in range(2)]
    for thread in threads:
        thread.start()
    assert asking.wait(10)
    assert passed == []
    answer.set()
    for thread in threads:
        thread.join(10)
    assert passed == [True, True]
    assert len(desk.folder.asked) == 1


@pytest.fixture
def stuck(desk: Desk) -> Iterator[threading.Event]:
    """A server that accepts the connection and says nothing, until the event is set."""
    answer, real = threading.Event(), desk.folder.sent_since

    def slow(account: ChannelConfig, since: datetime) -> Sequence[SentCopy] | None:
        assert answer.wait(20)
        return real(account, since)

    desk.folder.sent_since = slow  # type: ignore[method-assign]
    desk.watch.patience = 0.1
    yield answer
    answer.set()


def test_a_server_that_says_nothing_holds_up_the_first_send_for_a_moment_only(
    desk: Desk, stuck: threading.Event
) -> None:
    started = time.monotonic()
    with capture_logs() as log:
        assert desk.watch.look()
    assert time.monotonic() - started < 5
    assert [(entry["event"], entry["error"]) for entry in log] == [
        ("sent_folder.unreadable", "it did not answer within 0.1 s")
    ]
    assert "its Sent folder cannot be read: it did not answer" in (desk.held() or "")


def test_who_was_only_slow_is_asked_again_at_once_and_keeps_nobody_waiting(desk: Desk, stuck: threading.Event) -> None:
    watch = SentWatch(lambda: desk.ctx, {ChannelType.EMAIL: desk.folder}, patience=0.1)
    watch.look()
    asking = threading.Thread(target=watch.again)
    asking.start()
    started = time.monotonic()
    assert watch.look()
    assert time.monotonic() - started < 2, "while the other thread waits for the server"
    stuck.set()
    asking.join(20)
    assert desk.held() is None
    assert desk.journal.has_begun()


def test_a_look_at_some_accounts_begins_no_journal(desk: Desk) -> None:
    desk.watch.look_at(frozenset({"email/email_test"}))
    assert len(desk.folder.asked) == 1
    assert not desk.journal.has_begun()
    desk.watch.look_at(frozenset({"email/other"}))
    desk.watch.look_at(frozenset())
    assert len(desk.folder.asked) == 1
