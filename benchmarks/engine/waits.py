"""Waits and conditions advanced in batches by the product, and by the bare driver doing the same statements."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from engine.databases import Fresh, driver
from engine.replay import Tape, play, recording
from engine.stage import context, due_by, fill
from engine.turns import ROUNDS, Taken, in_turn
from runner.store.ticking import advance_due

BATCH = 500


@dataclass(frozen=True, slots=True)
class Measured:
    """What a round took the floor and the product, the steps of a round, and calls of the driver a batch."""

    of_floor: Taken
    of_ours: Taken
    steps: int
    calls: int

    @property
    def floor(self) -> float:
        """Microseconds that a step took the floor, by the clock."""
        return self.of_floor.clock / self.steps * 1e6

    @property
    def ours(self) -> float:
        """Microseconds that a step took the product, by the clock."""
        return self.of_ours.clock / self.steps * 1e6

    @property
    def ratio(self) -> float:
        """How much of the bare driver's pace is left."""
        return self.floor / self.ours

    @property
    def cpu_ratio(self) -> float:
        """The same by what the processor did."""
        return self.of_floor.cpu / self.of_ours.cpu


def measure(fresh: Fresh, sizes: Sequence[int], steps: int, *, scattered: bool) -> list[Measured]:
    """Product and floor on databases of so many people each, all in turn, each on one of its own."""
    ways: list[Sequence[Callable[[], object]]] = []
    calls, close = [], []
    for people in sizes:
        urls = [fresh(f"{name}_{people}") for name in ("recorded", "floor", "ours")]
        for url in urls:
            fill(url, people, scattered=scattered)
        tapes, raw = _tapes(urls[0], steps), driver(urls[1])
        ways += [[partial(play, tape, raw) for tape in tapes], _rounds(urls[2], steps)]
        calls.append(sum(tape.statements for tape in tapes) * BATCH // (steps * len(tapes)))
        close.append(raw.close)
    taken = in_turn(ways)
    for end in close:
        end()
    return [Measured(*taken[2 * at : 2 * at + 2], steps, calls[at]) for at in range(len(sizes))]


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
