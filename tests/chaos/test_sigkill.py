"""`serve` killed at random moments and started again: nobody gets a step twice, nobody is lost."""

from __future__ import annotations

from pathlib import Path

import pytest
from lives import Stage, duplicates, live_to_the_end, lives, sandbox_process, set_stage
from sqlalchemy import func, select

from runner.clocks import SystemClock
from runner.store.database import open_database
from runner.store.operations import resume_rows
from runner.store.tables import enrollments, outreach_attempts


def _play(folder: Path, url: str, kills: int, people: int, seed: int) -> Stage:
    ledgers = folder / "ledgers"
    with sandbox_process(ledgers) as ports:
        stage = set_stage(folder, url, ports, ledgers, people)
        lives(stage, kills, seed)
        finished = live_to_the_end(stage, 90)
        while finished and _resume_parked(stage):
            finished = live_to_the_end(stage, 90)
    log = (ledgers / "serve.log").read_text()[-3000:]
    assert finished, log
    return stage


def _resume_parked(stage: Stage) -> int:
    """A step whose process died three times is parked; an operator looks, finds our kills, and lets it go on."""
    db = open_database(stage.url)
    with db.write() as connection:
        parked = connection.execute(select(enrollments.c.id).where(enrollments.c.status == "paused")).scalars().all()
        resumed = resume_rows(connection, parked, SystemClock().now())
    db.close()
    return resumed


def _assert_once_each_and_nobody_lost(stage: Stage, people: int) -> None:
    assert duplicates(stage) == []
    db = open_database(stage.url)
    with db.read() as connection:
        total = connection.execute(select(func.count()).select_from(enrollments)).scalar_one()
        ended = select(func.count()).select_from(enrollments).where(enrollments.c.ended_at.is_not(None))
        assert (total, connection.execute(ended).scalar_one()) == (people, people)
        doubtful = outreach_attempts.c.status.in_(("sending", "claimed"))
        assert connection.execute(select(outreach_attempts.c.id).where(doubtful)).all() == []
    db.close()


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_serve_killed_a_few_times_sends_nothing_twice_and_loses_nobody(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    url = f"sqlite:///{tmp_path / 'chaos.db'}" if kind == "sqlite" else request.getfixturevalue("postgres_url")
    _assert_once_each_and_nobody_lost(_play(tmp_path, url, kills=6, people=18, seed=1), 18)


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_serve_killed_at_fifty_random_moments_sends_nothing_twice_and_loses_nobody(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    url = f"sqlite:///{tmp_path / 'chaos.db'}" if kind == "sqlite" else request.getfixturevalue("postgres_url")
    _assert_once_each_and_nobody_lost(_play(tmp_path, url, kills=50, people=90, seed=50), 90)
