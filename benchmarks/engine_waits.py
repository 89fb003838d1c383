"""Waits and conditions advanced in batches, against the bare driver doing the same statements.

    python benchmarks/engine_waits.py [PEOPLE] [STEPS] [--url POSTGRES_URL]

`PEOPLE` are enrolled, `STEPS` of them are due in each of five rounds; product and floor take turns, each on a database
of its own that began as the same. A step is one enrollment taken, decided on and moved on. SQLite runs with
synchronous=FULL. The goal is 40 % of the bare driver on SQLite with 100,000 people; exit code 1 below it.
"""

from __future__ import annotations

import argparse
import gc
import shutil
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))

from engine.replay import Tape, play, recording
from engine.stage import context, due_by, fill

from runner.store.ticking import advance_due

BATCH = 500
ROUNDS = 5
GOAL = 0.40


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Seconds by the clock, and of this process's processor."""
    gc.collect()
    started = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - started[0], time.process_time() - started[1]


def rounds_of(url: str, steps: int) -> list[Callable[[], None]]:
    """One piece of work a round, over the product."""
    ctx, lane, clock = context(url)

    def one(number: int) -> Callable[[], None]:
        def run() -> None:
            clock.jump_to(due_by(number * steps))
            taken = 0
            while ticked := advance_due(ctx, lane, BATCH).taken:
                taken += ticked
            assert taken == steps, taken

        return run

    return [one(number) for number in range(1, ROUNDS + 1)]


def tapes_of(url: str, steps: int) -> list[Tape]:
    """What the product asks of the driver in each round."""
    ctx, lane, clock = context(url)
    tapes = []
    for number in range(1, ROUNDS + 1):
        clock.jump_to(due_by(number * steps))
        with recording(ctx.db) as tape:
            while advance_due(ctx, lane, BATCH).taken:
                pass
        tapes.append(tape)
    ctx.db.close()
    return tapes


def sqlite_floor(path: Path) -> Any:
    connection = sqlite3.connect(path, isolation_level=None)
    for pragma in ("busy_timeout=30000", "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")
    return connection


def measure(people: int, steps: int, *, scattered: bool) -> tuple[float, float, float, int]:
    """Microseconds a step of floor and product by the clock, the ratio by the processor, and calls a batch."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        first = folder / "recorded.db"
        fill(f"sqlite:///{first}", people, scattered=scattered)
        for copy in ("floor.db", "ours.db"):
            shutil.copy(first, folder / copy)
        tapes = tapes_of(f"sqlite:///{first}", steps)
        floor = sqlite_floor(folder / "floor.db")
        taken: dict[str, list[tuple[float, float]]] = {"floor": [], "ours": []}
        for tape, ours in zip(tapes, rounds_of(f"sqlite:///{folder / 'ours.db'}", steps), strict=True):
            taken["floor"].append(timed(lambda tape=tape: play(tape, floor)))
            taken["ours"].append(timed(ours))
        return report(taken, steps, tapes)


Taken = dict[str, list[tuple[float, float]]]


def report(taken: Taken, steps: int, tapes: list[Tape]) -> tuple[float, float, float, int]:
    clock = {name: statistics.median(pair[0] for pair in pairs) / steps * 1e6 for name, pairs in taken.items()}
    cpu = {name: statistics.median(pair[1] for pair in pairs) for name, pairs in taken.items()}
    calls = sum(tape.statements for tape in tapes) * BATCH // (steps * len(tapes))
    return clock["floor"], clock["ours"], cpu["floor"] / cpu["ours"], calls


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("people", nargs="?", type=int, default=100_000)
    parser.add_argument("steps", nargs="?", type=int, default=5_000)
    parser.add_argument("--in-order", action="store_true", help="people are due in the order in which they entered")
    given = parser.parse_args()
    floor, ours, cpu, calls = measure(given.people, given.steps, scattered=not given.in_order)
    sys.stdout.write(
        f"people {given.people:,}  floor {floor:.1f} us a step ({1e6 / floor:,.0f}/s)  runner {ours:.1f} us "
        f"({1e6 / ours:,.0f}/s)  ratio {floor / ours:.2f} by the clock, {cpu:.2f} by the processor  goal {GOAL}  "
        f"{calls} calls of the driver a batch of {BATCH}\n"
    )
    return 0 if max(floor / ours, cpu) >= GOAL else 1


if __name__ == "__main__":
    sys.exit(main())
