"""Why nothing went out: every rule of the gate that can hold somebody who is due has words, with its numbers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, time, timedelta

import pytest

from runner.engine.outcomes import AccountTrouble, Trouble
from runner.model.calendar import Block, SendWindow, Weekday
from runner.model.campaign import Campaign
from runner.model.channel import ChannelConfig, ChannelType
from runner.model.rates import LimitSet, Rate
from runner.store.explaining import explain_lead
from runner.store.health import record_trouble
from runner.store.operations import set_switch
from runner.store.suppressions import suppress
from runner.testing import MONDAY, Play

ONE = "version: 1\nname: one\nsteps:\n  - {id: first, channel: email, template: hello}\n"
ADA, BOB = {"email": "ada@example.com"}, {"email": "bob@example.com"}
SUNDAY = SendWindow((Block(frozenset({Weekday.SUN}), time(9), time(10)),), "UTC")
DAY = timedelta(days=1)


def _desk(limits: LimitSet | None = None, window: SendWindow | None = None) -> dict[str, ChannelConfig]:
    return {"desk": ChannelConfig(ChannelType.EMAIL, "desk", limits=limits or LimitSet(), send_window=window)}


def _due(**options: object) -> Play:
    play = Play(ONE, [ADA], **{"accounts": _desk(), **options})  # type: ignore[arg-type]
    play.decide()
    return play


def _switched_off() -> Play:
    play = _due()
    with play.ctx.db.write() as connection:
        set_switch(connection, "account:email/desk", reason="lunch", actor="ada", now=MONDAY)
    return play


def _suppressed() -> Play:
    play = _due()
    with play.ctx.db.write() as connection:
        suppress(connection, play.ctx.key, "domain", "example.com", reason="client", actor="ada", now=MONDAY)
    return play


def _in_trouble(kind: Trouble) -> Play:
    play = _due()
    with play.ctx.db.write() as connection:
        record_trouble(connection, "email/desk", AccountTrouble(kind, "odd", "the server is odd"), MONDAY)
    return play


def _after_another(limits: LimitSet) -> Play:
    play = Play(ONE, [BOB], accounts=_desk(limits))
    play.run()
    from runner.store.enrolling import enroll

    enroll(play.ctx, "play", play.add_leads([ADA]))
    play.decide()
    return play


@pytest.mark.parametrize(
    ("scene", "lead", "says", "until"),
    [
        (_switched_off, 1, "kill_switch: account:email/desk is switched off: lunch", timedelta(hours=1)),
        (_suppressed, 1, "suppressed: domain example.com is suppressed: client", timedelta(0)),
        (lambda: _due(campaign=Campaign("play", "one", ends_on=date(2026, 1, 1))), 1, "campaign_closed",
         timedelta(hours=1)),
        (lambda: _in_trouble(Trouble.CHALLENGE), 1, "account_stopped: the server is odd", timedelta(hours=1)),
        (lambda: _in_trouble(Trouble.CONNECTION), 1, "account_backing_off", timedelta(minutes=1)),
        (lambda: _due(accounts=_desk(window=SUNDAY)), 1, "window: the send window opens at 2026-03-08T09:00", 6 * DAY),
        (lambda: _due(accounts=_desk(window=SendWindow((), "UTC"))), 1, "window_never_open", timedelta(hours=1)),
        (lambda: _after_another(LimitSet(rates=(Rate(1, DAY),))), 2, "limit: account limit: 1 of 1 in 1 day", DAY),
        (lambda: _after_another(LimitSet(min_gap=timedelta(minutes=5))), 2, "gap: 300s", timedelta(minutes=5)),
    ],
)  # fmt: skip
def test_the_rule_that_holds_somebody_is_named_with_its_numbers(
    scene: Callable[[], Play], lead: int, says: str, until: timedelta
) -> None:
    [found] = explain_lead(scene().ctx, lead)
    assert says in found.sentence
    assert found.until == MONDAY + until
