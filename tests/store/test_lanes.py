"""Lanes are made when a project is published: nobody's first message makes one, and so nobody waits for it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from postgres_waiting import until_waiting
from sqlalchemy import delete

from runner.model.campaign import Campaign
from runner.model.channel import ChannelConfig, ChannelType
from runner.store.database import open_database
from runner.store.definitions import publish
from runner.store.enrolling import enroll
from runner.store.lanes import all_lanes
from runner.store.tables import lanes
from runner.testing import Play

Make = Callable[..., Play]
ACCOUNTS = {name: ChannelConfig(ChannelType.EMAIL, name) for name in ("ada", "bob", "cyd")}
ONE = "version: 1\nname: one\nsteps:\n  - {id: hello, channel: email, template: hello}\n"


def lanes_of(play: Play) -> list[tuple[str, str, str]]:
    with play.ctx.db.read() as connection:
        names = {key: campaign.name for key, campaign in play.ctx.book.campaigns.items()}
        every = all_lanes(connection).values()
    return sorted((names[lane.campaign_id], lane.channel, lane.account) for lane in every)


def test_publishing_makes_the_lane_of_every_account_that_may_serve_a_campaign(play: Make) -> None:
    only_bob = Campaign("play", "one", accounts={ChannelType.EMAIL: ("bob",)})
    run = play(ONE, accounts=ACCOUNTS, campaign=only_bob)
    assert lanes_of(run) == [("play", "", ""), ("play", "email", "email/bob")]


def test_nobody_who_comes_to_a_campaign_makes_a_lane(play: Make) -> None:
    run = play(ONE, [{"email": f"p{n}@x{n}.example"} for n in range(20)], accounts=ACCOUNTS)
    before = lanes_of(run)
    run.run()
    assert len(run.channel(ChannelType.EMAIL).ledger) == 20
    assert lanes_of(run) == before


def test_who_comes_to_a_lane_that_was_never_published_is_not_lost(play: Make) -> None:
    run = play(ONE, accounts=ACCOUNTS)
    with run.ctx.db.write() as connection:
        connection.execute(delete(lanes))
    enroll(run.ctx, "play", run.add_leads([{"email": "ada@x.example"}]))
    run.run()
    assert len(run.channel(ChannelType.EMAIL).ledger) == 1
    assert len(lanes_of(run)) == 2


def test_who_publishes_while_another_process_does_waits_for_its_end(postgres_tables_url: str) -> None:
    run = Play(ONE, accounts=ACCOUNTS, db=open_database(postgres_tables_url))
    more = {f"more-{n}": Campaign(f"more-{n}", "one") for n in range(4)}
    wider = replace(run.ctx.book.project, campaigns={**run.ctx.book.project.campaigns, **more})
    with ThreadPoolExecutor(4) as pool:
        with run.ctx.db.write() as other:
            run.ctx.db.lock_scopes(other, ["publish"])  # as the first thing that publishing does
            asked = [pool.submit(publish, run.ctx.db, wider, run.clock.now()) for _ in range(4)]
            until_waiting(other, 4)
        books = [future.result(30) for future in asked]
    assert all(book.campaigns.keys() == books[0].campaigns.keys() for book in books)
    run.ctx = run.ctx.with_book(books[0])
    assert len(lanes_of(run)) == 5 * (1 + len(ACCOUNTS))
    run.ctx.db.close()
