"""Waits and conditions advanced in batches by the product, and by the bare driver doing the same statements."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from engine.databases import Fresh, driver
from engine.replay import Tape, play, recording
from engine.stage import context, due_by, fill
from runner.store.ticking import advance_due

BATCH, ROUNDS = 500, 5


@dataclass(frozen=True, slots=True)
class Measured:
    """Microseconds a step by the clock, seconds a round by the processor, and calls of the driver a batch."""

    floor: float
    ours: float
    floor_cpu: float
    ours_cpu: float
    calls: int

    @property
    def ratio(self) -> float:
        """How much of the bare driver's pace is left."""
        return self.floor / self.ours


def measure(fresh: Fresh, people: int, steps: int, *, scattered: bool) -> Measured:
    """Product and floor in turn, each on a database of its own that began as the same."""
    urls = [fresh(f"{name}_{people}") for name in ("recorded", "floor", "ours")]
    for url in urls:
        fill(url, people, scattered=scattered)
    tapes, floor = _tapes(urls[0], steps), driver(urls[1])
    rounds = _rounds(urls[2], steps)
    taken: dict[str, list[tuple[float, float]]] = {"floor": [], "ours": []}
    for tape, ours in zip(tapes, rounds, strict=True):
        taken["floor"].append(_timed(partial(play, tape, floor)))
        taken["ours"].append(_timed(ours))
    floor.close()
    clock = {name: statistics.median(pair[0] for pair in pairs) / steps * 1e6 for name, pairs in taken.items()}
    cpu = {name: statistics.median(pair[1] for pair in pairs) for name, pairs in taken.items()}
    calls = sum(tape.statements for tape in tapes) * BATCH // (steps * len(tapes))
    return Measured(clock["floor"], clock["ours"], cpu["floor"], cpu["ours"], calls)


def _timed(work: Callable[[], object]) -> tuple[float, float]:
    gc.collect()
    gc.freeze()  # the tapes are ours, not the product's: its collections must not walk through them
    started = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - started[0], time.process_time() - started[1]


def _rounds(url: str, steps: int) -> list[Callable[[], None]]:
    ctx, lane, clock = context(url)

    def one(number: int) -> None:
        clock.jump_to(due_by(number * steps))
        taken = 0
        while ticked := advance_due(ctx, lane, BATCH).taken:
            taken += ticked
        assert taken == steps, taken

    return [partial(one, number) for number in range(1, ROUNDS + 1)]


def _tapes(url: str, steps: int) -> list[Tape]:
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
