"""The waiting threads of `serve`: what they do when waiting breaks, when reading gets nowhere, and at a reload."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

import pytest
from structlog.testing import capture_logs

from runner.errors import ChannelUnavailable
from runner.model.channel import ChannelType
from runner.serve.inboxes import InboxReader
from runner.serve.watching import InboxWatches
from runner.store.book import Book
from runner.testing import Play

SEQUENCE = """version: 1
name: two
steps:
  - {id: hello, channel: email, template: hello}
  - {id: quiet, wait: 3d}
  - {id: bump, channel: email, template: hello}
"""
LOST, NEWS = ChannelUnavailable("the server went away"), True


@dataclass
class ScriptedWatcher:
    """Waits until the test says what happened: an error, or whether there is news."""

    answers: queue.Queue[bool | Exception] = field(default_factory=queue.Queue)
    asked: queue.Queue[Mapping[str, object]] = field(default_factory=queue.Queue)
    closed: bool = False

    def wait(self, seconds: float, cursor: Mapping[str, object]) -> bool:
        self.asked.put(cursor)
        answer = self.answers.get(timeout=10)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def close(self) -> None:
        self.closed = True
        self.answers.put(False)


@pytest.fixture
def play(account, box, make_mail) -> Play:
    play = Play(SEQUENCE, [{"email": "grace@navy.example"}], accounts={account.name: account})
    play.settle()
    return play


@pytest.fixture
def watcher() -> ScriptedWatcher:
    return ScriptedWatcher()


@pytest.fixture
def watches(play: Play, inbox, watcher: ScriptedWatcher) -> Iterator[InboxWatches]:
    reader = InboxReader(lambda: play.ctx, {ChannelType.EMAIL: inbox})
    watches = InboxWatches(
        lambda: play.ctx, reader, {ChannelType.EMAIL: lambda _: watcher}, first_pause=0.001, unread_pause=0.001
    )
    yield watches
    watches.close()


def ask(watcher: ScriptedWatcher) -> Mapping[str, object]:
    """The cursor of the next wait."""
    return watcher.asked.get(timeout=10)


def test_news_are_read_at_once_and_the_next_wait_is_behind_them(watches, watcher, play, box, make_mail) -> None:
    read = threading.Event()
    watches.on_read = read.set
    watches.sync()
    assert ask(watcher) == {}
    box.add("INBOX", make_mail("Yes"))
    watcher.answers.put(NEWS)
    assert read.wait(10)
    behind = ask(watcher)  # from here on the thread rests: two cannot use the one connection of a database in memory
    assert play.status(1) == ("stopped", "replied")
    assert dict(behind)["INBOX"]["uid"] == 1


def test_broken_waiting_is_said_once_and_again_when_it_works(watches, watcher) -> None:
    with capture_logs() as lines:
        watches.sync()
        for answer in (LOST, LOST, LOST, False):
            ask(watcher)
            watcher.answers.put(answer)
        ask(watcher)
    assert [(line["event"], line["log_level"]) for line in lines] == [
        ("inbox.not_watched", "warning"), ("inbox.watched_again", "info"),
    ]  # fmt: skip
    assert lines[0]["error"] == "the server went away"


def test_the_pauses_after_broken_waiting_grow(watches, watcher, monkeypatch) -> None:
    pauses: list[float] = []
    watches.sync()
    ask(watcher)
    [watch] = watches._watches.values()
    monkeypatch.setattr(watch.closing, "wait", pauses.append)
    for _ in range(4):
        watcher.answers.put(LOST)
        ask(watcher)
    assert pauses == [0.001, 0.002, 0.004, 0.008]


def test_an_inbox_that_cannot_be_read_is_not_read_in_a_circle(watches, watcher, server, monkeypatch) -> None:
    pauses: list[float] = []
    watches.sync()
    ask(watcher)
    [watch] = watches._watches.values()
    monkeypatch.setattr(watch.closing, "wait", pauses.append)
    server.stop()
    watcher.answers.put(NEWS)
    ask(watcher)
    assert pauses == [0.001]
    server.start()


def test_closing_ends_the_threads(watches, watcher) -> None:
    watches.sync()
    ask(watcher)
    [watch] = watches._watches.values()
    watches.close()
    assert watcher.closed
    assert watch.thread is not None and not watch.thread.is_alive()


def test_an_account_that_is_switched_off_is_watched_no_more(watches, watcher, play, account) -> None:
    watches.sync()
    ask(watcher)
    channels = {account.name: replace(account, enabled=False)}
    project = replace(play.ctx.book.project, channels=channels)
    play.ctx = play.ctx.with_book(book_with(play.ctx.book, project))
    watches.sync()
    assert watcher.closed
    assert watches._watches == {}


def book_with(book: Book, project) -> Book:
    return replace(book, project=project)
