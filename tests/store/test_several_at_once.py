"""Several sends in one transaction: each is judged, recorded and at fault as if it had been alone."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from runner.channels.worker import Worker
from runner.engine.outcomes import AlreadyConnected, NotNow, Permit, Sent, Unknown
from runner.model.channel import ChannelConfig, ChannelType
from runner.model.project import ContactPolicy, ProjectSettings
from runner.model.rates import LimitSet, Rate
from runner.store import work as opening
from runner.store.claims import MAX_CRASHES, Claim, rescue
from runner.store.gatekeeping import _pass
from runner.store.invariants import broken
from runner.store.lanes import Lane, all_lanes
from runner.store.results import _record, record
from runner.store.tables import enrollments, outreach_attempts, step_runs
from runner.store.ticking import advance_due, claim_due
from runner.store.work import Work, _open, claim_and_open, open_work
from runner.testing import Play

PEOPLE = [{"email": f"{name}@{name}.example", "first_name": name.title()} for name in ("ada", "bob", "cyd")]
NO_PAUSE = ProjectSettings(contact=ContactPolicy(min_between=timedelta(0)))
Make = Callable[..., Play]


def lane_of(play: Play, channel: str = "email") -> Lane:
    """The lane from which everybody's first message goes."""
    with play.ctx.db.read() as connection:
        own = [lane for lane in all_lanes(connection).values() if not lane.account]
    for lane in own:
        advance_due(play.ctx, lane, 10)
    with play.ctx.db.read() as connection:
        [lane] = [lane for lane in all_lanes(connection).values() if lane.channel == channel]
    return lane


def opened(play: Play, channel: str = "email") -> list[Work]:
    """Everybody's first message, claimed and opened in one transaction."""
    claims = claim_due(play.ctx, lane_of(play, channel), 10).claims
    with play.ctx.db.write() as connection:
        works = _open(connection, play.ctx, [(claim, None) for claim in claims], False)
    found = [work for work in works.values() if isinstance(work, Work)]
    assert len(found) == len(claims) == len(PEOPLE)
    return found


def passed(play: Play, works: list[Work]) -> list[Any]:
    with play.ctx.db.write() as connection:
        return list(_pass(connection, play.ctx, [work.intention() for work in works], False).values())


def test_works_opened_together_are_each_their_own(play: Make) -> None:
    run = play(people=PEOPLE, settings=NO_PAUSE, templates={"hello": "---\nsubject: Hi {{ lead.first_name }}\n---\nHi"})
    works = opened(run)
    assert [work.job.content.subject for work in works] == ["Hi Ada", "Hi Bob", "Hi Cyd"]
    assert [work.lead.email for work in works] == [person["email"] for person in PEOPLE]
    assert len({work.attempt_id for work in works}) == len({work.job.key for work in works}) == 3


def test_of_several_at_the_gate_only_as_many_pass_as_the_limit_has_places(play: Make) -> None:
    two = {"ada": ChannelConfig(ChannelType.EMAIL, "ada", limits=LimitSet(rates=(Rate(2, timedelta(hours=1)),)))}
    run = play(people=PEOPLE, settings=NO_PAUSE, accounts=two)
    verdicts = passed(run, opened(run))
    assert [type(verdict) for verdict in verdicts] == [Permit, Permit, NotNow]
    assert verdicts[2].detail["used"] == 2
    assert broken(run.ctx) == []


def test_of_several_at_the_gate_one_goes_out_of_an_account_that_has_to_rest(play: Make) -> None:
    minute = timedelta(minutes=1)
    rests = {"ada": ChannelConfig(ChannelType.EMAIL, "ada", limits=LimitSet(min_gap=minute))}
    run = play(people=PEOPLE, settings=NO_PAUSE, accounts=rests)
    verdicts = passed(run, opened(run))
    assert [type(verdict) for verdict in verdicts] == [Permit, NotNow, NotNow]
    assert broken(run.ctx) == []


def test_of_several_at_the_gate_one_person_is_written_to_once_between_contacts(play: Make) -> None:
    day = ProjectSettings(contact=ContactPolicy(min_between=timedelta(days=1), one_active_enrollment=False))
    run = play(people=PEOPLE[:1], settings=day)
    work = opened_one(run)
    again = replace(work.intention(), claim=None, attempt_id=work.attempt_id)
    with run.ctx.db.write() as connection:
        verdicts = _pass(connection, run.ctx, [work.intention(), again], False)
    assert [type(verdict) for verdict in verdicts.values()] == [Permit, NotNow]


def test_of_several_invitations_only_as_many_go_out_as_may_wait_for_an_answer(play: Make) -> None:
    source = "version: 1\nname: play\nsteps:\n  - {id: ask, channel: linkedin, action: connect}\n"
    account = ChannelConfig(ChannelType.LINKEDIN, "ada", settings={"max_pending": 1})
    people = [{**person, "linkedin_url": f"https://www.linkedin.com/in/{n}"} for n, person in enumerate(PEOPLE)]
    run = play(source, people, settings=NO_PAUSE, accounts={"ada": account})
    verdicts = passed(run, opened(run, "linkedin"))
    assert [type(verdict) for verdict in verdicts] == [Permit, NotNow, NotNow]


def test_results_recorded_together_move_everybody_on(play: Make) -> None:
    run = play(people=PEOPLE, settings=NO_PAUSE)
    works = opened(run)
    passed(run, works)
    outcomes = [Sent("<a@b>"), Unknown("connection", "it went away"), Sent("<c@d>")]
    with run.ctx.db.write() as connection:
        kept = _record(connection, run.ctx, list(zip(works, outcomes, strict=True)), False)
    assert kept == {0: True, 1: True, 2: True}
    with run.ctx.db.read() as connection:
        query = select(outreach_attempts.c.status, outreach_attempts.c.message_id).order_by(outreach_attempts.c.id)
        attempts = connection.execute(query).all()
        steps = connection.execute(select(enrollments.c.step).order_by(enrollments.c.id)).scalars().all()
    assert [tuple(row) for row in attempts] == [("sent", "<a@b>"), ("unknown", None), ("sent", "<c@d>")]
    assert steps == ["pause", "first", "pause"]
    assert broken(run.ctx) == []


def test_decisions_made_together_see_what_the_results_changed(play: Make) -> None:
    source = (
        "version: 1\nname: play\nsteps:\n  - {id: ask, channel: linkedin, action: connect}\n"
        "  - {id: write, channel: email, template: hello, condition: if lead.linkedin_status == 'connected'}\n"
    )
    people = [{**person, "linkedin_url": f"https://www.linkedin.com/in/{n}"} for n, person in enumerate(PEOPLE)]
    run = play(source, people, settings=NO_PAUSE)
    works = opened(run, "linkedin")
    passed(run, works)
    with run.ctx.db.write() as connection:
        kept = _record(connection, run.ctx, [(work, AlreadyConnected()) for work in works], False)
    assert kept == {0: True, 1: True, 2: True}
    with run.ctx.db.read() as connection:
        assert connection.execute(select(enrollments.c.step)).scalars().all() == ["write"] * 3


def test_a_claim_that_is_gone_opens_nothing_beside_the_one_that_replaced_it(play: Make) -> None:
    run = play(people=PEOPLE[:1], settings=NO_PAUSE)
    lane = lane_of(run)
    [old] = claim_due(run.ctx, lane, 1).claims
    run.machine.advance(timedelta(minutes=5))
    rescue(run.ctx)
    [new] = claim_due(run.ctx, lane, 1).claims
    with run.ctx.db.write() as connection:
        works = _open(connection, run.ctx, [(old, None), (new, None)], False)
    assert list(works) == [1]
    assert isinstance(works[1], Work)
    assert works[1].claim == new
    assert open_work(run.ctx, old) is None


def opened_one(run: Play) -> Work:
    """The one person's message that is due."""
    [claim] = claim_due(run.ctx, lane_of(run), 1).claims
    work = open_work(run.ctx, claim)
    assert isinstance(work, Work)
    return work


def begun(run: Play) -> Work:
    """The same, past the gate."""
    work = opened_one(run)
    assert [type(verdict) for verdict in passed(run, [work])] == [Permit]
    return work


def test_a_late_result_beside_a_newer_one_of_the_same_person_loses_neither(play: Make) -> None:
    run = play(people=PEOPLE[:1], settings=NO_PAUSE)
    slow = begun(run)
    run.machine.advance(timedelta(minutes=5))
    rescue(run.ctx)  # nobody knows what became of it
    for days in (2, 4):  # until it is taken as sent, and until the wait is over
        run.clock.advance(timedelta(days=days))
        lane_of(run)
    newer = begun(run)
    assert (slow.step, newer.step) == ("first", "second")
    with run.ctx.db.write() as connection:
        assert _record(connection, run.ctx, [(slow, Sent("<1@b>")), (newer, Sent("<2@b>"))], False) == {1: True}
    assert record(run.ctx, slow, Sent("<1@b>"))  # alone: its claim is gone
    assert run.path(1) == ["first sent", "pause done", "second sent"]
    with run.ctx.db.read() as connection:
        query = select(outreach_attempts.c.status, outreach_attempts.c.message_id).order_by(outreach_attempts.c.id)
        assert [tuple(row) for row in connection.execute(query)] == [("sent", "<1@b>"), ("sent", "<2@b>")]
        named = select(step_runs.c.message_id).where(step_runs.c.message_id.is_not(None)).order_by(step_runs.c.id)
        assert connection.execute(named).scalars().all() == ["<1@b>", "<2@b>"]
    assert broken(run.ctx) == []


def at_bob(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    """Whoever opens Bob meets this error."""
    real = opening.draft

    def faulty(book: Any, loaded: Any, *rest: Any) -> Any:
        if loaded.state.lead.first_name == "Bob":
            raise error
        return real(book, loaded, *rest)

    monkeypatch.setattr(opening, "draft", faulty)


def test_somebody_who_cannot_be_opened_holds_up_nobody_who_was_claimed_with_them(
    play: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_bob(monkeypatch, RuntimeError("a fault of ours"))
    run = play(people=PEOPLE, settings=NO_PAUSE)
    claims, found = claim_and_open(run.ctx, lane_of(run), 10)
    assert len(claims) == 3
    worker = Worker(lambda: run.ctx, run.channels)  # type: ignore[arg-type]
    outcomes = [worker.perform(claim, None, found.get(claim)) for claim in claims]
    assert [type(outcome).__name__ for outcome in outcomes] == ["Sent", "NoneType", "Sent"]
    with run.ctx.db.read() as connection:
        waiting = connection.execute(select(enrollments.c.waiting_on).order_by(enrollments.c.id)).scalars().all()
    assert waiting == ["wait", "parked", "wait"]
    assert broken(run.ctx) == []


class Killed(BaseException):
    """The process ends here."""


def test_who_ends_the_process_while_being_opened_is_parked_and_those_opened_with_them_go_out(
    play: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_bob(monkeypatch, Killed())
    run = play(people=PEOPLE, settings=NO_PAUSE)
    lane = lane_of(run)
    worker = Worker(lambda: run.ctx, run.channels)  # type: ignore[arg-type]
    for _ in range(MAX_CRASHES):
        with suppress(Killed):
            claims, found = claim_and_open(run.ctx, lane, 10)
            for claim in sorted(claims, key=lambda claim: claim.enrollment_id == 2):
                worker.perform(claim, None, found.get(claim))
        run.machine.advance(timedelta(minutes=5))
        rescue(run.ctx)
    with run.ctx.db.read() as connection:
        waiting = connection.execute(select(enrollments.c.waiting_on).order_by(enrollments.c.id)).scalars().all()
    assert waiting == ["wait", "parked", "wait"]
    assert broken(run.ctx) == []


def test_on_sqlite_what_was_claimed_comes_opened(play: Make) -> None:
    run = play(people=PEOPLE, settings=NO_PAUSE)
    claims, found = claim_and_open(run.ctx, lane_of(run), 2)
    assert len(claims) == 2
    assert all(isinstance(claim, Claim) for claim in claims)
    expected = list(claims) if run.ctx.db.is_sqlite else []  # elsewhere workers open, each in its own transaction
    assert list(found) == expected
    assert [work.claim for work in found.values() if isinstance(work, Work)] == expected
