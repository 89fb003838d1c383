"""A campaign whose list is bad pauses by itself, whatever its accounts do; a person lets it go on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, select

from runner.compile.campaigns import compile_campaign
from runner.engine.ports import Signal
from runner.lang.reader import load
from runner.model.campaign import Campaign
from runner.model.channel import ChannelConfig, ChannelType
from runner.model.events import EventKind
from runner.store.enrolling import enroll, enroll_matching
from runner.store.explaining import explain_lead, not_enrolled
from runner.store.guardrails import GUARD
from runner.store.histories import channel_metrics
from runner.store.switching import lift_switch, set_switch
from runner.store.tables import channel_configs, problems
from runner.testing import Play
from sequences import two_steps

Make = Callable[..., Play]
TWO = two_steps("3d")
DESKS = {name: ChannelConfig(ChannelType.EMAIL, name) for name in ("desk", "door")}
STRICT = {"bounce_rate": 0.25, "bounce_floor": 8, "complaint_rate": 0.2, "complaint_floor": 8}


def _audience(text: str) -> Any:
    draft, _ = compile_campaign(load(f"version: 1\nname: c\nsequence: s\naudience: {text}", "c.yaml"), "c", {})
    assert draft is not None and draft.campaign is not None
    return draft.campaign.audience


@pytest.fixture
def run(play: Make) -> Play:
    """Eight people, each written to once, over two accounts in turn; a second message is to follow."""
    bad = Campaign("bad", "two", audience=_audience("has(lead.email)"), health=STRICT)
    made = play(TWO, [{"email": f"p{n}@example.com"} for n in range(8)], accounts=DESKS, campaign=bad)
    made.settle()
    assert len(made.channel(ChannelType.EMAIL).ledger) == 8
    return made


def _back(run: Play, number: int, kind: EventKind = EventKind.BOUNCED, *, hard: bool = True) -> None:
    """Something came back for lead `number`, by the account that wrote to them."""
    with run.ctx.db.read() as connection:
        from runner.store.tables import outreach_attempts as tries

        account = connection.execute(select(tries.c.account).where(tries.c.lead_id == number)).scalars().first()
    signal = Signal(kind, run.clock.now(), f"m:{kind.value}:{number}:{hard}", address=f"p{number - 1}@example.com",
                    permanent=hard, hard=hard)  # fmt: skip
    run.happen(signal, account=account)


def _told(run: Play) -> list[tuple[str, str]]:
    with run.ctx.db.read() as connection:
        rows = connection.execute(select(problems.c.scope, problems.c.text).where(problems.c.closed_at.is_(None)))
        return [(row.scope, row.text) for row in rows]


def _sent(run: Play) -> int:
    return len(run.channel(ChannelType.EMAIL).ledger)


def _later(run: Play, **time: float) -> None:
    run.run(run.clock.now() + timedelta(**time))


def test_a_campaign_that_bounces_too_often_pauses_while_its_accounts_stay_well(run: Play) -> None:
    _back(run, 1)
    assert _told(run) == []
    _back(run, 2)
    assert _told(run) == [("campaign:bad", "campaign bad was paused: 2 of its last 8 messages bounced")]
    with run.ctx.db.read() as connection:
        assert set(connection.execute(select(channel_configs.c.health)).scalars()) == {"ok"}
    _later(run, days=4)
    assert _sent(run) == 8


def test_complaints_pause_it_too_and_soft_bounces_do_not(run: Play) -> None:
    for number in range(1, 5):
        _back(run, number, hard=False)
    _back(run, 5, EventKind.COMPLAINED)
    assert _told(run) == []
    _back(run, 6, EventKind.COMPLAINED)
    assert _told(run) == [("campaign:bad", "campaign bad was paused: 2 of its last 8 messages complained")]


def test_explain_and_metrics_say_why_and_what_to_do(run: Play) -> None:
    _back(run, 1)
    _back(run, 2)
    _later(run, days=4)
    [said] = explain_lead(run.ctx, 3)
    assert said.state == "held"
    assert "2 of its last 8 messages bounced; clean the list, then `runner resume --campaign bad`" in said.sentence
    paused = channel_metrics(run.ctx, "bad")["switched_off"]
    assert paused == "2 of its last 8 messages bounced; clean the list, then `runner resume --campaign bad`"


def test_nobody_enters_a_campaign_that_is_paused_and_they_are_told_so(run: Play) -> None:
    _back(run, 1)
    _back(run, 2)
    [new] = run.add_leads([{"email": "new@example.com"}])
    assert enroll_matching(run.ctx) == 0
    assert "switched off: 2 of its last 8 messages bounced" in not_enrolled(run.ctx, new)[0]
    with run.ctx.db.write() as connection:
        lift_switch(connection, "campaign:bad", run.clock.now())
    assert enroll_matching(run.ctx) == 1


def test_a_person_lets_it_go_on_and_it_is_judged_anew_from_then(run: Play) -> None:
    _back(run, 1)
    _back(run, 2)
    _later(run, days=4)
    with run.ctx.db.write() as connection:
        assert lift_switch(connection, "campaign:bad", run.clock.now(), actor=GUARD)
    run.holds.clear()
    assert _told(run) == []
    run.advance_to(run.clock.now() + timedelta(seconds=1))
    _later(run, minutes=1)
    assert _sent(run) == 14, "the six whose address lives"
    _back(run, 3)
    assert _told(run) == [], "six messages since then are too few to judge by"
    more = run.add_leads([{"email": f"p{n}@example.com"} for n in range(8, 12)])
    enroll(run.ctx, "bad", more)
    run.settle()
    for number in more[:3]:
        _back(run, number)
    assert [scope for scope, _ in _told(run)] == ["campaign:bad"]


def test_what_a_person_switched_off_stays_theirs_to_switch_on(run: Play) -> None:
    with run.ctx.db.write() as connection:
        set_switch(connection, "campaign:bad", reason="the offer changed", actor="ada", now=run.clock.now())
    _back(run, 1)
    _back(run, 2)
    with run.ctx.db.write() as connection:
        assert not lift_switch(connection, "campaign:bad", run.clock.now(), actor=GUARD)
    assert channel_metrics(run.ctx, "bad")["switched_off"] == "the offer changed"


def test_the_figures_stand_in_the_file_of_the_campaign() -> None:
    text = "version: 1\nname: c\nsequence: s\nhealth: {bounce_rate: 0.1, complaint_floor: 500}\n"
    draft, found = compile_campaign(load(text, "c.yaml"), "c", {})
    assert draft is not None and draft.campaign is not None and found == []
    assert draft.campaign.health == {"bounce_rate": 0.1, "complaint_floor": 500}
    _, wrong = compile_campaign(load(text.replace("0.1", "10"), "c.yaml"), "c", {})
    assert [finding.slug for finding in wrong] == ["bad-value"]


def test_without_figures_of_its_own_the_usual_ones_hold(play: Make) -> None:
    usual = Campaign("usual", "two")
    people = [{"email": f"p{n}@d{n}.example"} for n in range(60)]
    run = play(TWO, people, accounts=DESKS, campaign=replace(usual))
    run.settle()
    for number in (1, 2, 3):
        with run.ctx.db.read() as connection:
            assert connection.execute(select(problems.c.id)).first() is None, number
        signal = Signal(EventKind.BOUNCED, run.clock.now(), f"m{number}", address=f"p{number}@d{number}.example",
                        permanent=True, hard=True)  # fmt: skip
        run.happen(signal)
    assert _told(run) == [("campaign:usual", "campaign usual was paused: 3 of its last 60 messages bounced")]


def test_a_flood_of_bounces_is_counted_once_a_read_and_not_once_a_bounce(play: Make) -> None:
    people = [{"email": f"p{n}@d{n}.example"} for n in range(60)]
    run = play(TWO, people, accounts=DESKS, campaign=Campaign("usual", "two"))
    run.settle()
    counted: list[str] = []
    event.listen(run.ctx.db.engine, "before_cursor_execute", lambda *args: counted.append(args[2]))
    now, dead = run.clock.now(), {"permanent": True, "hard": True}
    flood = [Signal(EventKind.BOUNCED, now, f"m{n}", address=f"p{n}@d{n}.example", **dead) for n in range(60)]
    run.happen(*flood)
    assert len([one for one in counted if "count(outreach_attempts.id)" in one]) <= 4
    assert [scope for scope, _ in _told(run)] == ["campaign:usual"]
