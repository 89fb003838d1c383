"""`serve` killed just when LinkedIn or a web site has received something: nobody gets an invitation or a form twice."""

from __future__ import annotations

import random
import signal
import sys
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from judges import attempts_by_status, disagreements, duplicates, listed, settle_by_evidence, sound
from lives import begin, end_on_receipt
from stage import Stage, sandbox_process, set_stage

STEPS = (
    "version: 1\nname: quick\nsteps:\n  - {{id: reach, channel: {}, template: note}}\n  - {{id: later, wait: 30d}}\n"
)
SITES = ("slow", "plain", "csrf", "thanks")


@dataclass(frozen=True, slots=True)
class Reach:
    """A way to reach people: the step, the ledger that judges, and who they are."""

    step: str
    ledger: str
    person: Callable[[int], Mapping[str, str]]


def _connection(number: int) -> Mapping[str, str]:
    profile = "already" if number % 2 else "accepts-now"
    return {"first_name": f"P{number}", "linkedin_url": f"https://www.linkedin.com/in/{profile}-p{number}"}


def _site(number: int) -> Mapping[str, str]:
    site = f"{SITES[number % len(SITES)]}.p{number}.sites.example"
    return {"first_name": f"P{number}", "contact_form_url": f"http://{site}/contact"}


REACHES = {
    "linkedin": Reach("linkedin, timeout: 1h", "linkedin", _connection),
    "contact_form": Reach("contact_form", "sites", _site),
}


def _play(folder: Path, reach: Reach, kills: int) -> Counter[str]:
    chance = random.Random(20261122)
    with sandbox_process(folder / "ledgers") as ports:
        stage = set_stage(
            folder, f"sqlite:///{folder / 'chaos.db'}", ports, kills * 5,
            sequence=STEPS.format(reach.step), hold="1h", person=reach.person,
        )  # fmt: skip
        for _ in range(kills):
            after = chance.choice((0.0, 0.0, 0.0, chance.uniform(0, 0.02), chance.uniform(0, 0.2)))
            end_on_receipt(stage, reach.ledger, after=after)
        life = begin(stage)
        assert life.ended(3) is None, "time to do again what must not be done again"
        life.end(signal.SIGTERM)
        counts = Counter({"unknown": _look(stage)})
        counts["settled by evidence"] = settle_by_evidence(stage)
    with stage.looked_at() as ctx:
        assert disagreements(stage, ctx) == []
        counts.update({" ".join(key): count for key, count in attempts_by_status(ctx).items()})
    return counts


def _look(stage: Stage) -> int:
    assert duplicates(stage) == {}
    with stage.looked_at() as ctx:
        sound(ctx)
        assert disagreements(stage, ctx) == []
        return len(listed(ctx))


@pytest.mark.parametrize("name", REACHES)
def test_a_few_kills_on_receipt_send_nothing_twice(name: str, tmp_path: Path) -> None:
    counts = _play(tmp_path, REACHES[name], 4)
    assert counts["unknown"] >= 1, "the kills missed the sends"


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("name", REACHES)
def test_a_hundred_kills_on_receipt_send_nothing_twice(name: str, tmp_path: Path) -> None:
    counts = _play(tmp_path, REACHES[name], 100)
    sys.stdout.write(f"\n100 kills on receipt, {name}: {dict(sorted(counts.items()))}\n")
    assert counts["unknown"] >= 25, "the kills missed the sends"
