"""A `serve` that is stopped for longer than its lease: another takes over, and the woken one is fenced off."""

from __future__ import annotations

import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

import pytest
from judges import disagreements, duplicates, sound
from lives import At, begin, freeze, live_to_the_end
from stage import Stage, open_people, sandbox_process, set_stage
from witness import Asked, asked, witnessed

from runner.serve import process
from runner.serve.app import App
from runner.serve.process import Options
from runner.store.writing import OneWriter

ONE_MAIL = "version: 1\nname: quick\nsteps:\n  - {id: intro, channel: email, template: note}\n"
LEASE, STOPPED = 0.6, 1.3
OPTIONS = Options(workers=2, lease=LEASE, inbox_every=60.0)
KINDS = ("prepared", "random", "prepared", "intent")
CROWD = 12


def _person(number: int) -> dict[str, str]:
    return {"email": f"ok.p{number}@d{number}.example", "first_name": f"P{number}"}


@contextmanager
def _unlocked(_app: App) -> Iterator[None]:
    yield


def _stop_one(stage: Stage, path: Path, kind: str, draw: random.Random) -> int:
    """Stop one `serve` for longer than its lease while another works, wake it, and end both. Returns its pid."""

    apps: list[App] = []

    def wire(app: App) -> App:
        process.claim_machine = _unlocked  # on SQLite too the fence alone has to hold
        apps.append(app)
        return witnessed(path)(app)

    def freeze_between_writes() -> None:
        writers = apps[-1].ctx.db._writers
        with writers._turn if isinstance(writers, OneWriter) else nullcontext():
            freeze()  # on SQLite, stopped within another thread's transaction, it would hold everybody up

    at = None if kind == "random" else At(kind, draw.randint(1, 3), freeze_between_writes)
    sleeper = begin(stage, OPTIONS, at, wire)
    if kind == "random":
        time.sleep(draw.uniform(0.1, 0.5))
        sleeper.send(signal.SIGSTOP)
    assert sleeper.stopped(20), stage.log()
    rival = begin(stage, OPTIONS, wire=wire)
    time.sleep(STOPPED)
    _until(lambda: any(each.pid == rival.pid and each.said == "permit" for each in asked(path)))
    sleeper.send(signal.SIGCONT)
    time.sleep(0.4)
    if kind == "prepared":
        _until(lambda: any(each.pid == sleeper.pid and each.said == "claim_lost" for each in asked(path)))
    sleeper.end()
    rival.end()
    return sleeper.pid


def _until(holds: Callable[[], bool], seconds: float = 5.0) -> None:
    """Give a busy machine the time it needs; what did not happen by then is judged as it is."""
    deadline = time.monotonic() + seconds
    while not holds() and time.monotonic() < deadline:
        time.sleep(0.05)


def _play(folder: Path, url: str, stops: int, seed: int) -> Counter[str]:
    path, draw, counts = folder / "gate", random.Random(seed), Counter[str]()
    with sandbox_process(folder / "ledgers") as ports:
        stage = set_stage(folder, url, ports, CROWD, sequence=ONE_MAIL, hold="1s", person=_person)
        for number in range(stops):
            kind = KINDS[number % len(KINDS)]
            before = len(asked(path))
            pid = _stop_one(stage, path, kind, draw)
            counts.update(_fared(asked(path)[before:], pid, kind))
            with stage.looked_at() as ctx:
                sound(ctx)
                if open_people(ctx) < CROWD:
                    stage.add_people(ctx, CROWD * 2)
        assert live_to_the_end(stage, 60), stage.log()
    permits = Counter(each.key for each in asked(path) if each.said == "permit")
    assert max(permits.values()) == 1, "a message was let out by two processes"
    assert duplicates(stage) == {}
    with stage.looked_at() as ctx:
        assert disagreements(stage, ctx) == []
    return counts


def _fared(questions: list[Asked], sleeper: int, kind: str) -> Iterator[str]:
    """How the woken process fared with the gate, and whether the other one did its work meanwhile."""
    fenced = {each.key for each in questions if each.pid == sleeper and each.said == "claim_lost"}
    taken = {each.key for each in questions if each.pid != sleeper and each.said == "permit"}
    yield f"stopped: {kind}"
    for key in fenced:
        yield "refused to the woken, sent by the other" if key in taken else "refused to the woken, not sent yet"


@pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgres", marks=pytest.mark.slow)])
def test_a_worker_stopped_for_longer_than_its_lease_is_fenced_off_when_it_wakes(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    url = f"sqlite:///{tmp_path / 'chaos.db'}" if kind == "sqlite" else request.getfixturevalue("postgres_url")
    counts = _play(tmp_path, url, 1, seed=1)
    assert counts["refused to the woken, sent by the other"] >= 1


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_fifty_stops_longer_than_the_lease_send_nothing_twice(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    url = f"sqlite:///{tmp_path / 'chaos.db'}" if kind == "sqlite" else request.getfixturevalue("postgres_url")
    counts = _play(tmp_path, url, 50, seed=50)
    sys.stdout.write(f"\n{kind}: {dict(sorted(counts.items()))}\n")
    assert counts["refused to the woken, sent by the other"] >= 25
