"""What `serve` says of a database that is away, and that it can be stopped whatever its jobs are at."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from serving import serving
from structlog.testing import capture_logs

from runner.errors import DatabaseUnavailable
from runner.serve.dispatch import Dispatcher
from runner.serve.trouble import LONGEST_PAUSE, DatabaseTrouble

GONE = DatabaseUnavailable("connection refused", help="start it")
FULL = DatabaseUnavailable("disk full", help="make space")


def _fail() -> None:
    raise GONE


class _Watch:
    """A watch that a test moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_trouble_is_told_once_then_every_minute_and_at_its_end() -> None:
    watch = _Watch()
    trouble = DatabaseTrouble(watch)
    with capture_logs() as log:
        for _ in range(130):
            trouble.failed(GONE)
            assert not trouble.retry(_fail)
            watch.now += 1
        assert trouble.retry(lambda: None)
    assert [entry["event"] for entry in log] == [
        "database.unavailable", "database.still_unavailable", "database.still_unavailable", "database.recovered",
    ]  # fmt: skip
    assert log[0]["help"] == "start it"
    assert log[-1]["seconds"] == 130
    assert not trouble.stands


def test_another_cause_that_wants_another_remedy_is_told_at_once() -> None:
    trouble = DatabaseTrouble(_Watch())
    with capture_logs() as log:
        for error in (GONE, FULL, GONE, FULL):
            trouble.failed(error)
    assert [entry["help"] for entry in log] == ["start it", "make space"]


def test_a_database_that_comes_and_goes_is_tried_less_often() -> None:
    watch = _Watch()
    trouble = DatabaseTrouble(watch)
    waits = []
    for _ in range(6):
        trouble.failed(GONE)
        began = watch.now
        while not trouble.retry(lambda: None):
            watch.now += 0.25
        waits.append(watch.now - began)
    assert waits == sorted(waits)
    assert waits[0] < 1
    assert waits[-1] == LONGEST_PAUSE


def test_stopping_waits_for_a_job_and_is_not_waited_for_by_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inside, go_on = threading.Event(), threading.Event()

    def slow(self: Dispatcher) -> int:
        inside.set()
        go_on.wait(10)
        return 0

    monkeypatch.setattr(Dispatcher, "tick", slow)
    with serving(f"sqlite:///{tmp_path / 'runner.db'}", 1) as run:
        assert inside.wait(10)
        stopper = threading.Thread(target=run.service.stop)
        stopper.start()
        run.wait(lambda: not run.service.is_running(), 10)
        go_on.set()
        stopper.join(10)
        assert not stopper.is_alive()
