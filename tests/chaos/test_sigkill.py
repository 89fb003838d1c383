"""`serve` killed at random and at chosen moments and started again: nobody gets a step twice, nobody is lost."""

from __future__ import annotations

import json
import random
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from judges import (
    attempts_by_status,
    disagreements,
    doubtful_mail,
    duplicates,
    filed_mail,
    listed,
    settle_by_evidence,
    sound,
)
from lives import FAILPOINTS, At, begin, begin_cold, die, live_to_the_end
from sqlalchemy import select
from stage import Stage, open_people, sandbox_process, set_stage

from runner.store.operations import resume_rows
from runner.store.tables import enrollments

CHECK_EVERY, REFILL = 10, 60
AIMED, COLD = 0.5, 0.05
AIMS = (*FAILPOINTS, "intent", "fired", "intent", "intent")
"""Above all between the intent and the irrevocable byte."""
PATIENCE = 1.5
"""Seconds after which a life that was to die at a failpoint is killed where it stands."""


@dataclass(slots=True)
class Deaths:
    """Kills one life after another, and keeps everybody supplied: `how` counts the ways of dying.

    With fewer than `crowd` people on the way new ones enter, so that every life finds work.
    """

    stage: Stage
    seed: int
    people: int
    crowd: int
    how: Counter[str] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)
    resumed: int = 0

    def run(self, kills: int) -> None:
        """The lives and deaths, with a look at the database every few of them."""
        draw = random.Random(self.seed)
        for number in range(kills):
            started = time.monotonic()
            self.how[self._one(draw, number)] += 1
            self.seconds.append(time.monotonic() - started)
            if number % CHECK_EVERY == 0:
                self.look()

    def look(self) -> None:
        """Check what must hold at any time; let parked people go on; bring new ones when few are left."""
        with self.stage.looked_at() as ctx:
            sound(ctx)
            self.resumed += resume_parked(self.stage)
            if open_people(ctx) < self.crowd:
                self.stage.add_people(ctx, REFILL)
                self.people += REFILL

    def _one(self, draw: random.Random, number: int) -> str:
        if draw.random() < COLD:
            _kill_after(begin_cold(self.stage), draw, 0.5, 2.5)
            return "cold"
        if draw.random() < AIMED:
            name = AIMS[number % len(AIMS)]
            life = begin(self.stage, at=At(name, draw.randint(1, 4), die))
            if life.ended(PATIENCE) is not None:
                return name
            life.end()
            return "not reached"
        _kill_after(begin(self.stage), draw, 0.02, 0.6)
        return "random"


def _kill_after(life, draw, least, most) -> None:
    time.sleep(draw.uniform(least, most))  # the moment of death is the point: real processes on the real clock
    life.end()


def resume_parked(stage: Stage) -> int:
    """A step whose process died three times is parked; an operator looks, finds our kills, and lets it go on."""
    with stage.looked_at() as ctx, ctx.db.write() as connection:
        parked = connection.execute(select(enrollments.c.id).where(enrollments.c.status == "paused")).scalars().all()
        return resume_rows(connection, parked, ctx.now())


def play(folder: Path, url: str, kills: int, people: int, seed: int, crowd: int = 0) -> dict[str, object]:
    """The whole play and its judgement. Returns the figures."""
    with sandbox_process(folder / "ledgers") as ports:
        stage = set_stage(folder, url, ports, people)
        deaths = Deaths(stage, seed, people, crowd)
        deaths.run(kills)
        finished = live_to_the_end(stage, 120)
        while finished and (more := resume_parked(stage)):
            deaths.resumed += more
            finished = live_to_the_end(stage, 120)
        assert finished, stage.log()
        with stage.looked_at() as ctx:
            doubtful = len(listed(ctx))
        settled = settle_by_evidence(stage)
    with stage.looked_at() as ctx:
        assert duplicates(stage) == {}
        assert disagreements(stage, ctx) == []
        assert sound(ctx) == {"ended": deaths.people}
        states = attempts_by_status(ctx)
        assert not {status for _, status in states} & {"sending", "claimed", "pending"}, states
        left = len(listed(ctx))
        assert not doubtful_mail(ctx) & filed_mail(stage), "what Sent holds is no longer in doubt"
    assert settled == doubtful - left
    return {
        "kills": kills, "how": dict(deaths.how), "people": deaths.people, "parked_and_resumed": deaths.resumed,
        "seconds_a_life": round(sum(deaths.seconds) / kills, 3), "unknown": doubtful, "settled_by_evidence": settled,
        "still_listed": left, "attempts": {" ".join(key): count for key, count in sorted(states.items())},
    }  # fmt: skip


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_serve_killed_a_few_times_sends_nothing_twice_and_loses_nobody(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    url = f"sqlite:///{tmp_path / 'chaos.db'}" if kind == "sqlite" else request.getfixturevalue("postgres_url")
    play(tmp_path, url, kills=6, people=8, seed=1)


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_serve_killed_a_thousand_times_sends_nothing_twice_and_loses_nobody(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    url = f"sqlite:///{tmp_path / 'chaos.db'}" if kind == "sqlite" else request.getfixturevalue("postgres_url")
    figures = play(tmp_path, url, kills=1000, people=60, seed=1000, crowd=40)
    sys.stdout.write(f"\n{kind}: {json.dumps(figures)}\n")
    assert figures["how"]["intent"] >= 150
    assert figures["how"]["cold"] >= 30
