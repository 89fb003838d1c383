"""Greylisting: soon again and for nothing at first, no sooner than asked, and not for ever."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from runner.engine.outcomes import Sent, TryAgain
from runner.engine.ports import Signal
from runner.model.channel import ChannelType
from runner.model.events import EventKind
from runner.store.hurrying import hurry
from runner.store.operations import pause_rows, resume_rows
from runner.store.tables import outreach_attempts, step_runs
from runner.testing import MONDAY, Play

ONE = "version: 1\nname: one\nsteps:\n  - {id: mail, channel: email, template: hello, retry: {count: %d, delay: 24h}}\n"
ADA = {"email": "ada@example.com"}
GREY = TryAgain("greylisted", greylisted=True)
SHORT = [timedelta(minutes=minutes) for minutes in (15, 45, 105, 225)]
"""When the short waits end, from the first try on."""


def grey(*outcomes: TryAgain | Sent, count: int = 2) -> Play:
    play = Play(ONE % count, [ADA])
    play.channel(ChannelType.EMAIL).script("ada@example.com", *outcomes)
    return play


def tried(play: Play) -> list[timedelta]:
    """When each try ended, from the first one on."""
    with play.ctx.db.read() as connection:
        query = select(outreach_attempts.c.finished_at).order_by(outreach_attempts.c.id)
        ended = list(connection.execute(query).scalars())
    return [at - ended[0] for at in ended]


def tries(play: Play) -> int:
    with play.ctx.db.read() as connection:
        return connection.execute(select(step_runs.c.tries)).scalar_one()


@pytest.mark.parametrize("refusals", [1, 2, 3, 4])
@pytest.mark.parametrize("count", [0, 2])
def test_the_short_waits_come_one_after_the_other_and_spend_nothing(refusals: int, count: int) -> None:
    play = grey(*[GREY] * refusals, Sent(), count=count)
    play.run(MONDAY + timedelta(hours=12))
    assert tried(play) == [timedelta(0), *SHORT[:refusals]]
    assert tries(play) == 0
    assert len(play.channel(ChannelType.EMAIL).ledger) == 1


def test_what_is_greylisted_for_ever_spends_its_tries_and_fails() -> None:
    play = grey(*[GREY] * 15, count=2)
    play.run(MONDAY + timedelta(days=4))
    day, fifth = timedelta(days=1), SHORT[-1]
    rounds = [number * (day + fifth) + short for number in range(3) for short in (timedelta(0), *SHORT)]
    assert tried(play) == rounds
    assert play.path(1) == ["mail failed"]


def test_without_tries_the_fifth_refusal_fails_the_step() -> None:
    play = grey(*[GREY] * 5, count=0)
    play.run(MONDAY + timedelta(days=1))
    assert tried(play) == [timedelta(0), *SHORT]
    assert play.path(1) == ["mail failed"]


@pytest.mark.parametrize(("asked", "waited"), [(10, 15), (20, 20), (225, 225)])
def test_no_try_comes_sooner_than_the_server_asks(asked: int, waited: int) -> None:
    play = grey(TryAgain("greylisted", after=timedelta(minutes=asked), greylisted=True), Sent())
    play.run(MONDAY + timedelta(hours=12))
    assert tried(play) == [timedelta(0), timedelta(minutes=waited)]
    assert tries(play) == 0


def test_who_asks_for_more_than_all_short_waits_gets_it_and_that_spends_a_try() -> None:
    play = grey(TryAgain("greylisted", after=timedelta(hours=30), greylisted=True), Sent())
    play.run(MONDAY + timedelta(days=3))
    assert tried(play) == [timedelta(0), timedelta(hours=30)]
    assert tries(play) == 1


def test_another_temporary_refusal_between_them_spends_a_try() -> None:
    play = grey(GREY, TryAgain("mailbox_full"), GREY, Sent())
    play.run(MONDAY + timedelta(days=3))
    quarter, day = timedelta(minutes=15), timedelta(days=1)
    assert tried(play) == [timedelta(0), quarter, quarter + day, 2 * quarter + day]
    assert tries(play) == 1


def test_a_reply_ends_the_waiting() -> None:
    play = grey(GREY, Sent())
    play.run(MONDAY + timedelta(minutes=5))
    assert play.status(1) == ("waiting", "retry")
    play.happen(Signal(EventKind.REPLIED, play.clock.now(), "m:1", address="ada@example.com"))
    play.run(MONDAY + timedelta(days=1))
    assert play.channel(ChannelType.EMAIL).ledger == []


def test_a_pause_keeps_what_was_left_of_the_wait() -> None:
    play = grey(GREY, Sent())
    play.run(MONDAY + timedelta(minutes=5))
    with play.ctx.db.write() as connection:
        pause_rows(connection, [1], "a moment", play.clock.now())
    play.run(MONDAY + timedelta(hours=5))
    with play.ctx.db.write() as connection:
        resume_rows(connection, [1], play.clock.now(), play.ctx.book)
    play.run(MONDAY + timedelta(hours=6))
    assert tried(play) == [timedelta(0), timedelta(hours=5, minutes=10)]


def test_an_operator_may_send_it_at_once() -> None:
    play = grey(GREY, Sent())
    play.run(MONDAY + timedelta(minutes=5))
    assert hurry(play.ctx, "play", 1, ChannelType.EMAIL).claim is not None
