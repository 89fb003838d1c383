"""An event and the gate at the very same moment, on PostgreSQL: one of them is first, and the other one knows it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import select

import runner.store.gatekeeping
from runner.engine.outcomes import Cancelled, Permit, Sent
from runner.engine.ports import Signal
from runner.model.events import EventKind
from runner.store.database import open_database
from runner.store.gatekeeping import pass_gate
from runner.store.invariants import broken
from runner.store.results import record
from runner.store.tables import events
from runner.testing import MONDAY, Play
from sequences import two_steps

TWO = two_steps("3d")
ADA = "ada@example.com"
REPLY = Signal(EventKind.REPLIED, MONDAY, "m:1", address=ADA)


@pytest.fixture
def play(postgres_tables_url: str) -> Iterator[Play]:
    db = open_database(postgres_tables_url, create=True)
    yield Play(TWO, [{"email": ADA}], db=db)
    db.close()


class Pause:
    """Holds a function up after it did its work and before its transaction commits."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, module: Any, name: str) -> None:
        self.reached, self.go_on = threading.Event(), threading.Event()
        self._real: Callable[..., Any] = getattr(module, name)
        monkeypatch.setattr(module, name, self)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        done = self._real(*args, **kwargs)
        self.reached.set()
        assert self.go_on.wait(30)
        return done


def test_an_answer_that_meets_the_gate_in_its_last_moment_waits_for_the_send(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    pause = Pause(monkeypatch, runner.store.gatekeeping, "_intend")
    work = play.open()
    with ThreadPoolExecutor(2) as pool:
        gate = pool.submit(pass_gate, play.ctx, work.intention())
        assert pause.reached.wait(30)
        answer = pool.submit(play.happen, REPLY)
        threading.Event().wait(0.3)
        assert not answer.done()
        pause.go_on.set()
        assert isinstance(gate.result(30), Permit)
        answer.result(30)
    assert play.status(1)[0] == "active", "somebody still has to say what came of the message"
    assert record(play.ctx, work, Sent("<1@x>"))
    assert play.status(1) == ("stopped", "replied")
    with play.ctx.db.read() as connection:
        assert connection.execute(select(events.c.after_attempt)).scalar_one() == work.attempt_id
    assert broken(play.ctx) == []


def test_the_gate_that_meets_an_answer_in_its_last_moment_lets_nothing_pass(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    import runner.store.signals

    pause = Pause(monkeypatch, runner.store.signals, "_store")
    work = play.open()
    with ThreadPoolExecutor(2) as pool:
        answer = pool.submit(play.happen, REPLY)
        assert pause.reached.wait(30)
        gate = pool.submit(pass_gate, play.ctx, work.intention())
        threading.Event().wait(0.3)
        assert not gate.done()
        pause.go_on.set()
        answer.result(30)
        refusal = gate.result(30)
    assert isinstance(refusal, Cancelled)
    assert play.status(1) == ("stopped", "replied")
    assert broken(play.ctx) == []
