"""Many short rounds in turn, so that what the machine does meanwhile meets all that are compared alike."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from runner.serve.heap import settle_heap

ROUNDS, LEFT_OUT = 25, 2
"""Of the rounds, so many of the quickest and of the slowest do not count: a disk that stood still for a second."""


@dataclass(frozen=True, slots=True)
class Taken:
    """Seconds a round, by the clock and by the processor."""

    clock: float
    cpu: float


def in_turn(ways: Sequence[Sequence[Callable[[], object]]]) -> list[Taken]:
    """What each way took for a round: the first rounds of all, then the second of all, and so on."""
    taken: list[list[Taken]] = [[] for _ in ways]
    for of_each in zip(*ways, strict=True):
        for place, work in enumerate(of_each):
            taken[place].append(_timed(work))
    return [Taken(_middle([each.clock for each in mine]), _middle([each.cpu for each in mine])) for mine in taken]


def _timed(work: Callable[[], object]) -> Taken:
    settle_heap()  # as `serve` does; tapes are ours, and the product's collections must not walk through them
    clock, cpu = time.perf_counter(), time.process_time()
    work()
    return Taken(time.perf_counter() - clock, time.process_time() - cpu)


def _middle(values: Sequence[float]) -> float:
    """The mean without the ends. Not the median, which would not see what happens every few rounds: a checkpoint."""
    return statistics.fmean(sorted(values)[LEFT_OUT : len(values) - LEFT_OUT])
