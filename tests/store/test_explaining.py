"""No state without an explanation: every reason an enrollment can rest for has words, a date where there is one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import update

from runner.engine.outcomes import AccountTrouble, HandedOver, Sent, TaskDraft, Trouble, TryAgain, Unknown
from runner.engine.ports import Signal
from runner.engine.state import WaitingOn
from runner.model.channel import ChannelType
from runner.model.events import EventKind
from runner.store.explaining import explain_lead
from runner.store.operations import pause_rows
from runner.store.switching import set_switch
from runner.store.tables import enrollments
from runner.testing import MONDAY, Play

Make = Callable[..., Play]
ADA = {"email": "ada@example.com", "linkedin_urn": "ada"}
AUTO = "version: 1\nname: auto\nsteps:\n  - {id: meet, channel: linkedin, template: hello}\n"
WAIT = """\
version: 1
name: wait
steps:
  - {id: intro, channel: email, template: hello, retry: {count: 1, delay: 2h}}
  - {id: rest, wait: 2d}
"""
ASK = ("version: 1\nname: ask\nsteps:\n  - {id: meet, channel: linkedin, action: connect, template: hello}\n"
       "  - {id: met, wait_for: meet.accepted, timeout: 2d}\n")  # fmt: skip
SETTLES = ("version: 1\nname: settles\nsteps:\n  - {id: intro, channel: email, template: hello}\n"
           "  - {id: form, channel: contact_form, condition: if email_failed, template: hello}\n")  # fmt: skip


def _says(play: Play) -> tuple[str, str, bool]:
    [found] = explain_lead(play.ctx, 1)
    return found.state, found.sentence, found.until is not None


def test_each_reason_for_resting_is_explained(play: Make) -> None:
    seen: dict[WaitingOn, tuple[str, str, bool]] = {}

    run = play(WAIT, [ADA])
    run.settle()
    seen[WaitingOn.WAIT] = _says(run)
    back = MONDAY + timedelta(days=9)
    run.happen(Signal(EventKind.AUTO_REPLIED, MONDAY, "m:1", address=ADA["email"], resume_at=back))
    seen[WaitingOn.AUTO_REPLY] = _says(run)
    with run.ctx.db.write() as connection:
        pause_rows(connection, [1], "by hand", MONDAY)
    seen[WaitingOn.PAUSED] = _says(run)

    for waiting, outcome in (
        (WaitingOn.RETRY, TryAgain("greylisted")),
        (WaitingOn.UNKNOWN, Unknown("no_answer")),
        (WaitingOn.ACCOUNT, AccountTrouble(Trouble.CONNECTION, "refused")),
    ):
        run = Play(WAIT, [ADA])
        run.channel(ChannelType.EMAIL).script(ADA["email"], outcome)
        run.settle()
        seen[waiting] = _says(run)

    run = Play(AUTO, [ADA])
    run.settle()
    seen[WaitingOn.ACCEPTANCE] = _says(run)
    run = Play(ASK, [ADA])
    run.settle()
    seen[WaitingOn.EVENT] = _says(run)
    run = Play(SETTLES, [ADA], inbox=True)
    run.settle()
    seen[WaitingOn.SETTLE] = _says(run)
    run.clock.advance(timedelta(minutes=16))
    run.settle()
    seen[WaitingOn.INBOX] = _says(run)
    run = Play(AUTO, [ADA])
    run.channel(ChannelType.LINKEDIN).script(ADA["email"], HandedOver(TaskDraft("linkedin_connect", "Invite", "Hi")))
    run.settle()
    seen[WaitingOn.TASK] = _says(run)
    run = Play(WAIT, [ADA])
    with run.ctx.db.write() as connection:
        set_switch(connection, "global", reason="stop", actor="test", now=MONDAY)
    run.settle()
    seen[WaitingOn.SLOT] = _says(run)
    for waiting in (WaitingOn.GATE, WaitingOn.PARKED):
        with run.ctx.db.write() as connection:
            status = "paused" if waiting is WaitingOn.PARKED else "waiting"
            values = {"waiting_on": waiting.value, "status": status, "waiting_why": "for a reason"}
            connection.execute(update(enrollments).values(**values))
        seen[waiting] = _says(run)

    assert set(seen) == set(WaitingOn)
    assert [s for _, s, _ in seen.values() if len(s.split()) < 2] == []
    dated = set(WaitingOn) - {WaitingOn.PAUSED, WaitingOn.PARKED}
    assert [waiting for waiting in dated if not seen[waiting][2]] == []
    assert "kill_switch" in seen[WaitingOn.SLOT][1]


@pytest.mark.parametrize("outcome", [Sent()])
def test_an_enrollment_that_ended_says_why(play: Make, outcome: Sent) -> None:
    run = play(WAIT, [ADA])
    run.channel(ChannelType.EMAIL).script(ADA["email"], outcome)
    run.run()
    assert _says(run)[:2] == ("completed", "ended: rest done")
