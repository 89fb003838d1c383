"""How free workers are shared out among the lanes that have something due: a pure decision.

* A channel with nothing under way always finds a worker: the others leave one for it. Slow sends hold up nobody else.
* One account has at most `per_account` sends under way, over all its campaigns.
* The higher priority goes first. A lane that was passed over PATIENCE times in a row goes before everybody once, so
  that of four places it wants it gets one.
* Equals take turns, those whose account has the least under way first.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from itertools import groupby

from runner.store.lanes import Lane

PATIENCE = 3


@dataclass(frozen=True, slots=True)
class Waiting:
    """A lane with something due. `passed`: how often others got a worker since something of it was last acted on."""

    lane: Lane
    priority: int = 0
    passed: int = 0

    @property
    def rank(self) -> tuple[bool, int]:
        """Lanes of the same rank are equals; the smaller goes first."""
        return self.passed < PATIENCE, -self.priority


def share_out(
    waiting: Sequence[Waiting], flying: Mapping[Lane, int], channels: AbstractSet[str], *, workers: int,
    per_account: int,
) -> dict[Lane, int]:  # fmt: skip
    """How many sends each lane may begin now, in the order in which to begin; a lane that gets none is left out.

    `flying` is what is under way, `channels` are those in use. Never more in all than workers are free, so that
    whatever is claimed is begun at once and no lease runs out in a queue.
    """
    room = _Room(flying, channels, workers, per_account)
    given: dict[Lane, int] = {}
    ranked = sorted(waiting, key=lambda each: (*each.rank, room.accounts[each.lane.account], -each.passed))
    for _, group in groupby(ranked, key=lambda each: each.rank):
        for lane in _in_turns([each.lane for each in group], room):
            given[lane] = given.get(lane, 0) + 1
    return given


def _in_turns(equals: Sequence[Lane], room: _Room) -> Iterator[Lane]:
    taking = list(equals)
    while taking:
        taking = [lane for lane in taking if room.takes(lane)]
        yield from taking


class _Room:
    """The workers as they are given away."""

    def __init__(self, flying: Mapping[Lane, int], channels: AbstractSet[str], workers: int, per_account: int) -> None:
        self.accounts: Counter[str] = Counter()
        self._busy: Counter[str] = Counter()
        for lane, count in flying.items():
            self.accounts[lane.account] += count
            self._busy[lane.channel] += count
        self._free = workers - self._busy.total()
        self._per_account = per_account
        self._channels = channels

    def takes(self, lane: Lane) -> bool:
        """Give the lane one worker, if it may have one."""
        idle = sum(1 for channel in self._channels if not self._busy[channel] and channel != lane.channel)
        kept = idle if self._busy[lane.channel] else 0
        if self._free <= kept or self.accounts[lane.account] >= self._per_account:
            return False
        self._free -= 1
        self._busy[lane.channel] += 1
        self.accounts[lane.account] += 1
        return True
