"""Whom a shared limit would refuse is not claimed, and the lane rests until a place is free."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import func, select

from runner.model.campaign import Campaign
from runner.model.channel import ChannelConfig, ChannelType
from runner.model.project import ProjectSettings
from runner.model.rates import LimitSet, Ramp, Rate
from runner.serve.dispatch import Dispatcher
from runner.store.database import Database, open_database
from runner.store.lanes import Lane, all_lanes
from runner.store.occupancy import TOGETHER
from runner.store.overlays import add_overlay
from runner.store.rooms import Rooms, rooms
from runner.store.tables import outreach_attempts
from runner.store.ticking import advance_due, claim_due
from runner.testing import Play

MAIL = "version: 1\nname: play\nsteps:\n  - {id: mail, channel: email, template: hello}\n"
HOUR = timedelta(hours=1)


Playing = Callable[..., Play]


@pytest.fixture
def play(tmp_path: Path) -> Iterator[Playing]:
    """So many people due for their message, shared out between the accounts named."""
    db = open_database(f"sqlite:///{tmp_path / 'play.db'}", create=True)
    yield partial(_play, db)
    db.close()


def _play(db: Database, count: int, *names: str, limits: LimitSet = LimitSet(), **options: object) -> Play:
    accounts = {name: ChannelConfig(ChannelType.EMAIL, name, limits=limits) for name in names}
    people = [{"email": f"p{n}@d{n}.example", "first_name": f"P{n}"} for n in range(count)]
    kit = Play(MAIL, people, db=db, accounts=accounts, **options)  # type: ignore[arg-type]
    for lane in lanes_of(kit).values():
        advance_due(kit.ctx, lane, 500)
    return kit


def lanes_of(kit: Play) -> Mapping[int, Lane]:
    with kit.ctx.db.read() as connection:
        return all_lanes(connection)


def sending(kit: Play) -> list[Lane]:
    return sorted((lane for lane in lanes_of(kit).values() if lane.account), key=lambda lane: lane.account)


def asked(kit: Play) -> Rooms:
    every, wanting = lanes_of(kit), sending(kit)
    with kit.ctx.db.read() as connection:
        return rooms(connection, kit.ctx, wanting, every)


def dispatcher(kit: Play) -> Dispatcher:
    return Dispatcher(lambda: kit.ctx, kit.worker(), workers=8, per_account=8)


def settle(moving: Dispatcher) -> None:
    """Tick until nothing is under way."""
    while moving.tick() or moving.in_flight():
        pass


def attempts(kit: Play) -> int:
    with kit.ctx.db.read() as connection:
        return connection.execute(select(func.count()).select_from(outreach_attempts)).scalar_one()


def test_nobody_is_claimed_whom_a_full_limit_would_refuse(play: Playing) -> None:
    kit = play(10, "ada", limits=LimitSet(rates=(Rate(3, HOUR),)))
    moving = dispatcher(kit)
    settle(moving)
    assert len(kit.channel(ChannelType.EMAIL).ledger) == 3
    assert attempts(kit) == 3
    moving.drain()


def test_a_full_lane_is_looked_at_again_when_its_oldest_send_leaves_the_window(play: Playing) -> None:
    kit = play(10, "ada", limits=LimitSet(rates=(Rate(3, HOUR),)))
    moving = dispatcher(kit)
    settle(moving)
    kit.advance_to(kit.start + timedelta(seconds=1))
    settle(moving)
    assert moving.next_due() == kit.start + HOUR
    kit.advance_to(kit.start + HOUR)
    settle(moving)
    assert len(kit.channel(ChannelType.EMAIL).ledger) == 6
    moving.drain()


def test_each_full_lane_of_many_is_looked_at_again_when_its_own_send_leaves_the_window(play: Playing) -> None:
    kit = play(300, *(f"a{number:02}" for number in range(20)), limits=LimitSet(rates=(Rate(1, HOUR),)))
    expected = {}
    for lane in sending(kit):
        [claim] = claim_due(kit.ctx, lane, 1).claims
        kit.worker().perform(claim)
        expected[lane.id] = kit.clock.now() + HOUR
        kit.advance_to(kit.clock.now() + timedelta(minutes=1))
    assert len(expected) == 20 > TOGETHER
    assert asked(kit).closed == expected


def test_accounts_share_the_last_places_of_the_project(play: Playing) -> None:
    settings = ProjectSettings(limits=LimitSet(rates=(Rate(5, HOUR),)))
    kit = play(40, "ada", "bob", settings=settings)
    found = asked(kit)
    first, second = sending(kit)
    assert [found.take(first, 4), found.take(second, 4), found.take(first, 4)] == [4, 1, 0]


def test_what_another_process_has_claimed_is_counted(play: Playing) -> None:
    kit = play(10, "ada", limits=LimitSet(rates=(Rate(3, HOUR),)))
    [lane] = sending(kit)
    claim_due(kit.ctx, lane, 2)
    assert asked(kit).take(lane, 4) == 1
    claim_due(kit.ctx, lane, 1)
    assert timedelta(0) < asked(kit).closed[lane.id] - kit.clock.now() <= timedelta(seconds=1)


@pytest.mark.parametrize("campaign_limit", [1, 2])
def test_the_campaigns_own_limit_counts_too(play: Playing, campaign_limit: int) -> None:
    limits = {ChannelType.EMAIL: LimitSet(rates=(Rate(campaign_limit, HOUR),))}
    kit = play(10, "ada", campaign=Campaign("play", "play", limits=limits))
    [lane] = sending(kit)
    assert asked(kit).take(lane, 4) == campaign_limit


def test_what_an_operator_lowered_counts_too(play: Playing) -> None:
    kit = play(10, "ada", limits=LimitSet(rates=(Rate(3, HOUR),)))
    [lane] = sending(kit)
    with kit.ctx.db.write() as connection:
        lowered = {"limits": {"per_hour": 1}}
        add_overlay(connection, "play", ChannelType.EMAIL, lowered, author="me", reason="slow", now=kit.clock.now())
    assert asked(kit).take(lane, 4) == 1


def test_an_account_that_warms_up_has_the_room_of_its_day(play: Playing) -> None:
    kit = play(10, "ada", limits=LimitSet(ramp=Ramp(start=2, step=1, ceiling=9)))
    [lane] = sending(kit)
    assert asked(kit).take(lane, 4) == 2
    moving = dispatcher(kit)
    settle(moving)
    kit.advance_to(kit.start + timedelta(days=2))
    assert asked(kit).take(lane, 4) == 3
    moving.drain()


def test_an_account_with_a_pause_between_sends_gets_one_place_and_rests_after_it(play: Playing) -> None:
    kit = play(10, "ada", limits=LimitSet(min_gap=timedelta(seconds=90)))
    [lane] = sending(kit)
    assert asked(kit).take(lane, 4) == 1
    moving = dispatcher(kit)
    settle(moving)
    assert len(kit.channel(ChannelType.EMAIL).ledger) == 1
    assert asked(kit).closed[lane.id] == kit.clock.now() + timedelta(seconds=90)
    moving.drain()


def test_a_hold_that_was_found_before_holds_were_released_does_not_stand(play: Playing) -> None:
    kit = play(10, "ada", limits=LimitSet(rates=(Rate(3, HOUR),)))
    moving = dispatcher(kit)
    settle(moving)
    moving.release_holds()
    moving._hold(sending(kit)[0].id, kit.clock.now() + HOUR, released=0)
    assert moving.next_due() == kit.clock.now()
    moving.drain()
