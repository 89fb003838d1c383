"""The machine's clock leaps or starts wrong: it is told, and neither limits nor waits nor at-most-once break by it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update
from structlog.testing import capture_logs

from runner.channels.wiring import ChannelSet
from runner.engine.ports import Signal
from runner.errors import Refused
from runner.model.channel import ChannelConfig, ChannelType
from runner.model.events import EventKind
from runner.model.project import ContactPolicy, ProjectSettings
from runner.model.rates import LimitSet, Rate
from runner.operator import Operator
from runner.serve.app import App
from runner.serve.dispatch import Dispatcher
from runner.store.clock_mark import accept_clock, newest_known
from runner.store.database import open_database
from runner.store.invariants import broken
from runner.store.tables import events, outreach_attempts
from runner.testing import MONDAY, Play

SOURCE = "version: 1\nname: one\nsteps:\n  - {id: first, channel: email, template: hello}\n"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


class Machine:
    """A play whose wall clock leaps while its steady one does not."""

    def __init__(self, file: Path, people: int = 6, per_day: int = 2) -> None:
        self.ticks = 0.0
        limits = LimitSet(rates=(Rate(per_day, DAY),))
        accounts = {"desk": ChannelConfig(ChannelType.EMAIL, "desk", limits=limits)}
        self.play = Play(
            SOURCE, [{"email": f"p{n}@d{n}.example"} for n in range(people)], accounts=accounts,
            settings=ProjectSettings(contact=ContactPolicy(min_between=timedelta(0))),
            db=open_database(f"sqlite:///{file}", create=True),
        )  # fmt: skip
        self.app, self.dispatcher = self.start()

    def start(self) -> tuple[App, Dispatcher]:
        """A new process on the same database."""
        app = App(replace(self.play.ctx, machine=self.play.clock), ChannelSet(self.play.channels), Path())
        app.clock_watch.watching, app.clock_watch.steady = True, lambda: self.ticks
        return app, app.dispatcher(workers=2)

    def passes(self, time: timedelta) -> None:
        """Time passes as it should."""
        self.ticks += time.total_seconds()
        self.play.clock.advance(time)
        self.work()

    def leaps(self, by: timedelta) -> None:
        """Somebody sets the clock."""
        self.play.clock.set(self.play.clock.now() + by)
        self.work()

    def work(self) -> None:
        self.dispatcher.release_holds()
        pause = threading.Event()
        self.dispatcher.tick()
        while self.dispatcher.in_flight():
            pause.wait(0.01)
            self.dispatcher.tick()

    def sent(self) -> int:
        return len(self.play.channel(ChannelType.EMAIL).ledger)


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    made = Machine(tmp_path / "runner.db")
    yield made
    made.dispatcher.drain()
    made.play.ctx.db.close()


@pytest.fixture
def log() -> Iterator[list[Any]]:
    with capture_logs() as entries:
        yield entries


def _events(log: list[Any]) -> list[str]:
    return [entry["event"] for entry in log if entry["event"].startswith("clock.")]


def test_a_clock_that_just_goes_on_is_not_remarked_upon(machine: Machine, log: list[Any]) -> None:
    for _ in range(50):
        machine.passes(HOUR)
    assert _events(log) == []
    assert machine.sent() == 6, "two a day"


def test_a_leap_of_a_day_is_told_and_frees_no_daily_limit(machine: Machine, log: list[Any]) -> None:
    machine.work()
    machine.passes(timedelta(minutes=10))
    assert machine.sent() == 2
    machine.leaps(DAY)
    [told] = [entry for entry in log if entry["event"] == "clock.jumped"]
    assert (told["before"], told["after"]) == ("2026-03-02T09:10:00+00:00", "2026-03-03T09:10:00+00:00")
    assert machine.sent() == 2, "ten minutes are no day, whatever the clock says"
    machine.passes(23 * HOUR)
    assert machine.sent() == 2
    machine.passes(HOUR)
    assert machine.sent() == 4
    assert broken(machine.play.ctx) == []


def test_a_leap_back_sends_nothing_until_the_known_is_past(machine: Machine, log: list[Any]) -> None:
    machine.work()
    machine.passes(25 * HOUR)
    assert machine.sent() == 4
    machine.leaps(-HOUR)
    machine.passes(timedelta(minutes=30))
    assert _events(log) == ["clock.jumped", "clock.behind"]
    machine.leaps(23 * HOUR + timedelta(minutes=30))
    machine.passes(25 * HOUR)
    assert _events(log)[:4] == ["clock.jumped", "clock.behind", "clock.jumped", "clock.caught_up"]
    assert machine.sent() == 6


def test_a_machine_that_starts_in_1970_sends_nothing_and_says_so(machine: Machine, log: list[Any]) -> None:
    machine.work()
    machine.play.clock.set(datetime(1970, 1, 1, 0, 5, tzinfo=UTC))
    machine.app, machine.dispatcher = machine.start()
    machine.work()
    [told] = [entry for entry in log if entry["event"] == "clock.behind"]
    assert told["clock"] == "1970-01-01T00:05:00+00:00"
    assert told["newest_known"].startswith("2026-03-02T09:00")
    assert told["help"] == "set the clock; if it is right and was ahead before, `runner db clock --accept`"
    assert machine.sent() == 2
    operator = Operator(machine.play.ctx, ChannelSet(machine.play.channels))
    with pytest.raises(Refused, match="already knows"):
        operator.send_outreach_message("play", 3, ["email"])
    machine.play.clock.set(MONDAY + 25 * HOUR)
    machine.passes(timedelta(seconds=5))
    assert _events(log)[-1] == "clock.caught_up"
    assert machine.sent() == 4


def test_a_clock_that_was_ahead_can_be_accepted(machine: Machine, log: list[Any]) -> None:
    machine.play.clock.set(MONDAY + 3650 * DAY)
    machine.work()
    assert machine.sent() == 2
    machine.leaps(-3649 * DAY)
    assert _events(log) == ["clock.jumped", "clock.behind"]
    accept_clock(machine.play.ctx)
    with machine.play.ctx.db.read() as connection:
        assert newest_known(connection) == machine.play.clock.now()
    machine.passes(timedelta(seconds=5))
    machine.passes(25 * HOUR)
    assert machine.sent() == 4


@pytest.mark.parametrize("kind", [EventKind.REPLIED, EventKind.UNSUBSCRIBED])
def test_an_answer_by_a_clock_that_was_set_back_is_no_false_alarm(kind: EventKind) -> None:
    play = Play(SOURCE + "  - {id: rest, wait: 1d}\n", [{"email": "ada@example.com"}], start=MONDAY + DAY)
    play.settle()
    play.clock.set(MONDAY)
    play.happen(Signal(kind, MONDAY, "m:1", address="ada@example.com"))
    assert play.status(1) == ("stopped", kind.value)
    with play.ctx.db.read() as connection:
        assert connection.execute(select(events.c.recorded_at)).scalar_one() == MONDAY
        assert connection.execute(select(outreach_attempts.c.intent_at)).scalar_one() == MONDAY + DAY
    assert broken(play.ctx) == []


def test_a_send_after_an_answer_is_found_whatever_the_clock_says(machine: Machine) -> None:
    machine.play.decide()
    works = [machine.play.open() for _ in range(2)]
    for number in range(2):
        machine.play.happen(Signal(EventKind.REPLIED, MONDAY, f"m:{number}", address=f"p{number}@d{number}.example"))
    for work, at in zip(works, (MONDAY - DAY, MONDAY + DAY), strict=True):  # as a gate would that ignores events
        mine = outreach_attempts.c.id == work.attempt_id
        with machine.play.ctx.db.write() as connection:
            connection.execute(
                update(outreach_attempts).where(mine).values(status="sent", intent_at=at, finished_at=at)
            )
    found = [(row["invariant"], row["id"], row["found"]) for row in broken(machine.play.ctx)]
    assert found == [("events-win", work.attempt_id, "sent after replied") for work in works]
