"""Pauses of real enrollments: what was left of a wait is what is left of it afterwards, in days and business days."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from runner.store.operations import pause_rows, resume_rows
from runner.testing import MONDAY, Play

SEQUENCE = """\
version: 1
name: paused
steps:
  - {{id: first, channel: email, template: hello}}
  - {{id: rest, wait: {wait}}}
  - {{id: second, channel: email, template: hello}}
"""


@pytest.mark.parametrize(
    ("wait", "paused_after", "resumed_after", "over_after"),
    [
        pytest.param("3d", 2, 30, 31, id="two of three days are over, one is left"),
        pytest.param("3bd", 2, 11, 14, id="one business day left, resumed on a Friday: over on Monday"),
        pytest.param("3bd", 2, 5, 8, id="resumed on a Saturday: over on Monday at the end of the day"),
        pytest.param("6bd", 5, 14, 15, id="paused on a Saturday, due on Tuesday at 9: a day and nine hours left"),
    ],
)
def test_a_paused_lead_has_left_what_it_had_left(
    wait: str, paused_after: int, resumed_after: int, over_after: int
) -> None:
    play = Play(SEQUENCE.format(wait=wait), [{"email": "ada@example.com"}])
    play.run(MONDAY + timedelta(days=paused_after))
    _pause(play, play.clock.now())
    play.run(MONDAY + timedelta(days=resumed_after))
    assert play.status(1)[0] == "paused"
    with play.ctx.db.write() as connection:
        assert resume_rows(connection, [1], play.clock.now(), play.ctx.book) == 1
    play.run()
    assert play.path(1) == ["first sent", "rest done", "second sent"]
    assert play.clock.now().date() == (MONDAY + timedelta(days=over_after)).date()


def _pause(play: Play, now: datetime) -> None:
    with play.ctx.db.write() as connection:
        assert pause_rows(connection, [1], "by hand", now) == 1
