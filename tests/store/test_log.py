"""The log of an enrollment is whole, whoever wrote to it: it is read by following it, and no index would mend a gap."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import insert, select, update

from runner.engine.outcomes import Unknown
from runner.model.channel import ChannelType
from runner.store.claims import rescue
from runner.store.dossier import dossier
from runner.store.erasing import erase
from runner.store.invariants import broken
from runner.store.log import log_of
from runner.store.operations import pause_rows, resume_rows, stop_enrollments
from runner.store.tables import enrollments, transitions
from runner.store.ticking import park
from runner.testing import MONDAY, Play

Make = Callable[..., Play]
PEOPLE = [{"email": f"p{n}@d{n}.example"} for n in range(6)]


def _told(run: Play, enrollment_id: int) -> list[int]:
    with run.ctx.db.read() as connection:
        return [row.id for row in connection.execute(log_of(enrollment_id))]


def _written(run: Play, enrollment_id: int) -> list[int]:
    mine = select(transitions.c.id).where(transitions.c.enrollment_id == enrollment_id).order_by(transitions.c.id)
    with run.ctx.db.read() as connection:
        return list(connection.execute(mine).scalars())


def test_what_everybody_wrote_is_in_it_in_its_order(play: Make) -> None:
    run = play(people=PEOPLE)
    run.channel(ChannelType.EMAIL).script("p1@d1.example", Unknown("no_answer"))
    assert run.claim(1) is None
    run.decide()
    assert run.claim(1) is not None  # and all who were claimed with it; their worker dies before it opens them
    run.machine.advance(run.ctx.lease + run.ctx.grace + timedelta(seconds=1))
    assert rescue(run.ctx) == len(PEOPLE)
    run.settle()
    now = run.ctx.now()
    with run.ctx.db.write() as connection:
        assert pause_rows(connection, [3, 4], "a holiday", now) == 2
        assert resume_rows(connection, [4], now) == 1
        park(connection, 5, "pause", "a fault\nof ours", now)
    stop_enrollments(run.ctx, [6], "enough")
    run.run()
    kinds = {3: "paused", 4: "resumed", 5: "parked", 6: "stopped"}
    for enrollment_id in range(1, 7):
        assert _told(run, enrollment_id) == _written(run, enrollment_id)
        with run.ctx.db.read() as connection:
            said = [row.kind for row in connection.execute(log_of(enrollment_id))]
        assert said[:3] == ["enrolled", "entered", "rescued"]
        assert kinds.get(enrollment_id, "finished") in said[3:]
    assert broken(run.ctx) == []


def test_rows_of_a_person_are_shown_and_erased_and_those_of_others_are_not(play: Make) -> None:
    run = play(people=PEOPLE[:2])
    run.run()
    with run.ctx.db.read() as connection:
        shown = dossier(connection, 1)["transitions"]
    assert [row["id"] for row in shown] == _written(run, 1)
    erase(run.ctx, 1, actor="a test")
    with run.ctx.db.read() as connection:
        details = {who: [row.detail for row in connection.execute(log_of(who))] for who in (1, 2)}
    assert not any(details[1])
    assert any(details[2])


def test_a_row_written_past_it_is_found(play: Make) -> None:
    run = play(people=PEOPLE[:2])
    run.settle()
    assert broken(run.ctx) == []
    stray = {"enrollment_id": 1, "at": MONDAY, "kind": "moved", "detail": {}}
    with run.ctx.db.write() as connection:
        connection.execute(insert(transitions).values(**stray))
    assert {found["invariant"] for found in broken(run.ctx)} == {"log-hangs-together", "log-has-its-end"}
    newest = _written(run, 1)[-1]
    with run.ctx.db.write() as connection:
        connection.execute(update(enrollments).where(enrollments.c.id == 1).values(last_transition_id=newest))
    assert [found["id"] for found in broken(run.ctx)] == [newest]
    assert _told(run, 1) == [newest]
