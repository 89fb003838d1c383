"""Ticks: nobody who wakes is forgotten, nobody waits for the scheduler while sends land, and nothing spins."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from runner.serve.ticks import SHORTEST_SLEEP, Ticks

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
LONGEST = timedelta(seconds=2)


@dataclass(slots=True)
class Scene:
    """Ticks that note when they move, and a scheduler that notes when it is asked to fire."""

    due: datetime | None = None
    busy: bool = False
    on_move: Callable[[], None] = lambda: None
    takes: int = 1
    moves: int = 0
    fired: list[datetime] = field(default_factory=list)
    ticks: Ticks = field(init=False)

    def __post_init__(self) -> None:
        self.ticks = Ticks(
            self._move, lambda: self.due, lambda: self.busy, self.fired.append, lambda: NOW, longest_sleep=LONGEST
        )

    def _move(self) -> int:
        self.moves += 1
        self.on_move()
        return self.takes


def test_waking_asks_the_scheduler_to_fire_now():
    scene = Scene()
    scene.ticks.wake()
    assert (scene.fired, scene.moves) == ([NOW], 0)


def test_the_next_tick_is_planned_for_what_is_due_next():
    for due, planned in (
        (None, NOW + LONGEST),
        (NOW + timedelta(seconds=1), NOW + timedelta(seconds=1)),
        (NOW + timedelta(hours=1), NOW + LONGEST),
        (NOW - timedelta(hours=1), NOW + SHORTEST_SLEEP),
    ):
        scene = Scene(due)
        scene.ticks.run()
        assert (scene.moves, scene.fired) == (1, [planned])


def test_ticks_that_find_nothing_to_take_up_come_less_often_until_one_does():
    scene = Scene(NOW - timedelta(hours=1), takes=0)
    for _ in range(5):
        scene.ticks.run()
    assert [(planned - NOW) / SHORTEST_SLEEP for planned in scene.fired] == [1, 2, 4, 8, 8]
    scene.takes = 1
    scene.ticks.run()
    assert scene.fired[-1] == NOW + SHORTEST_SLEEP


def test_who_wakes_during_a_tick_gets_another_one_at_once():
    scene = Scene()
    scene.on_move = lambda: scene.ticks.wake() if scene.moves == 1 else None
    scene.ticks.run()
    assert scene.moves == 2
    assert NOW not in scene.fired


def test_a_tick_that_the_scheduler_fires_during_another_becomes_one_more_of_that():
    scene = Scene()
    scene.on_move = lambda: scene.ticks.run() if scene.moves == 1 else None
    scene.ticks.run()
    assert scene.moves == 2


def test_as_long_as_sends_are_under_way_their_landing_is_followed_without_the_scheduler():
    scene = Scene(busy=True)
    moved = threading.Semaphore(0)
    scene.on_move = moved.release
    run = threading.Thread(target=scene.ticks.run, daemon=True)
    run.start()
    for _ in range(3):
        assert moved.acquire(timeout=10)
        assert scene.fired == []
        scene.ticks.wake()
    scene.busy = False
    scene.ticks.wake()
    run.join(10)
    assert not run.is_alive()
    assert scene.fired == [NOW + LONGEST]


def test_after_a_tick_has_ended_waking_fires_again():
    scene = Scene()
    scene.ticks.run()
    scene.ticks.wake()
    assert scene.fired == [NOW + LONGEST, NOW]


def test_a_tick_that_fails_leaves_the_way_free_for_the_next():
    scene = Scene()

    def fail() -> None:
        raise RuntimeError("a fault of ours")

    scene.on_move = fail
    with pytest.raises(RuntimeError):
        scene.ticks.run()
    scene.on_move = lambda: None
    scene.ticks.wake()
    scene.ticks.run()
    assert (scene.moves, scene.fired) == (2, [NOW, NOW + LONGEST])
