"""Why nothing went out: every rule of the gate that can hold somebody has words, with its numbers and its date."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, time, timedelta

import pytest
from sqlalchemy import func, insert, select

from runner.engine.gate import Rule
from runner.engine.outcomes import AccountTrouble, Cancelled, NotNow, Trouble
from runner.engine.ports import Signal
from runner.model.calendar import Block, SendWindow, Weekday
from runner.model.campaign import Campaign
from runner.model.channel import ChannelConfig, ChannelType
from runner.model.events import EventKind
from runner.model.project import ContactPolicy, ProjectSettings
from runner.model.rates import LimitSet, Rate
from runner.store.due_send import due_send
from runner.store.enrolling import enroll
from runner.store.explaining import explain_lead
from runner.store.gatekeeping import pass_gate
from runner.store.health import record_trouble
from runner.store.loading import load
from runner.store.operations import pause_rows
from runner.store.suppressions import suppress
from runner.store.switching import set_switch
from runner.store.tables import events, leads
from runner.testing import MONDAY, Play

ONE = "version: 1\nname: one\nsteps:\n  - {id: first, channel: email, template: hello}\n"
TWICE = ("version: 1\nname: twice\nsteps:\n  - {id: first, channel: email, template: hello}\n"
         "  - {id: rest, wait: 2d}\n  - {id: second, channel: email, template: hello}\n")  # fmt: skip
INVITE = "version: 1\nname: invite\nsteps:\n  - {id: meet, channel: linkedin, action: connect, template: hello}\n"
ADA, BOB = {"email": "ada@example.com"}, {"email": "bob@example.com"}
SUNDAY = SendWindow((Block(frozenset({Weekday.SUN}), time(9), time(10)),), "UTC")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def _desk(limits: LimitSet | None = None, window: SendWindow | None = None) -> dict[str, ChannelConfig]:
    return {"desk": ChannelConfig(ChannelType.EMAIL, "desk", limits=limits or LimitSet(), send_window=window)}


def _due(*, person: dict[str, str] | None = None, **options: object) -> Play:
    play = Play(ONE, [person or ADA], **{"accounts": _desk(), **options})  # type: ignore[arg-type]
    play.decide()
    return play


def _claimed() -> Play:
    play = _due()
    assert play.claim(1) is not None
    return play


def _ended() -> Play:
    play = _due()
    play.happen(Signal(EventKind.REPLIED, MONDAY, "m:1", address=ADA["email"]))
    return play


def _paused() -> Play:
    play = _due()
    with play.ctx.db.write() as connection:
        pause_rows(connection, [1], "by hand", MONDAY)
    return play


def _switched_off() -> Play:
    play = _due()
    with play.ctx.db.write() as connection:
        set_switch(connection, "account:email/desk", reason="lunch", actor="ada", now=MONDAY)
    return play


def _suppressed() -> Play:
    play = _due()
    with play.ctx.db.write() as connection:
        suppress(connection, play.ctx.key, "domain", "example.com", reason="client", actor="ada", now=MONDAY)
    return play


def _with_an_event_to_decide_on() -> Play:
    play = _due()
    row = {"kind": "opened", "at": MONDAY, "recorded_at": MONDAY, "source": "m:1", "enrollment_id": 1,
           "permanent": False, "hard": False, "pending": True, "data": {}}  # fmt: skip
    with play.ctx.db.write() as connection:
        connection.execute(insert(events).values(**row))
    return play


def _in_trouble(kind: Trouble) -> Play:
    play = _due()
    with play.ctx.db.write() as connection:
        record_trouble(connection, "email/desk", AccountTrouble(kind, "odd", "the server is odd"), MONDAY)
    return play


def _with_an_unread_inbox() -> Play:
    play = Play(TWICE, [ADA], inbox=True, settings=ProjectSettings(contact=ContactPolicy(min_between=timedelta(0))))
    play.read_inboxes()
    play.settle()
    play.clock.advance(2 * DAY)  # and nobody reads it
    play.decide()
    return play


def _with_too_many_invitations() -> Play:
    desk = ChannelConfig(ChannelType.LINKEDIN, "desk", settings={"max_pending": 1})
    play = Play(INVITE, [{"linkedin_urn": "bob"}], accounts={"desk": desk})
    play.settle()
    _enter(play, {"linkedin_urn": "ada"})
    return play


def _after_another(limits: LimitSet) -> Play:
    play = Play(ONE, [BOB], accounts=_desk(limits))
    play.run()
    _enter(play, ADA)
    return play


def _enter(play: Play, person: dict[str, str]) -> None:
    enroll(play.ctx, "play", play.add_leads([person]))
    play.decide()


@dataclass(frozen=True, slots=True)
class Scene:
    """How a rule comes to hold the last lead, what is said of it, and for how long from now it holds."""

    play: Callable[[], Play]
    says: str
    lasts: timedelta | None
    state: str = "held"


SCENES = {
    Rule.CLAIM_LOST: Scene(_claimed, "a worker is acting on it", None, "sending"),
    Rule.ENDED: Scene(_ended, "ended: replied", None, "stopped"),
    Rule.PAUSED: Scene(_paused, "by hand", None, "paused"),
    Rule.SUPPRESSED: Scene(_suppressed, "suppressed: domain example.com is suppressed: client", timedelta(0),
                           "refused"),
    Rule.POLICY: Scene(lambda: _due(person=ADA | {"country": "DE"}), "policy: DE wants a legal basis", timedelta(0),
                       "refused"),
    Rule.EVENT_PENDING: Scene(_with_an_event_to_decide_on, "event_pending: an event for", timedelta(seconds=1)),
    Rule.KILL_SWITCH: Scene(_switched_off, "kill_switch: account:email/desk is switched off: lunch", HOUR),
    Rule.CAMPAIGN_CLOSED: Scene(lambda: _due(campaign=Campaign("play", "one", ends_on=date(2026, 1, 1))),
                                "campaign_closed: the campaign is not running today", HOUR),
    Rule.ACCOUNT_STOPPED: Scene(lambda: _in_trouble(Trouble.CHALLENGE), "account_stopped: the server is odd", HOUR),
    Rule.ACCOUNT_BACKING_OFF: Scene(lambda: _in_trouble(Trouble.CONNECTION), "account_backing_off",
                                    timedelta(minutes=1)),
    Rule.INBOX_STALE: Scene(_with_an_unread_inbox, "inbox_stale: a reply could be waiting: the inbox of "
                            "email/email_test was last read at 2026-03-02T09:00", timedelta(minutes=1)),
    Rule.TOO_MANY_PENDING: Scene(_with_too_many_invitations, "too_many_pending: 1 invitations of linkedin/desk wait "
                                 "for an answer, and it may have 1", HOUR),
    Rule.WINDOW_NEVER_OPEN: Scene(lambda: _due(accounts=_desk(window=SendWindow((), "UTC"))), "window_never_open",
                                  HOUR),
    Rule.WINDOW: Scene(lambda: _due(accounts=_desk(window=SUNDAY)), "window: the send window opens at "
                       "2026-03-08T09:00", 6 * DAY),
    Rule.LIMIT: Scene(lambda: _after_another(LimitSet(rates=(Rate(1, DAY),))), "limit: account limit: 1 of 1 in 1 day",
                      DAY),
    Rule.GAP: Scene(lambda: _after_another(LimitSet(min_gap=timedelta(minutes=5))), "gap: 300s", timedelta(minutes=5)),
}  # fmt: skip


@pytest.mark.parametrize("rule", Rule, ids=lambda rule: rule.value)
def test_every_rule_of_the_gate_is_explained_with_its_numbers(rule: Rule) -> None:
    scene = SCENES[rule]
    play = scene.play()
    found = explain_lead(play.ctx, _last_lead(play))[0]
    assert found.state == scene.state
    assert scene.says in found.sentence
    assert found.until == (None if scene.lasts is None else play.clock.now() + scene.lasts)


HELD = [rule for rule, scene in SCENES.items() if scene.state in ("held", "refused")]


@pytest.mark.parametrize("rule", HELD, ids=lambda rule: rule.value)
def test_what_is_explained_is_what_the_gate_says(rule: Rule) -> None:
    play = SCENES[rule].play()
    lead = _last_lead(play)
    said = explain_lead(play.ctx, lead)[0]
    refusal = pass_gate(play.ctx, play.open().intention())
    assert isinstance(refusal, NotNow | Cancelled)
    assert refusal.reason == rule.value
    assert said.sentence == f"{refusal.reason}: {refusal.explanation}"
    assert isinstance(refusal, Cancelled) or said.until == refusal.until


def test_a_gap_with_jitter_is_explained_to_the_microsecond() -> None:
    play = _after_another(LimitSet(min_gap=timedelta(minutes=5), max_gap=timedelta(minutes=50)))
    said = explain_lead(play.ctx, 2)[0].until
    play.run()
    assert [each.at for each in play.channel(ChannelType.EMAIL).ledger] == [MONDAY, said]


def test_an_invitation_with_a_note_is_explained_by_the_quota_of_notes() -> None:
    rates = LimitSet(by_action=(("connect_with_note", Rate(1, DAY)),))
    desk = ChannelConfig(ChannelType.LINKEDIN, "desk", limits=rates, settings={"note": "required"})
    play = Play(INVITE, [{"linkedin_urn": "bob"}], accounts={"desk": desk})
    play.settle()
    _enter(play, {"linkedin_urn": "ada"})
    [said] = explain_lead(play.ctx, 2)
    assert (said.sentence.partition(" in ")[0], said.until) == (
        "limit: account connect_with_note limit: 1 of 1", MONDAY + DAY
    )  # fmt: skip


@pytest.mark.parametrize("source", [ONE, INVITE], ids=["email", "invitation"])
def test_the_question_explained_is_the_question_the_gate_is_asked(source: str) -> None:
    play = Play(source, [ADA | {"linkedin_urn": "ada"}])
    play.decide()
    with play.ctx.db.read() as connection:
        [loaded] = load(connection, play.ctx.book, [1])
        before = due_send(connection, play.ctx, loaded)
    work = play.open()
    assert before == replace(work.intention(), attempt_id=None, claim=None)
    with play.ctx.db.read() as connection:
        [loaded] = load(connection, play.ctx.book, [1])
        assert due_send(connection, play.ctx, loaded) == before  # the text is kept now


def test_what_only_the_channel_knows_is_told_with_its_date() -> None:
    play = _due()
    until = MONDAY + 3 * HOUR
    play.channel(ChannelType.EMAIL).script(ADA["email"], NotNow(until, "too_many_pending", "400 wait for an answer"))
    play.settle()
    [found] = explain_lead(play.ctx, 1)
    assert (found.sentence, found.until) == ("too_many_pending: 400 wait for an answer; it is tried again then", until)


def _last_lead(play: Play) -> int:
    with play.ctx.db.read() as connection:
        return int(connection.execute(select(func.max(leads.c.id))).scalar_one())
