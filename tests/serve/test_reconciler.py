"""Looking for evidence: after the grace, while there is hope, and one that breaks stops no other."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from sqlalchemy import select

from runner.engine.outcomes import Unknown
from runner.engine.ports import Doubt, Evidence
from runner.model.channel import ChannelType
from runner.serve.reconciler import Reconciliation
from runner.store.tables import outreach_attempts
from runner.testing import MONDAY, Play

ONE_MAIL = "version: 1\nname: one\nsteps:\n  - {id: first, channel: email, template: hello}\n"
PEOPLE = [{"email": f"{name}@a.example", "first_name": name} for name in ("Ada", "Bob", "Eve")]


@dataclass
class World:
    """Knows of everybody's message but Ada's, and breaks when asked for Bob's."""

    asked: list[str] = field(default_factory=list)

    def find(self, doubt: Doubt) -> Evidence | None:
        name = doubt.lead.first_name or ""
        self.asked.append(name)
        if name == "Bob":
            raise ZeroDivisionError("a fault of ours")
        return None if name == "Ada" else Evidence("imap:Sent", doubt.intent_at)


@pytest.fixture
def play():
    made = Play(ONE_MAIL, PEOPLE)
    for person in PEOPLE:
        made.channel(ChannelType.EMAIL).script(person["email"], Unknown("no_answer_after_dot"))
    made.settle()
    yield made
    made.ctx.db.close()


def _pass_after(play: Play, time: timedelta) -> World:
    world = World()
    play.advance_to(MONDAY + time)
    Reconciliation(lambda: play.ctx, {ChannelType.EMAIL: world}).run()
    return world


def _statuses(play: Play) -> list[str]:
    with play.ctx.db.read() as connection:
        return list(connection.execute(select(outreach_attempts.c.status).order_by(outreach_attempts.c.id)).scalars())


def test_nobody_asks_within_the_grace(play):
    assert _pass_after(play, timedelta(minutes=14)).asked == []


def test_one_whose_evidence_cannot_be_read_holds_up_no_other(play):
    assert sorted(_pass_after(play, timedelta(minutes=16)).asked) == ["Ada", "Bob", "Eve"]
    assert _statuses(play) == ["unknown", "unknown", "sent"]


def test_after_a_week_without_evidence_nobody_asks_any_more(play):
    assert sorted(_pass_after(play, timedelta(days=6)).asked) == ["Ada", "Bob", "Eve"]
    assert _pass_after(play, timedelta(days=8)).asked == []
    assert _statuses(play) == ["unknown", "unknown", "sent"]
