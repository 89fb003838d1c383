"""What every store must do, on SQLite in memory, SQLite in a file and PostgreSQL alike."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError

from runner.engine.outcomes import AccountTrouble, Failed, HandedOver, NotNow, Permit, Sent, TaskDraft, Trouble, Unknown
from runner.engine.ports import InboxBatch, Signal
from runner.model.channel import ChannelConfig, ChannelType
from runner.model.events import EventKind
from runner.model.project import ContactPolicy, ProjectSettings
from runner.model.rates import LimitSet, Rate
from runner.store.claims import MAX_CRASHES, rescue
from runner.store.gatekeeping import pass_gate
from runner.store.invariants import broken
from runner.store.lanes import all_lanes
from runner.store.operations import pause_rows, resume_rows, stop_enrollments
from runner.store.reconciling import resolve
from runner.store.signals import record_batch
from runner.store.suppressions import suppress, suppressed_by, unsuppress
from runner.store.switching import clear_switch, set_switch
from runner.store.tables import events, leads, outreach_attempts, reservations, step_runs
from runner.store.tasking import close_task, task_rows
from runner.store.ticking import advance_due, claim_due
from runner.store.work import Work, open_work
from runner.testing import MONDAY, Play

ADA = {"email": "ada@example.com", "first_name": "Ada"}
BOB = {"email": "bob@example.com", "first_name": "Bob"}
NO_PAUSE = ProjectSettings(contact=ContactPolicy(min_between=timedelta(0)))
Make = Callable[..., Play]


def _statuses(play: Play) -> list[str]:
    with play.ctx.db.read() as connection:
        return list(connection.execute(select(outreach_attempts.c.status).order_by(outreach_attempts.c.id)).scalars())


def _opened(play: Play) -> Work:
    """The first due send, claimed and opened, as a worker has it before the gate."""
    with play.ctx.db.read() as connection:
        lanes = list(all_lanes(connection).values())
    for lane in lanes:
        if not lane.account:
            advance_due(play.ctx, lane, 10)
    with play.ctx.db.read() as connection:
        lanes = list(all_lanes(connection).values())
    claims = [claim for lane in lanes if lane.account for claim in claim_due(play.ctx, lane, 1).claims]
    work = open_work(play.ctx, claims[0])
    assert isinstance(work, Work)
    return work


def test_a_sequence_runs_to_its_end_and_breaks_no_invariant(play: Make) -> None:
    run = play(people=[ADA, BOB], settings=NO_PAUSE)
    run.run()
    assert run.path(1) == run.path(2) == ["first sent", "pause done", "second sent"]
    assert run.clock.now() == MONDAY + timedelta(days=3)
    assert broken(run.ctx) == []


def test_instants_come_back_aware_and_in_utc(play: Make) -> None:
    run = play(people=[ADA])
    run.settle()
    with run.ctx.db.read() as connection:
        entered = connection.execute(select(step_runs.c.entered_at)).scalars().first()
    assert entered == MONDAY
    assert entered is not None and entered.utcoffset() == timedelta(0)


def test_a_naive_datetime_is_refused_before_it_is_stored(play: Make) -> None:
    run = play(people=[ADA])
    with pytest.raises(Exception, match="naive datetime"), run.ctx.db.write() as connection:
        connection.execute(update(step_runs).values(entered_at=datetime(2026, 1, 1)))  # noqa: DTZ001 - the point
    with run.ctx.db.write() as connection:
        connection.execute(update(leads).values(updated_at=datetime(2026, 1, 1, tzinfo=UTC)))


def test_the_database_itself_refuses_a_second_send_of_a_step(play: Make) -> None:
    run = play(people=[ADA])
    run.settle()
    with run.ctx.db.read() as connection:
        row = connection.execute(select(outreach_attempts)).one()._mapping
    again = {name: value for name, value in row.items() if name != "id"}
    with pytest.raises(IntegrityError), run.ctx.db.write() as connection:
        connection.execute(insert(outreach_attempts).values(**again))


def test_a_claim_whose_lease_ran_out_before_the_gate_is_due_again(play: Make) -> None:
    run = play(people=[ADA])
    work = _opened(run)
    run.machine.advance(run.ctx.lease + timedelta(seconds=1))
    assert rescue(run.ctx) == 1
    assert pass_gate(run.ctx, work.intention()).reason == "claim_lost"  # type: ignore[union-attr]
    run.settle()
    assert [d.step for d in run.channel(ChannelType.EMAIL).ledger] == ["first"]


def test_a_worker_that_died_after_the_gate_leaves_an_unknown_that_is_never_sent_again(play: Make) -> None:
    run = play(people=[ADA], settings=NO_PAUSE)
    work = _opened(run)
    assert isinstance(pass_gate(run.ctx, work.intention()), Permit)
    run.machine.advance(run.ctx.lease + timedelta(seconds=1))
    assert rescue(run.ctx) == 1
    assert _statuses(run) == ["unknown"]
    assert run.status(1) == ("waiting", "unknown")
    run.run()
    assert [d.step for d in run.channel(ChannelType.EMAIL).ledger] == ["second"]
    assert run.path(1) == ["first sent", "pause done", "second sent"]


def test_evidence_settles_an_unknown_as_sent_and_the_sequence_goes_on(play: Make) -> None:
    run = play(people=[ADA])
    run.channel(ChannelType.EMAIL).script("ada@example.com", Unknown("no_answer"))
    run.settle()
    resolve(run.ctx, 1, sent=True, by="test")
    assert _statuses(run) == ["sent"]
    assert run.status(1) == ("waiting", "wait")


def test_an_operators_not_sent_fails_the_step_and_frees_its_limits(play: Make) -> None:
    run = play(people=[ADA])
    run.channel(ChannelType.EMAIL).script("ada@example.com", Unknown("no_answer"))
    run.settle()
    resolve(run.ctx, 1, sent=False, by="test")
    assert run.path(1)[0] == "first failed"
    with run.ctx.db.read() as connection:
        assert connection.execute(select(reservations)).all() == []


def test_a_step_whose_process_dies_three_times_is_parked_and_blocks_nobody(play: Make) -> None:
    run = play(people=[ADA, BOB])
    for _ in range(MAX_CRASHES):
        work = _opened(run)
        assert work.lead.email == "ada@example.com"
        run.machine.advance(run.ctx.lease + timedelta(seconds=1))
        rescue(run.ctx)
        with run.ctx.db.write() as connection:
            pause_rows(connection, [2], "aside", run.clock.now())
    assert run.status(1) == ("paused", "parked")
    with run.ctx.db.write() as connection:
        resume_rows(connection, [2], run.clock.now())
    run.settle()
    assert [d.lead_id for d in run.channel(ChannelType.EMAIL).ledger] == [2]


def test_an_exception_of_ours_parks_the_lead_with_its_traceback(play: Make) -> None:
    run = play(people=[ADA])

    class Broken:
        def prepare(self, job: Any) -> Any:
            raise ZeroDivisionError("boom")

    run.channels[ChannelType.EMAIL] = Broken()  # type: ignore[assignment]
    run.settle()
    assert run.status(1) == ("paused", "parked")


def test_a_reply_before_the_gate_prevents_the_send(play: Make) -> None:
    run = play(people=[ADA])
    work = _opened(run)
    run.happen(Signal(EventKind.REPLIED, MONDAY, "m:1", address="ada@example.com"))
    assert pass_gate(run.ctx, work.intention()).reason == "claim_lost"  # type: ignore[union-attr]
    assert run.status(1) == ("stopped", "replied")


def test_a_reply_after_the_gate_ends_the_run_once_the_result_is_in(play: Make) -> None:
    run = play(people=[ADA])
    work = _opened(run)
    assert isinstance(pass_gate(run.ctx, work.intention()), Permit)
    run.happen(Signal(EventKind.REPLIED, MONDAY, "m:1", address="ada@example.com"))
    assert run.status(1)[0] == "active"
    from runner.store.results import record

    record(run.ctx, work, Sent("<a@b>"))
    assert run.status(1) == ("stopped", "replied")
    assert _statuses(run) == ["sent"]


def test_an_opt_out_suppresses_the_address_on_every_channel_and_in_every_campaign(play: Make) -> None:
    run = play(people=[ADA])
    run.settle()
    run.happen(Signal(EventKind.UNSUBSCRIBED, MONDAY, "m:2", address="ada@example.com"))
    assert run.status(1) == ("stopped", "unsubscribed")
    from runner.store.people import load_leads

    with run.ctx.db.read() as connection:
        lead = load_leads(connection, [1])[1]
        assert all(suppressed_by(connection, run.ctx.key, lead, channel) for channel in ChannelType)


def test_a_hard_bounce_closes_email_only(play: Make) -> None:
    run = play(people=[ADA])
    run.channel(ChannelType.EMAIL).script("ada@example.com", Failed("address_unknown", hard=True))
    run.settle()
    from runner.store.people import load_leads

    with run.ctx.db.read() as connection:
        lead = load_leads(connection, [1])[1]
        assert suppressed_by(connection, run.ctx.key, lead, ChannelType.EMAIL)
        assert suppressed_by(connection, run.ctx.key, lead, ChannelType.PHONE) is None


def test_a_suppressed_address_fails_the_step_at_the_gate(play: Make) -> None:
    run = play(people=[ADA])
    work = _opened(run)
    with run.ctx.db.write() as connection:
        suppress(connection, run.ctx.key, "domain", "EXAMPLE.com", reason="manual", actor="test", now=MONDAY)
    assert pass_gate(run.ctx, work.intention()).reason == "suppressed"  # type: ignore[union-attr]
    with run.ctx.db.write() as connection:
        assert unsuppress(connection, run.ctx.key, "domain", "example.com", actor="test", now=MONDAY)
    assert isinstance(pass_gate(run.ctx, work.intention()), Permit)


@pytest.mark.parametrize("scope", ["global", "campaign:play", "account:email/email_test"])
def test_a_kill_switch_stops_the_very_next_send(play: Make, scope: str) -> None:
    run = play(people=[ADA])
    work = _opened(run)
    with run.ctx.db.write() as connection:
        set_switch(connection, scope, reason="stop", actor="test", now=MONDAY)
    refusal = pass_gate(run.ctx, work.intention())
    assert isinstance(refusal, NotNow) and refusal.reason == "kill_switch"
    with run.ctx.db.write() as connection:
        assert clear_switch(connection, scope)
    assert isinstance(pass_gate(run.ctx, work.intention()), Permit)


def test_a_limit_is_never_exceeded_in_any_rolling_window(play: Make) -> None:
    limits = LimitSet(rates=(Rate(3, timedelta(hours=1)),))
    accounts = {"desk": ChannelConfig(ChannelType.EMAIL, "desk", limits=limits)}
    people = [{"email": f"p{n}@example.com"} for n in range(10)]
    source = "version: 1\nname: one\nsteps:\n  - {id: first, channel: email, template: hello}\n"
    run = play(source, people, accounts=accounts)
    run.run()
    times = sorted(delivery.at for delivery in run.channel(ChannelType.EMAIL).ledger)
    assert len(times) == 10
    assert all(later - earlier > timedelta(hours=1) or later - earlier == timedelta(hours=1)
               for earlier, later in zip(times, times[3:], strict=False))  # fmt: skip
    assert times[-1] - times[0] == timedelta(hours=3)


def test_what_was_not_sent_gives_its_place_back(play: Make) -> None:
    limits = LimitSet(rates=(Rate(1, timedelta(days=1)),))
    accounts = {"desk": ChannelConfig(ChannelType.EMAIL, "desk", limits=limits)}
    source = "version: 1\nname: one\nsteps:\n  - {id: first, channel: email, template: hello}\n"
    run = play(source, [ADA, BOB], accounts=accounts)
    run.channel(ChannelType.EMAIL).script("ada@example.com", Failed("address_unknown"))
    run.settle()
    assert [d.lead_id for d in run.channel(ChannelType.EMAIL).ledger] == [2]


def test_gaps_count_from_the_end_of_the_send_before(play: Make) -> None:
    accounts = {"desk": ChannelConfig(ChannelType.EMAIL, "desk", limits=LimitSet(min_gap=timedelta(minutes=2)))}
    source = "version: 1\nname: one\nsteps:\n  - {id: first, channel: email, template: hello}\n"
    run = play(source, [ADA, BOB], accounts=accounts)
    run.run()
    first, second = sorted(d.at for d in run.channel(ChannelType.EMAIL).ledger)
    assert second - first == timedelta(minutes=2)


def test_two_messages_to_one_person_keep_the_time_between_contacts(play: Make) -> None:
    source = ("version: 1\nname: two\nsteps:\n  - {id: first, channel: email, template: hello}\n"
              "  - {id: call, channel: linkedin, action: message, template: hello}\n")  # fmt: skip
    run = play(source, [ADA])
    run.run()
    sent = [d.at for kind in (ChannelType.EMAIL, ChannelType.LINKEDIN) for d in run.channel(kind).ledger]
    assert sent == [MONDAY, MONDAY + timedelta(hours=24)]


def test_trouble_with_the_account_spends_no_try_and_holds_the_account(play: Make) -> None:
    run = play(people=[ADA, BOB])
    run.channel(ChannelType.EMAIL).script("ada@example.com", AccountTrouble(Trouble.CONNECTION, "refused"))
    run.settle()
    assert run.channel(ChannelType.EMAIL).ledger == []
    assert _statuses(run)[0] == "pending"
    run.run(MONDAY + timedelta(minutes=3))
    assert {d.lead_id for d in run.channel(ChannelType.EMAIL).ledger} == {1, 2}


def test_a_challenge_stops_the_account_until_a_person_resumes_it(play: Make) -> None:
    from runner.store.health import resume_account

    run = play(people=[ADA])
    run.channel(ChannelType.EMAIL).script("ada@example.com", AccountTrouble(Trouble.CHALLENGE, "captcha"))
    run.run(MONDAY + timedelta(days=2))
    assert run.channel(ChannelType.EMAIL).ledger == []
    with run.ctx.db.write() as connection:
        assert resume_account(connection, "email/email_test", run.clock.now())
    run.run(run.clock.now() + timedelta(hours=2))
    assert len(run.channel(ChannelType.EMAIL).ledger) == 1


def test_a_lead_paused_two_days_into_a_three_day_wait_has_one_day_left(play: Make) -> None:
    run = play(people=[ADA])
    run.run(MONDAY + timedelta(days=2))
    with run.ctx.db.write() as connection:
        pause_rows(connection, [1], "holiday", run.clock.now())
    run.run(MONDAY + timedelta(days=30))
    assert run.status(1)[0] == "paused"
    with run.ctx.db.write() as connection:
        resume_rows(connection, [1], run.clock.now())
    run.run()
    assert run.clock.now() == MONDAY + timedelta(days=31)


def test_stopping_ends_the_run_and_its_queue(play: Make) -> None:
    run = play(people=[ADA])
    run.settle()
    assert stop_enrollments(run.ctx, [1], "by hand") == 1
    run.run()
    assert run.status(1) == ("stopped", "by hand")
    assert len(run.channel(ChannelType.EMAIL).ledger) == 1
    assert broken(run.ctx) == []


def test_the_same_signal_read_twice_is_one_event(play: Make) -> None:
    run = play(people=[ADA])
    run.settle()
    signal = Signal(EventKind.OPENED, MONDAY, "m:9", address="ada@example.com")
    assert record_batch(run.ctx, "email/email_test", InboxBatch({}, (signal,))).new == 1
    assert record_batch(run.ctx, "email/email_test", InboxBatch({}, (signal,))).new == 0
    with run.ctx.db.read() as connection:
        assert len(connection.execute(select(events)).all()) == 1


def test_a_task_that_is_done_moves_the_lead_on(play: Make) -> None:
    source = ("version: 1\nname: calls\nsteps:\n  - {id: call, channel: phone, template: script}\n"
              "  - {id: mail, channel: email, condition: if call_expired, template: hello}\n")  # fmt: skip
    run = play(source, [ADA, BOB])
    for who in ("ada@example.com", "bob@example.com"):
        run.channel(ChannelType.PHONE).script(who, HandedOver(TaskDraft("call", "Call", "Hello")))
    run.settle()
    with run.ctx.db.read() as connection:
        rows = task_rows(connection)
    assert [row["kind"] for row in rows] == ["call", "call"]
    close_task(run.ctx, rows[0]["task"], "done", by="test", disposition="interested")
    run.run()
    assert sorted([run.path(1), run.path(2)]) == [["call done", "mail skipped"], ["call expired", "mail sent"]]
    assert broken(run.ctx) == []


def test_an_open_task_does_not_hold_up_the_accounts_next_one(play: Make) -> None:
    source = "version: 1\nname: meet\nsteps:\n  - {id: meet, channel: linkedin, action: connect, template: hello}\n"
    limits = LimitSet(min_gap=timedelta(minutes=5))
    run = play(source, [ADA, BOB], accounts={"desk": ChannelConfig(ChannelType.LINKEDIN, "desk", limits=limits)})
    for who in ("ada@example.com", "bob@example.com"):
        run.channel(ChannelType.LINKEDIN).script(who, HandedOver(TaskDraft("linkedin_connect", "Invite", "Hello")))
    run.run(MONDAY + timedelta(minutes=5))
    with run.ctx.db.read() as connection:
        assert len(task_rows(connection)) == 2
