"""The circuit breaker: what the other side says about an account counts, what the line does to it only waits."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from runner.engine.breaker import LIMITED_PAUSE, Health, after_trouble
from runner.engine.outcomes import AccountTrouble, Permit, Sent, Trouble
from runner.model.channel import ChannelConfig, ChannelType
from runner.store.gatekeeping import pass_gate
from runner.store.health import record_trouble, resume_account
from runner.store.results import record
from runner.store.tables import channel_configs, problems
from runner.testing import MONDAY, Play

LINE, LIMIT, LOG_IN = Trouble.CONNECTION, Trouble.LIMITED, Trouble.AUTH
DAY = timedelta(days=1)
ONE = "version: 1\nname: one\nsteps:\n  - {id: first, channel: email, template: hello}\n"
PEOPLE = [{"email": f"p{n}@example.com"} for n in range(3)]


def _after(*kinds: Trouble, health: Health | None = None) -> Health:
    """One trouble a day."""
    health = health or Health()
    for day, kind in enumerate(kinds):
        health = after_trouble(health, AccountTrouble(kind, kind.value), MONDAY + day * DAY)
    return health


@pytest.mark.parametrize(
    ("kinds", "stopped"),
    [
        ([LINE] * 100, False),
        ([LIMIT], False),
        ([LIMIT, LIMIT], True),
        ([LINE] * 10 + [LIMIT], False),
        ([LINE, LOG_IN], False),
        ([LIMIT, LINE, LINE, LIMIT], True),
        ([LOG_IN, LOG_IN], True),
        ([LOG_IN, LIMIT], True),
        ([Trouble.CHALLENGE], True),
        ([Trouble.CONFIG], True),
    ],
    ids=lambda value: "-".join(kind.value for kind in value[-4:]) if isinstance(value, list) else str(value),
)
def test_only_what_the_other_side_says_of_the_account_stops_it(kinds: Sequence[Trouble], stopped: bool) -> None:
    assert _after(*kinds).stopped is stopped


def test_a_line_that_stays_down_is_tried_less_and_less_often_and_never_given_up() -> None:
    waits = [_after(*[LINE] * times).retry_at for times in (1, 2, 3, 4, 50)]
    days = (0, 1, 2, 3, 49)
    minutes = [(at - MONDAY - day * DAY) / timedelta(minutes=1) for at, day in zip(waits, days, strict=True) if at]
    assert minutes == [1, 5, 15, 60, 60]


def test_a_failing_line_does_not_shorten_the_rest_that_was_asked_for() -> None:
    resting = _after(LIMIT)
    later = after_trouble(resting, AccountTrouble(LINE, "reset"), MONDAY + timedelta(seconds=5))
    assert later.retry_at == MONDAY + LIMITED_PAUSE
    assert later.reason == "limited"


@pytest.fixture
def play() -> Play:
    return Play(ONE, PEOPLE, accounts={"desk": ChannelConfig(ChannelType.EMAIL, "desk")})


def _meets(play: Play, kind: Trouble, at: datetime | None = None) -> None:
    with play.ctx.db.write() as connection:
        record_trouble(connection, "email/desk", AccountTrouble(kind, "odd", "told so"), at or play.clock.now())


def _health(play: Play) -> tuple[str, int, int]:
    columns = (channel_configs.c.health, channel_configs.c.failures, channel_configs.c.strikes)
    with play.ctx.db.read() as connection:
        return tuple(connection.execute(select(*columns)).one())  # type: ignore[return-value]


def test_a_success_that_was_under_way_does_not_end_the_rest_of_a_limited_account(play: Play) -> None:
    work = play.open()
    assert isinstance(pass_gate(play.ctx, work.intention()), Permit)
    _meets(play, LIMIT)
    record(play.ctx, work, Sent())
    assert _health(play) == ("backing_off", 1, 1)
    play.settle()
    assert play.channel(ChannelType.EMAIL).ledger == []
    play.run()
    assert {each.at for each in play.channel(ChannelType.EMAIL).ledger} == {MONDAY + LIMITED_PAUSE}
    assert _health(play) == ("ok", 0, 0)


def test_a_success_ends_the_waiting_for_a_line_that_failed(play: Play) -> None:
    work = play.open()
    assert isinstance(pass_gate(play.ctx, work.intention()), Permit)
    _meets(play, LINE)
    record(play.ctx, work, Sent())
    assert _health(play) == ("ok", 0, 0)


def test_a_stop_opens_one_problem_and_resuming_closes_it_and_forgives(play: Play) -> None:
    for _ in range(2):
        _meets(play, LOG_IN)
    with play.ctx.db.write() as connection:
        [problem] = connection.execute(select(problems)).all()
        assert (problem.scope, problem.text) == ("account:email/desk", "email/desk was stopped: told so")
        assert resume_account(connection, "email/desk", MONDAY)
        assert connection.execute(select(problems.c.closed_at)).scalar_one() == MONDAY
    _meets(play, LOG_IN)
    assert _health(play) == ("backing_off", 1, 1), "the first of a new row"
