"""What came back: whom it concerns, how long an absence holds, and how long the mail itself is kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from runner.engine.ports import InboxBatch, Note, RawMessage, Signal
from runner.model.channel import ChannelConfig, ChannelType
from runner.model.events import EventKind
from runner.model.lead import Lead
from runner.model.project import ContactPolicy, ProjectSettings
from runner.store.definitions import publish
from runner.store.enrolling import enroll
from runner.store.explaining import explain_lead
from runner.store.matching import match_signal
from runner.store.operations import resume_rows
from runner.store.people import load_leads
from runner.store.retention import forget_old
from runner.store.signals import record_batch
from runner.store.suppressions import suppressed_by
from runner.store.tables import outreach_attempts, problems, raw_messages, step_runs
from runner.testing import MONDAY, Play
from sequences import two_steps

Make = Callable[..., Play]
TWO = two_steps("1d", "channel: email, thread: first, template: hello")
ADA, BOB = {"email": "ada@navy.example"}, {"email": "bob@army.example"}
ACCOUNT = "email/email_test"


@pytest.fixture
def run(play: Make) -> Play:
    made = play(TWO, [ADA, BOB])
    made.settle()
    return made


def sent(run: Play, lead: int) -> Any:
    """The first step's run of a lead: its key and Message-ID."""
    query = select(step_runs).where(step_runs.c.enrollment_id == lead, step_runs.c.step == "first")
    with run.ctx.db.read() as connection:
        return connection.execute(query).one()


def concerned(run: Play, **known: Any) -> list[tuple[int, str | None]]:
    signal = Signal(known.pop("kind", EventKind.REPLIED), MONDAY, "m:1", **known)
    with run.ctx.db.read() as connection:
        return [(match.lead_id, match.step) for match in match_signal(connection, signal, ACCOUNT)]


def test_our_key_outweighs_whatever_else_a_message_says(run: Play) -> None:
    ids = (sent(run, 1).message_id,)
    assert concerned(run, key=sent(run, 2).key, message_ids=ids, address="ada@navy.example") == [(2, "first")]


def test_a_message_id_outweighs_the_address_it_was_written_from(run: Play) -> None:
    assert concerned(run, message_ids=(sent(run, 2).message_id,), address="ada@navy.example") == [(2, "first")]


def test_a_key_or_message_id_of_nobody_leaves_it_to_the_address(run: Play) -> None:
    assert concerned(run, key="other", message_ids=("<x@y>",), address="ADA@navy.example") == [(1, "first")]


def test_the_message_id_that_a_relay_put_in_place_of_ours_is_known(run: Play) -> None:
    with run.ctx.db.write() as connection:
        mine = outreach_attempts.c.lead_id == 2
        connection.execute(update(outreach_attempts).where(mine).values(provider_ref="<0100-abc@email.amazonses.com>"))
    assert concerned(run, message_ids=("<0100-abc@email.amazonses.com>",)) == [(2, "first")]


def test_a_colleagues_answer_counts_for_the_person_written_to_but_their_bounce_does_not(run: Play) -> None:
    assert concerned(run, address="office@navy.example", domain="navy.example") == [(1, "first")]
    assert concerned(run, kind=EventKind.BOUNCED, address="office@navy.example", domain="navy.example") == []


def test_somebody_who_was_never_written_to_is_no_match_by_domain(run: Play) -> None:
    run.add_leads([{"email": "eve@force.example"}])
    assert concerned(run, address="office@force.example", domain="force.example") == []


def test_of_many_colleagues_those_are_meant_who_were_written_to_last(run: Play) -> None:
    run.advance_to(run.clock.now() + timedelta(hours=1))
    enroll(run.ctx, "play", run.add_leads([{"email": f"{name}@navy.example"} for name in ("cy", "di", "ed")]))
    run.settle()
    assert concerned(run, address="office@navy.example", domain="navy.example") == [(5, "first"), (4, "first")]


def closed(run: Play, address: str) -> bool:
    with run.ctx.db.read() as connection:
        return suppressed_by(connection, run.ctx.key, Lead(0, email=address), ChannelType.EMAIL) is not None


def told(run: Play) -> list[str]:
    with run.ctx.db.read() as connection:
        return list(connection.execute(select(problems.c.text)).scalars())


def test_an_opt_out_of_a_colleague_ends_what_their_company_gets_and_is_told(run: Play) -> None:
    run.happen(Signal(EventKind.UNSUBSCRIBED, MONDAY, "m:1", address="office@navy.example", domain="navy.example"))
    assert run.status(1) == ("stopped", "company unsubscribed")
    assert run.status(2)[0] == "waiting"
    assert closed(run, "office@navy.example") and not closed(run, "ada@navy.example")
    assert told(run) == ["office@navy.example unsubscribed and is nobody who was written to"]


def test_an_opt_out_from_another_address_of_a_person_holds_for_that_one_too(run: Play) -> None:
    key = sent(run, 1).key
    run.happen(Signal(EventKind.UNSUBSCRIBED, MONDAY, "m:1", key=key, address="ada.private@gmail.com"))
    assert closed(run, "ada@navy.example") and closed(run, "ada.private@gmail.com")


@pytest.mark.parametrize("kind", [EventKind.UNSUBSCRIBED, EventKind.COMPLAINED])
def test_an_opt_out_that_is_tied_to_nobody_is_kept_and_told(run: Play, kind: EventKind) -> None:
    run.happen(Signal(kind, MONDAY, "m:1", address="who@gmail.com"))
    assert closed(run, "who@gmail.com")
    assert told(run) == [f"who@gmail.com {kind.value} and is nobody who was written to"]
    assert (run.status(1)[0], run.status(2)[0]) == ("waiting", "waiting")
    run.happen(Signal(kind, MONDAY, "m:2", address="@"))
    assert len(told(run)) == 2


def absent(run: Play, **known: Any) -> None:
    run.happen(Signal(EventKind.AUTO_REPLIED, run.clock.now(), "m:away", address="ada@navy.example", **known))


def second_after(run: Play) -> timedelta:
    """How long after the absence note the second message went to Ada."""
    since = run.clock.now()
    run.run(since + timedelta(days=30))
    [delivery] = [each for each in run.channel(next(iter(run.channels))).ledger
                  if each.lead_id == 1 and each.step == "second"]  # fmt: skip
    return delivery.at - since


def test_an_absence_with_a_date_holds_until_then(run: Play) -> None:
    absent(run, resume_at=MONDAY + timedelta(days=12))
    assert second_after(run) == timedelta(days=12)


def test_an_absence_without_a_date_holds_a_week_or_as_long_as_the_project_says(run: Play, play: Make) -> None:
    absent(run)
    assert second_after(run) == timedelta(days=7)
    longer = ProjectSettings(contact=ContactPolicy(auto_reply_hold=timedelta(days=20)))
    other = Play(TWO, [ADA], settings=longer)
    other.settle()
    absent(other)
    assert second_after(other) == timedelta(days=20)


def test_a_date_that_is_over_holds_nobody(run: Play) -> None:
    absent(run, resume_at=MONDAY - timedelta(days=3))
    assert second_after(run) == timedelta(days=1)


@pytest.mark.parametrize(("policy", "kept"), [({}, ["young", "middle"]), ({"raw_mail_days": 10}, ["young"])])
def test_raw_mail_is_forgotten_after_the_projects_days(play: Make, policy: dict[str, object], kept: list[str]) -> None:
    run = play(TWO, [ADA])
    project = run.ctx.book.project
    settings = replace(project.settings, policy=policy)
    run.ctx = run.ctx.with_book(publish(run.ctx.db, replace(project, settings=settings), MONDAY))
    ages = {"young": 3, "middle": 60, "old": 91}
    raw = [RawMessage(name, MONDAY - timedelta(days=days), b"x", "other") for name, days in ages.items()]
    record_batch(run.ctx, ACCOUNT, InboxBatch({}, raw=tuple(raw)))
    assert forget_old(run.ctx) == 3 - len(kept)
    with run.ctx.db.read() as connection:
        assert connection.execute(select(raw_messages.c.source).order_by(raw_messages.c.id)).scalars().all() == kept


def test_an_odd_message_holds_the_lead_it_can_be_tied_to_until_a_person_looks(run: Play) -> None:
    note = Note("unreadable_mail", "a message in INBOX cannot be read", "ADA@navy.example", hold=True)
    record_batch(run.ctx, ACCOUNT, InboxBatch({}, notes=(note,)))
    assert (run.status(1)[0], run.status(2)[0]) == ("paused", "waiting")
    run.run(MONDAY + timedelta(days=5))
    assert run.path(1) == ["first sent", "rest ..."]
    [said] = explain_lead(run.ctx, 1)
    assert said.sentence == "a message in INBOX cannot be read" and "runner resume" in said.help
    with run.ctx.db.write() as connection:
        assert resume_rows(connection, [1], run.clock.now(), run.ctx.book) == 1
    run.run()
    assert run.path(1) == ["first sent", "rest done", "second sent"]


@pytest.mark.parametrize(("limit", "dead_at"), [(None, 3), (2, 2), (0, None)])
def test_after_how_many_soft_bounces_an_address_is_dead_can_be_set(
    play: Make, limit: int | None, dead_at: int | None
) -> None:
    settings = {} if limit is None else {"soft_bounces_become_hard": limit}
    desk = {"desk": ChannelConfig(ChannelType.EMAIL, "desk", settings=settings)}
    run = play(TWO, [ADA], accounts=desk)
    run.settle()
    found = None
    for number in range(1, 5):
        run.happen(Signal(EventKind.BOUNCED, MONDAY, f"soft:{number}", address="ada@navy.example"))
        with run.ctx.db.read() as connection:
            lead = load_leads(connection, [1])[1]
            if found is None and suppressed_by(connection, run.ctx.key, lead, ChannelType.EMAIL):
                found = number
    assert found == dead_at
