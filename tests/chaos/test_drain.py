"""SIGTERM drains: nothing new is claimed, what is under way finishes, exit 0. A second one leaves at once."""

from __future__ import annotations

import random
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from judges import attempts_by_status, conservation, disagreements, duplicates, listed, received, sound
from lives import FAILPOINTS, At, begin, begin_cold, live_to_the_end
from sqlalchemy import func, select
from stage import Stage, open_people, sandbox_process, set_stage

from runner.serve.process import Options
from runner.store.context import Context
from runner.store.tables import claims, outreach_attempts

ONE_MAIL = "version: 1\nname: quick\nsteps:\n  - {id: intro, channel: email, template: note}\n"
WORKERS, PEOPLE, HANGING = 2, 12, 3
OPTIONS = Options(workers=WORKERS, lease=30.0, inbox_every=60.0)
DRAWN_OUT = 0.4


def _quick(number: int) -> dict[str, str]:
    return {"email": f"ok.p{number}@d{number}.example", "first_name": f"P{number}"}


def _silent(number: int) -> dict[str, str]:
    return {"email": f"silent-ok.p{number}@d{number}.example", "first_name": f"P{number}"}


@dataclass(frozen=True, slots=True)
class Halt:
    """A worker's halt at a failpoint: says that it is there, and goes on when it may."""

    folder: Path

    def __call__(self) -> None:
        (self.folder / "there").touch()
        while not (self.folder / "go").exists():
            time.sleep(0.005)

    def wait(self) -> None:
        """Wait until the worker is there."""
        _wait_until((self.folder / "there").exists)

    def release(self) -> None:
        """Let it go on."""
        (self.folder / "go").touch()


def _wait_until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def _listed(stage: Stage) -> list[str]:
    with stage.looked_at() as ctx:
        return [row["reason"] for row in listed(ctx)]


def _claimed(stage: Stage) -> int:
    with stage.looked_at() as ctx, ctx.db.read() as connection:
        return connection.execute(select(func.count()).select_from(claims)).scalar_one()


def _begun_and_given_back(ctx: Context) -> int:
    """Attempts that had passed the gate and yet are to be made: what was opened and not begun may wait."""
    begun = (outreach_attempts.c.status == "pending", outreach_attempts.c.intent_at.is_not(None))
    with ctx.db.read() as connection:
        return connection.execute(select(func.count()).select_from(outreach_attempts).where(*begun)).scalar_one()


@pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgres", marks=pytest.mark.slow)])
def test_a_sigterm_in_any_phase_finishes_what_is_under_way_and_claims_nothing_more(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    url = f"sqlite:///{tmp_path / 'chaos.db'}" if kind == "sqlite" else request.getfixturevalue("postgres_url")
    with sandbox_process(tmp_path / "ledgers") as ports:
        stage = set_stage(tmp_path, url, ports, PEOPLE, sequence=ONE_MAIL, hold="1h", person=_quick)
        for phase in FAILPOINTS:
            with stage.looked_at() as ctx:
                stage.add_people(ctx, PEOPLE)
            halt = Halt(tmp_path / phase)
            halt.folder.mkdir()
            life = begin(stage, OPTIONS, At(phase, 2, halt))
            halt.wait()
            life.send(signal.SIGTERM)
            time.sleep(DRAWN_OUT)
            before = received(stage).total()
            halt.release()
            assert life.ended(10) == 0, stage.log()
            assert received(stage).total() - before <= WORKERS, "more was sent than was under way"
            assert _claimed(stage) == 0, "a claim was left behind"
            with stage.looked_at() as ctx:
                sound(ctx)
                assert {status for _, status in attempts_by_status(ctx)} <= {"sent", "pending"}, phase
                assert _begun_and_given_back(ctx) == 0, phase
        assert live_to_the_end(stage, 60)
    assert duplicates(stage) == {}
    with stage.looked_at() as ctx:
        assert disagreements(stage, ctx) == []
        assert conservation(ctx) == {"ended": PEOPLE * (1 + len(FAILPOINTS))}


@pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgres", marks=pytest.mark.slow)])
def test_a_second_sigterm_leaves_at_once_and_the_next_start_lists_what_is_in_doubt(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    url = f"sqlite:///{tmp_path / 'chaos.db'}" if kind == "sqlite" else request.getfixturevalue("postgres_url")
    with sandbox_process(tmp_path / "ledgers") as ports:
        stage = set_stage(tmp_path, url, ports, HANGING, sequence=ONE_MAIL, hold="1h", person=_silent)
        life = begin_cold(stage)
        _wait_until(lambda: received(stage).total() == HANGING)
        life.send(signal.SIGTERM)
        assert life.ended(1.0) is None, "the first one waits for the answer to the dot"
        started = time.monotonic()
        life.send(signal.SIGTERM)
        code = life.ended(10)
        took = time.monotonic() - started
        assert code == 1, stage.log()
        assert took < 1, f"it took {took:.1f} s to leave"
        again = begin(stage)
        _wait_until(lambda: _listed(stage) == ["worker_died"] * HANGING)
        again.end(signal.SIGTERM)
        with stage.looked_at() as ctx:
            sound(ctx)
    assert duplicates(stage) == {}


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_a_hundred_drains_at_random_moments_all_end_and_leave_nothing_open(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    url = f"sqlite:///{tmp_path / 'chaos.db'}" if kind == "sqlite" else request.getfixturevalue("postgres_url")
    draw, people, slowest = random.Random(100), PEOPLE, 0.0
    with sandbox_process(tmp_path / "ledgers") as ports:
        stage = set_stage(tmp_path, url, ports, PEOPLE, sequence=ONE_MAIL, hold="1h", person=_quick)
        for number in range(100):
            life = begin(stage, OPTIONS)
            _wait_until(lambda number=number: stage.log_count("serve.ready") > number)
            time.sleep(draw.uniform(0, 0.4))
            started = time.monotonic()
            life.send(signal.SIGTERM)
            assert life.ended(20) == 0, stage.log()
            slowest = max(slowest, time.monotonic() - started)
            assert _claimed(stage) == 0
            with stage.looked_at() as ctx:
                sound(ctx)
                if open_people(ctx) < PEOPLE:
                    stage.add_people(ctx, PEOPLE)
                    people += PEOPLE
        assert live_to_the_end(stage, 60)
    assert duplicates(stage) == {}
    with stage.looked_at() as ctx:
        assert listed(ctx) == []
        assert received(stage).total() == people
    sys.stdout.write(f"\n{kind}: 100 drains, {people} people, the slowest took {slowest:.2f} s\n")
