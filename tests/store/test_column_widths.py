"""Every word the engine writes fits its column: SQLite takes any length, PostgreSQL refuses the whole transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from enum import Enum
from typing import Any

import pytest
from sqlalchemy import Column

from runner.engine.ports import Signal
from runner.engine.state import EnrollmentStatus, Stage, WaitingOn
from runner.model.channel import ChannelType
from runner.model.events import EventKind
from runner.model.lead import LinkedInConnectionStatus
from runner.store.tables import enrollments, events, lanes, leads, outreach_attempts, step_runs, transitions
from runner.testing import Play

AUTO = """\
version: 1
name: auto
steps:
  - {id: reach, channel: linkedin, template: hello}
"""


@pytest.mark.parametrize(
    ("column", "words"),
    [
        (step_runs.c.stage, Stage),
        (transitions.c.kind, Stage),
        (transitions.c.kind, EnrollmentStatus),
        (enrollments.c.waiting_on, WaitingOn),
        (enrollments.c.status, EnrollmentStatus),
        (events.c.kind, EventKind),
        (lanes.c.channel, ChannelType),
        (outreach_attempts.c.channel, ChannelType),
        (leads.c.linkedin_status, LinkedInConnectionStatus),
    ],
    ids=str,
)
def test_every_word_fits_its_column(column: Column[Any], words: Iterable[Enum]) -> None:
    longest = max((str(word.value) for word in words), key=len)
    assert len(longest) <= column.type.length, longest  # type: ignore[attr-defined]


def test_an_invitation_that_waits_for_its_acceptance_is_written_on_every_database(play: Callable[..., Play]) -> None:
    run = play(AUTO, [{"first_name": "Ada", "linkedin_key": "ada", "linkedin_url": "https://linkedin.com/in/ada"}])
    run.settle()
    assert run.status(1) == ("waiting", "acceptance")
    accepted = Signal(EventKind.ACCEPTED, run.clock.now(), "linkedin/linkedin_test/1", profile="ada")
    run.happen(accepted, account="linkedin/linkedin_test")
    run.run()
    assert run.path(1) == ["reach sent"]
    assert [delivery.action for delivery in run.channel(ChannelType.LINKEDIN).ledger] == ["connect", "message"]
