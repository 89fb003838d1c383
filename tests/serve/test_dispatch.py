"""The dispatcher under load: slow sends hold up nobody, claims never queue, a low priority gets its share."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest
from sqlalchemy import event, func, select

from runner.channels.worker import Worker
from runner.engine.outcomes import Outcome, Sent
from runner.engine.ports import Gate, Job, Prepared
from runner.model.campaign import Campaign
from runner.model.channel import ChannelConfig, ChannelType
from runner.model.rates import LimitSet
from runner.serve.dispatch import Dispatcher
from runner.store.database import open_database
from runner.store.definitions import publish
from runner.store.enrolling import enroll
from runner.store.lanes import Lane, all_lanes
from runner.store.tables import claims, leads
from runner.store.ticking import advance_due
from runner.testing import Play, ScriptedChannel

FORM_OR_MAIL = """\
version: 1
name: play
steps:
  - {id: form, channel: contact_form, template: hello, condition: lead.company == "slow"}
  - {id: mail, channel: email, template: hello, condition: lead.company != "slow"}
"""
MAIL = """\
version: 1
name: play
steps:
  - {id: mail, channel: email, template: hello}
"""
WAIT_AND_MAIL = """\
version: 1
name: play
steps:
  - {id: pause, wait: 2h}
  - {id: mail, channel: email, template: hello}
"""
PATIENCE_SECONDS = 60


@dataclass
class HeldChannel(ScriptedChannel):
    """Every send lasts until the test lets it go: slower than any send of the real world."""

    go_on: threading.Event = field(default_factory=threading.Event)
    begun: list[str] = field(default_factory=list)

    def prepare(self, job: Job) -> Prepared | Outcome:
        self.begun.append(job.account.key)
        return _Held(self, job)


@dataclass
class _Held:
    channel: HeldChannel
    job: Job

    def fire(self, gate: Gate) -> Outcome:
        gate()
        self.channel.go_on.wait(PATIENCE_SECONDS)
        return Sent()

    def abandon(self) -> None:
        """Nothing is held."""


@pytest.fixture
def play(tmp_path) -> Iterator:
    opened = []

    def make(source: str, people, **options) -> Play:
        opened.append(open_database(f"sqlite:///{tmp_path / 'play.db'}", create=True))
        return Play(source, people, db=opened[-1], **options)

    yield make
    for db in opened:
        db.close()


def people(count: int, company: str = "quick") -> list[dict[str, str]]:
    return [{"email": f"{company}{n}@c{n}.example", "first_name": f"P{n}", "company": company,
             "contact_form_url": f"https://c{n}.example"} for n in range(count)]  # fmt: skip


def until(true) -> bool:
    waiting = threading.Event()
    return any(true() or waiting.wait(0.01) for _ in range(PATIENCE_SECONDS * 100)) or true()


def test_slow_sends_with_a_thousand_due_do_not_hold_up_another_channel_or_account(play):
    accounts = {name: ChannelConfig(ChannelType.CONTACT_FORM, name) for name in ("one", "two", "three")}
    accounts["ada"] = ChannelConfig(ChannelType.EMAIL, "ada")
    kit = play(FORM_OR_MAIL, people(1000, "slow") + people(20), accounts=accounts)
    slow = HeldChannel()
    channels = {**kit.channels, ChannelType.CONTACT_FORM: slow}
    dispatcher = Dispatcher(lambda: kit.ctx, Worker(lambda: kit.ctx, channels))
    mails = kit.channel(ChannelType.EMAIL).ledger
    try:
        assert until(lambda: dispatcher.tick() < 0 or len(mails) == 20)
        assert until(lambda: dispatcher.in_flight() == len(slow.begun))
        assert set(slow.begun) == {"contact_form/one", "contact_form/two", "contact_form/three"}
        assert len(slow.begun) < dispatcher.workers
        with kit.ctx.db.read() as connection:
            claimed = connection.execute(select(func.count()).select_from(claims)).scalar_one()
        assert claimed == len(slow.begun)  # whatever is claimed has begun: no lease runs out in a queue
    finally:
        slow.go_on.set()
        dispatcher.drain()


@dataclass
class MeetingChannel(ScriptedChannel):
    """Its sends wait for each other before they go on."""

    meeting: threading.Barrier = field(default_factory=lambda: threading.Barrier(4))

    def prepare(self, job: Job) -> Prepared | Outcome:
        self.meeting.wait(PATIENCE_SECONDS)
        return super().prepare(job)


def test_sends_that_are_under_way_together_are_four_commits_for_all_of_them(play, monkeypatch):
    monkeypatch.setattr("runner.store.together.MOMENT", PATIENCE_SECONDS)
    kit = play(MAIL, people(4), accounts={"ada": ChannelConfig(ChannelType.EMAIL, "ada")})
    own = next(lane for lane in lanes_of(kit) if not lane.account)
    advance_due(kit.ctx, own, 10)
    channels = {**kit.channels, ChannelType.EMAIL: MeetingChannel()}
    dispatcher = Dispatcher(lambda: kit.ctx, Worker(lambda: kit.ctx, channels))
    commits = []
    event.listen(kit.ctx.db.engine, "commit", lambda connection: commits.append(connection.get_execution_options()))
    dispatcher.tick()
    dispatcher.drain()
    assert len(channels[ChannelType.EMAIL].ledger) == 4
    assert (
        len([options for options in commits if not options.get("runner_read_only")]) == 4
    )  # claim, open, gate, result


def test_what_is_due_to_be_sent_is_handed_out_before_decisions_are_made(play, monkeypatch):
    kit = play(MAIL, people(4))
    own = next(lane for lane in lanes_of(kit) if not lane.account)
    advance_due(kit.ctx, own, 2)
    dispatcher, seen = Dispatcher(lambda: kit.ctx, kit.worker(), workers=2), []

    def advance(ctx, lane, limit):
        seen.append(dispatcher.in_flight() + len(kit.channel(ChannelType.EMAIL).ledger) > 0)
        return advance_due(ctx, lane, limit)

    monkeypatch.setattr("runner.serve.dispatch.advance_due", advance)
    dispatcher.tick()
    dispatcher.drain()
    assert seen[0]


def test_a_tick_claims_for_all_who_land_at_the_same_moment(play, monkeypatch):
    monkeypatch.setattr("runner.serve.dispatch.TOGETHER_SECONDS", PATIENCE_SECONDS)
    kit = play(FORM_OR_MAIL, people(1, "slow") + people(1))
    slow, mail = HeldChannel(), HeldChannel()
    channels = {ChannelType.CONTACT_FORM: slow, ChannelType.EMAIL: mail}
    under_way = []
    dispatcher = Dispatcher(
        lambda: under_way.append(dispatcher.in_flight()) or kit.ctx, Worker(lambda: kit.ctx, channels)
    )
    dispatcher.tick()
    assert until(lambda: slow.begun and mail.begun)
    mail.go_on.set()
    assert until(lambda: dispatcher.in_flight() == 1)
    tick = threading.Thread(target=dispatcher.tick)
    tick.start()
    slow.go_on.set()
    tick.join(PATIENCE_SECONDS)
    dispatcher.drain()
    assert under_way[-1] == 0


def test_the_next_tick_is_planned_by_what_the_last_one_saw(play):
    kit = play(WAIT_AND_MAIL, people(3))
    dispatcher = Dispatcher(lambda: kit.ctx, kit.worker())
    assert dispatcher.expected() is None
    dispatcher.tick()
    assert dispatcher.expected() == kit.clock.now() + timedelta(hours=2)
    dispatcher.drain()


def lanes_of(kit: Play) -> list[Lane]:
    with kit.ctx.db.read() as connection:
        return list(all_lanes(connection).values())


def two_campaigns(play, count: int, limits: LimitSet = LimitSet()) -> Play:
    """`high` and `low`, each with `count` leads due on the one account there is."""
    account = ChannelConfig(ChannelType.EMAIL, "ada", limits=limits)
    high, low = Campaign("high", "play", priority=10), Campaign("low", "play")
    kit = play(MAIL, people(count, "high"), accounts={"ada": account}, campaign=high)
    project = replace(kit.ctx.book.project, campaigns={"high": high, "low": low})
    kit.ctx = kit.ctx.with_book(publish(kit.ctx.db, project, kit.clock.now()))
    enroll(kit.ctx, "low", kit.add_leads(people(count, "low")))
    return kit


def test_of_four_places_the_lower_priority_gets_one(play):
    kit = two_campaigns(play, 30, LimitSet(min_gap=timedelta(seconds=90)))
    dispatcher = Dispatcher(lambda: kit.ctx, kit.worker())
    ledger = kit.channel(ChannelType.EMAIL).ledger
    for _ in range(400):
        dispatcher.tick()
        assert until(lambda: dispatcher.in_flight() == 0)
        if len(ledger) >= 24:
            break
        due = dispatcher.next_due()
        kit.advance_to(max(due, kit.clock.now() + timedelta(microseconds=1)))
    dispatcher.drain()
    with kit.ctx.db.read() as connection:
        company = dict(connection.execute(select(leads.c.id, leads.c.company)).all())
    sent = [company[delivery.lead_id] for delivery in ledger]
    counted = Counter(sent[:24])
    assert sent[0] == "high"
    assert counted["high"] > 2 * counted["low"] > 0
    assert all("low" in sent[start : start + 8] for start in range(16)), sent
