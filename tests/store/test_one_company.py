"""People of one company: spaced out by `contact.same_company_gap`, stopped together by `stop_scope: company`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from runner.channels.wiring import ChannelSet
from runner.engine.outcomes import Failed
from runner.engine.ports import Signal
from runner.model.channel import ChannelType
from runner.model.events import EventKind
from runner.model.project import ContactPolicy, ProjectSettings
from runner.operator import Operator
from runner.store.enrolling import enroll
from runner.store.explaining import explain_lead
from runner.store.lanes import all_lanes
from runner.store.ticking import advance_due
from runner.testing import MONDAY, Play
from sequences import two_steps

Make = Callable[..., Play]
DAY = timedelta(days=1)
ONE = "version: 1\nname: one\nsteps:\n  - {id: first, channel: email, template: hello}\n"
TWO = two_steps("5d", stop_scope="SCOPE")
SPACED = ProjectSettings(contact=ContactPolicy(same_company_gap=2 * DAY))
NAVY = [{"email": "grace@navy.example"}, {"email": "anna@navy.example"}]


def days(play: Play) -> dict[int, list[float]]:
    """On which days each lead got something, counted from the start."""
    found: dict[int, list[float]] = {}
    for channel in play.channels.values():
        for delivery in channel.ledger:
            found.setdefault(delivery.lead_id, []).append((delivery.at - MONDAY) / DAY)
    return found


def test_two_people_of_one_company_are_spaced_out(play: Make) -> None:
    run = play(ONE, [*NAVY, {"email": "alan@bletchley.example"}], settings=SPACED)
    run.run()
    assert days(run) == {1: [0.0], 2: [pytest.approx(2.0)], 3: [0.0]}


def test_one_person_is_not_held_by_what_they_got_themselves(play: Make) -> None:
    spaced = ProjectSettings(contact=ContactPolicy(same_company_gap=9 * DAY))
    run = play(TWO.replace("SCOPE", "lead"), NAVY[:1], settings=spaced)
    run.run()
    assert days(run) == {1: [0.0, pytest.approx(5.0)]}


def test_without_the_setting_nobody_waits(play: Make) -> None:
    run = play(ONE, NAVY)
    run.run()
    assert days(run) == {1: [0.0], 2: [0.0]}


@pytest.mark.parametrize(
    ("people", "spaced"),
    [
        ([{"email": "a@gmail.com"}, {"email": "b@gmail.com"}], False),
        ([{"email": "a@gmail.com", "website": "https://www.navy.example/"}, {"email": "b@navy.example"}], True),
        ([{"email": "a@gmail.com", "website": "https://navy.example"}, {"email": "b@gmail.com"}], False),
    ],
)  # fmt: skip
def test_a_free_mail_domain_is_no_company_but_a_web_site_is(play: Make, people, spaced: bool) -> None:
    run = play(ONE, people, settings=SPACED)
    run.run()
    assert days(run)[2] == [pytest.approx(2.0 if spaced else 0.0)]


def test_a_message_that_bounced_was_no_contact_with_the_company(play: Make) -> None:
    run = play(ONE, NAVY[:1], settings=SPACED)
    run.settle()
    run.happen(Signal(EventKind.BOUNCED, MONDAY, "m:1", address="grace@navy.example", permanent=True, hard=True))
    enroll(run.ctx, "play", run.add_leads(NAVY[1:]))
    run.run()
    assert days(run)[2] == [0.0]


def test_what_was_refused_does_not_count_for_the_company(play: Make) -> None:
    run = play(ONE, (), settings=SPACED)
    run.channel(ChannelType.EMAIL).script("grace@navy.example", Failed("address_unknown"))
    enroll(run.ctx, "play", run.add_leads(NAVY))
    run.run()
    assert days(run) == {2: [0.0]}


def test_explain_names_the_company_and_the_day(play: Make) -> None:
    run = play(ONE, NAVY, settings=SPACED)
    run.settle()
    [found] = explain_lead(run.ctx, 2)
    assert (found.state, found.until) == ("held", MONDAY + 2 * DAY)
    assert found.sentence == "limit: people of navy.example limit: 1 of 1 in 2 days, 0:00:00"


def test_an_operator_cannot_get_round_it(play: Make) -> None:
    run = play(ONE, NAVY, settings=SPACED)
    run.settle()
    result = Operator(run.ctx, ChannelSet(run.channels)).send_outreach_message("play", 2, ["email"])
    assert result["deferred"] == (MONDAY + 2 * DAY).isoformat()
    assert days(run) == {1: [0.0]}


def company(play: Make, people=NAVY, scope: str = "company", **more) -> Play:
    run = play(TWO.replace("SCOPE", scope), people, **more)
    run.settle()
    return run


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        (EventKind.REPLIED, "company replied"),
        (EventKind.UNSUBSCRIBED, "company unsubscribed"),
        (EventKind.COMPLAINED, "company complained"),
    ],
)
def test_one_person_stops_their_colleagues(play: Make, kind: EventKind, reason: str) -> None:
    run = company(play, [*NAVY, {"email": "alan@bletchley.example"}])
    run.happen(Signal(kind, MONDAY, "m:1", address="grace@navy.example"))
    run.run()
    assert run.status(1) == ("stopped", kind.value)
    assert run.status(2) == ("stopped", reason)
    assert run.path(3) == ["first sent", "rest done", "second sent"]


def test_a_colleague_who_is_no_lead_stops_them_too(play: Make) -> None:
    run = company(play)
    run.happen(Signal(EventKind.UNSUBSCRIBED, MONDAY, "m:1", address="boss@navy.example", domain="navy.example"))
    assert {run.status(1), run.status(2)} == {("stopped", "company unsubscribed")}


def test_colleagues_go_on_where_the_sequence_stops_only_the_lead(play: Make) -> None:
    run = company(play, scope="lead")
    run.happen(Signal(EventKind.REPLIED, MONDAY, "m:1", address="grace@navy.example"))
    run.run()
    assert run.path(2) == ["first sent", "rest done", "second sent"]


def test_people_of_one_free_mail_service_are_no_colleagues(play: Make) -> None:
    run = company(play, [{"email": "a@gmail.com"}, {"email": "b@gmail.com"}])
    run.happen(Signal(EventKind.REPLIED, MONDAY, "m:1", address="a@gmail.com"))
    assert run.status(2) == ("waiting", "wait")


def test_an_absence_or_a_bounce_stops_nobody_else(play: Make) -> None:
    run = company(play)
    run.happen(Signal(EventKind.AUTO_REPLIED, MONDAY, "m:1", address="grace@navy.example"))
    run.happen(Signal(EventKind.BOUNCED, MONDAY, "m:2", address="grace@navy.example", permanent=True))
    assert run.status(2) == ("waiting", "wait")


def test_a_reply_that_does_not_stop_the_sequence_does_not_stop_colleagues(play: Make) -> None:
    source = TWO.replace("SCOPE", "company\nstop_on: [bounced]")
    run = play(source, NAVY)
    run.settle()
    run.happen(Signal(EventKind.REPLIED, MONDAY, "m:1", address="grace@navy.example"))
    assert run.status(2) == ("waiting", "wait")
    run.happen(Signal(EventKind.UNSUBSCRIBED, MONDAY, "m:2", address="grace@navy.example"))
    assert run.status(2) == ("stopped", "company unsubscribed")


def test_a_colleague_who_is_being_written_to_does_not_pass_the_gate_any_more(play: Make) -> None:
    run = play(TWO.replace("SCOPE", "company"), NAVY)
    with run.ctx.db.read() as connection:
        [lane] = [lane for lane in all_lanes(connection).values() if not lane.account]
    advance_due(run.ctx, lane, 10)
    claim = run.claim(2)
    assert claim is not None
    run.happen(Signal(EventKind.REPLIED, MONDAY, "m:1", address="grace@navy.example"))
    run.worker().perform(claim)
    assert 2 not in days(run)
