"""Accounts that bounce or annoy too much stop by themselves; soft bounces add up; notes give way to their quota."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import select

from runner.channels.email.bounce_reasons import HARD, OF_STATUS
from runner.channels.email.wordlists import pairs
from runner.engine.ports import Signal
from runner.model.channel import ChannelConfig, ChannelType
from runner.model.events import EventKind
from runner.model.rates import LimitSet, Rate
from runner.store.guardrails import Guardrail, guard_account
from runner.store.people import load_leads
from runner.store.soft_bounces import NOT_OF_THE_ADDRESS
from runner.store.suppressions import suppressed_by
from runner.store.tables import channel_configs, problems
from runner.testing import MONDAY, Play

Make = Callable[..., Play]
ONE = "version: 1\nname: one\nsteps:\n  - {id: first, channel: email, template: hello}\n"
RAIL = (Guardrail(EventKind.BOUNCED, 0.25, 4, timedelta(days=7)),)


def _health(play: Play) -> str:
    with play.ctx.db.read() as connection:
        query = select(channel_configs.c.health).where(channel_configs.c.key == "email/email_test")
        return str(connection.execute(query).scalar_one())


def _bounce(play: Play, number: int, *, hard: bool) -> None:
    signal = Signal(
        EventKind.BOUNCED, MONDAY, f"m:{number}", address=f"p{number}@example.com", permanent=True, hard=hard
    )
    play.happen(signal)


def test_an_account_that_bounces_too_often_stops_with_a_problem(play: Make) -> None:
    run = play(ONE, [{"email": f"p{n}@example.com"} for n in range(4)])
    run.run()
    config = run.ctx.book.account("email/email_test")
    assert config is not None
    with run.ctx.db.write() as connection:
        guard_account(connection, config, run.clock.now(), RAIL)
    assert _health(run) == "ok"
    _bounce(run, 0, hard=True)
    with run.ctx.db.write() as connection:
        guard_account(connection, config, run.clock.now(), RAIL)
        [problem] = connection.execute(select(problems.c.text)).scalars()
    assert _health(run) == "stopped"
    assert "1 of its last 4 messages bounced" in problem


def test_the_third_soft_bounce_counts_as_a_dead_address(play: Make) -> None:
    run = play(ONE, [{"email": "p0@example.com"}])
    run.run()
    for number in range(3):
        with run.ctx.db.read() as connection:
            lead = load_leads(connection, [1])[1]
            assert suppressed_by(connection, run.ctx.key, lead, ChannelType.EMAIL) is None
        run.happen(Signal(EventKind.BOUNCED, MONDAY, f"soft:{number}", address="p0@example.com"))
    with run.ctx.db.read() as connection:
        assert suppressed_by(connection, run.ctx.key, lead, ChannelType.EMAIL)


def test_a_refusal_of_the_message_or_the_sender_does_not_make_an_address_dead(play: Make) -> None:
    run = play(ONE, [{"email": "p0@example.com"}])
    run.run()

    def bounce(number: int, reason: str) -> bool:
        run.happen(Signal(EventKind.BOUNCED, MONDAY, f"soft:{number}", address="p0@example.com",
                          permanent=True, data={"reason": reason}))  # fmt: skip
        with run.ctx.db.read() as connection:
            lead = load_leads(connection, [1])[1]
            return bool(suppressed_by(connection, run.ctx.key, lead, ChannelType.EMAIL))

    blameless = ("spamdetected", "blocked", "authfailure", "networkerror", "mesgtoobig", "spamdetected")
    assert not any(bounce(number, reason) for number, reason in enumerate(blameless))
    about = ("mailboxfull", "filtered", "spamdetected", "suspend")
    assert [bounce(number, reason) for number, reason in enumerate(about, 10)] == [False, False, False, True]


def test_every_blameless_reason_is_one_that_the_classifier_gives() -> None:
    known = {reason for reason, _ in pairs("bounce_reasons")} | set(OF_STATUS.values())
    assert known >= NOT_OF_THE_ADDRESS
    assert NOT_OF_THE_ADDRESS.isdisjoint(HARD)


def test_an_invitation_goes_without_its_note_when_the_notes_are_used_up(play: Make) -> None:
    source = "version: 1\nname: meet\nsteps:\n  - {id: meet, channel: linkedin, action: connect, template: hello}\n"
    limits = LimitSet(by_action=(("connect_with_note", Rate(1, timedelta(days=30))),))
    people = [{"email": f"p{n}@example.com", "linkedin_urn": f"u{n}"} for n in range(2)]
    for rule, bodies in (("drop_if_needed", 2), ("required", 1)):
        account = ChannelConfig(ChannelType.LINKEDIN, "desk", limits=limits, settings={"note": rule})
        run = (
            play(source, people, accounts={"desk": account})
            if rule == "drop_if_needed"
            else Play(source, people, accounts={"desk": account})
        )
        run.settle()
        sent = [delivery.body for delivery in run.channel(ChannelType.LINKEDIN).ledger]
        assert len(sent) == bodies
        assert sum(1 for body in sent if body) == 1
