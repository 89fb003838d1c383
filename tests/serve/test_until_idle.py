"""When `serve --until-idle` may end: not while anybody can still move by themselves."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from runner.channels.wiring import ChannelSet
from runner.engine.outcomes import HandedOver, TaskDraft
from runner.model.channel import ChannelType
from runner.serve.app import App
from runner.serve.until_idle import is_anybody_on_the_way, open_count
from runner.store.enrolling import enroll
from runner.store.operations import pause_rows
from runner.testing import Play

CALL = "version: 1\nname: play\nsteps:\n  - {id: call, channel: phone, template: hello}\n"
MAIL = "version: 1\nname: play\nsteps:\n  - {id: mail, channel: email, template: hello}\n"
ADA = [{"email": "ada@x.example"}]


def on_the_way(play: Play) -> bool:
    app = App(play.ctx, ChannelSet({}), Path())
    found = is_anybody_on_the_way(app)
    assert found == (open_count(app) > 0)
    return found


def test_nobody_is_on_the_way_before_anybody_came_and_after_all_are_done() -> None:
    run = Play(MAIL)
    assert not on_the_way(run)
    enroll(run.ctx, "play", run.add_leads(ADA))
    assert on_the_way(run)
    run.run()
    assert not on_the_way(run)


def test_who_is_claimed_is_on_the_way() -> None:
    run = Play(MAIL, ADA)
    run.open()
    assert on_the_way(run)


def test_who_waits_for_a_task_is_on_the_way_without_a_date() -> None:
    run = Play(CALL, ADA)
    run.channel(ChannelType.PHONE).script("ada@x.example", HandedOver(TaskDraft("call", "Call", "Hello")))
    run.settle()
    assert on_the_way(run)


def test_who_is_paused_is_not_on_the_way_even_with_a_date_to_go_on() -> None:
    run = Play(MAIL, ADA)
    with run.ctx.db.write() as connection:
        pause_rows(connection, [1], "on holiday", run.clock.now(), run.clock.now() + timedelta(days=3))
    assert not on_the_way(run)
