"""On PostgreSQL several go in one transaction, which waits for nobody: who is held elsewhere goes alone afterwards.

A transaction that has one person's rows and waits for another's could wait in a ring with one that has it the other way
round: a stop of a whole company, an inbox read with the answers of several.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from postgres_waiting import until_waiting
from sqlalchemy import Connection, select

from runner.engine.outcomes import Permit, Sent
from runner.model.project import ContactPolicy, ProjectSettings
from runner.store.claims import Claim
from runner.store.database import open_database
from runner.store.gatekeeping import _pass, pass_gate
from runner.store.invariants import broken
from runner.store.lanes import all_lanes
from runner.store.results import _record, record
from runner.store.tables import claims, enrollments
from runner.store.ticking import advance_due, claim_due
from runner.store.work import Work, _open, open_work
from runner.testing import Play

ONE = "version: 1\nname: one\nsteps:\n  - {id: hello, channel: email, template: hello}\n"
PEOPLE = [{"email": f"{name}@{name}.example"} for name in ("ada", "bob", "cyd")]
BOB = 2
PATIENCE_SECONDS = 30


@pytest.fixture
def play(postgres_tables_url: str) -> Iterator[Play]:
    settings = ProjectSettings(contact=ContactPolicy(min_between=timedelta(0)))
    run = Play(ONE, PEOPLE, db=open_database(postgres_tables_url), settings=settings)
    yield run
    assert broken(run.ctx) == []
    run.ctx.db.close()


@pytest.fixture
def claimed(play: Play) -> tuple[Claim, ...]:
    """Everybody's claim, in the order of the people."""
    with play.ctx.db.read() as connection:
        lanes = all_lanes(connection).values()
    advance_due(play.ctx, next(lane for lane in lanes if not lane.account), 10)
    return claim_due(play.ctx, next(lane for lane in lanes if lane.channel == "email"), 10).claims


@pytest.fixture
def works(play: Play, claimed: tuple[Claim, ...]) -> list[Work]:
    with play.ctx.db.write() as connection:
        opened = _open(connection, play.ctx, [(claim, None) for claim in claimed], False).values()
    return [work for work in opened if isinstance(work, Work)]


def hold(connection: Connection, *, the_claim: bool) -> None:
    """Lock Bob's claim, or his enrollment, until the transaction ends."""
    held = claims.c.enrollment_id if the_claim else enrollments.c.id
    assert connection.execute(select(held).where(held == BOB).with_for_update()).all()


@pytest.mark.parametrize("the_claim", [True, False], ids=["claim", "enrollment"])
def test_who_is_held_is_not_opened_with_the_others(play: Play, claimed: tuple[Claim, ...], the_claim: bool) -> None:
    with play.ctx.db.write() as holder, play.ctx.db.write() as connection:
        hold(holder, the_claim=the_claim)
        opened = _open(connection, play.ctx, [(claim, None) for claim in claimed], False)
        assert sorted(opened) == [0, 2]
    assert isinstance(open_work(play.ctx, claimed[1]), Work)


def test_whose_claim_is_held_does_not_pass_the_gate_with_the_others(play: Play, works: list[Work]) -> None:
    with play.ctx.db.write() as holder, play.ctx.db.write() as connection:
        hold(holder, the_claim=True)
        verdicts = _pass(connection, play.ctx, [work.intention() for work in works], False)
        assert {place: type(verdict) for place, verdict in verdicts.items()} == {0: Permit, 2: Permit}
    assert isinstance(pass_gate(play.ctx, works[1].intention()), Permit)


@pytest.mark.parametrize("the_claim", [True, False], ids=["claim", "enrollment"])
def test_who_is_held_is_not_recorded_with_the_others(play: Play, works: list[Work], the_claim: bool) -> None:
    for work in works:
        assert isinstance(pass_gate(play.ctx, work.intention()), Permit)
    reports = [(work, Sent(f"<{work.attempt_id}@x>")) for work in works]
    with play.ctx.db.write() as holder, play.ctx.db.write() as connection:
        hold(holder, the_claim=the_claim)
        assert _record(connection, play.ctx, reports, False) == {0: True, 2: True}
    assert record(play.ctx, *reports[1])
    assert play.path(BOB) == ["hello sent"]


def test_alone_it_waits_for_whoever_holds_the_claim_and_holds_up_nobody_of_its_process(
    play: Play, works: list[Work]
) -> None:
    with ThreadPoolExecutor(1) as pool:
        with play.ctx.db.write() as holder:
            hold(holder, the_claim=True)
            verdict = pool.submit(pass_gate, play.ctx, works[1].intention())
            until_waiting(holder)
            assert isinstance(pass_gate(play.ctx, works[2].intention()), Permit), "who waits is not in the line"
            assert not verdict.done()
        assert isinstance(verdict.result(PATIENCE_SECONDS), Permit)


def test_a_result_that_waits_holds_up_nobody_of_its_process(play: Play, works: list[Work]) -> None:
    for work in works:
        assert isinstance(pass_gate(play.ctx, work.intention()), Permit)
    with ThreadPoolExecutor(1) as pool:
        with play.ctx.db.write() as holder:
            hold(holder, the_claim=False)
            kept = pool.submit(record, play.ctx, works[1], Sent("<2@x>"))
            until_waiting(holder)
            assert record(play.ctx, works[2], Sent("<3@x>"))
            assert not kept.done()
        assert kept.result(PATIENCE_SECONDS)
