"""Who enters a campaign: nobody who is closed on every channel or lacks what every lead must have."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import update

from runner.lang.conditions import parse_condition
from runner.model.campaign import Campaign
from runner.model.project import ProjectSettings
from runner.store.enrolling import enroll, enroll_matching
from runner.store.explaining import not_enrolled
from runner.store.tables import leads
from runner.testing import Play

Make = Callable[..., Play]
ONE = "version: 1\nname: one\nsteps:\n  - {id: first, channel: email, template: hello}\n"
ALL = Campaign("play", "one", audience=parse_condition("has(lead.email)"))
REQUIRED = ProjectSettings(lead_fields={"segment": "text"}, required_fields=frozenset({"segment", "first_name"}))
GRACE = {"email": "grace@navy.example", "first_name": "Grace"}


def reason(play: Play, person: dict[str, object]) -> str:
    [lead_id] = play.add_leads([person])
    [asked] = enroll(play.ctx, "play", [lead_id])
    assert not_enrolled(play.ctx, lead_id) == [f"in no campaign: {asked.reason}"]
    return asked.reason


def test_a_lead_without_a_required_field_does_not_enter_until_it_has_one(play: Make) -> None:
    run = play(ONE, (), campaign=ALL, settings=REQUIRED)
    assert reason(run, GRACE) == "lacks `segment`, which `lead_fields` says every lead has"
    assert enroll_matching(run.ctx) == 0
    with run.ctx.db.write() as connection:
        connection.execute(update(leads).values(fields={"segment": "spring"}))
    assert enroll_matching(run.ctx) == 1


def test_a_complete_lead_enters(play: Make) -> None:
    run = play(ONE, [GRACE | {"fields": {"segment": "spring"}}], campaign=ALL, settings=REQUIRED)
    assert run.status(1)[0] == "active"


@pytest.mark.parametrize(
    ("policy", "person", "words"),
    [
        ({}, {"consent": False}, "the lead said no (consent is false)"),
        ({"blocked_countries": ["FR"]}, {"country": "FR"}, "policy.blocked_countries lists FR"),
        ({"require_legal_basis": True}, {}, "policy.require_legal_basis is set and the lead has none"),
        ({"require_consent": True}, {}, "policy.require_consent is set and the lead has not consented"),
    ],
)
def test_a_lead_closed_on_every_channel_does_not_enter(play: Make, policy, person, words: str) -> None:
    run = play(ONE, (), campaign=ALL, settings=ProjectSettings(policy=policy))
    assert reason(run, GRACE | person) == words


def test_a_lead_closed_to_mail_alone_enters_for_what_is_left(play: Make) -> None:
    run = play(ONE, [GRACE | {"country": "DE"}], campaign=ALL)
    assert run.status(1)[0] == "active"
