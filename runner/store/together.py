"""What comes at the same moment goes in one transaction: group commit, with the statements shared as well.

A durable commit waits for the disk, and SQLite has one writer at a time. So whoever finds no transaction under way
begins one, for all that was brought until then; what is brought meanwhile waits for the next. Nobody returns before
the commit of its own part, so what a caller may believe is the same as with a transaction of its own (DeWitt et al.,
Implementation Techniques for Main Memory Database Systems, 1984).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, TypeVar

from sqlalchemy import Connection

from runner.errors import DatabaseUnavailable

C = TypeVar("C")
A = TypeVar("A")
B = TypeVar("B")

Act = Callable[[Connection, C, Sequence[A], bool], Mapping[int, B]]
"""What is done for the items of several, inside a transaction: the results, by the places of the items.

The last argument is whether an item is there `alone`. Otherwise the act waits for nobody's row, and leaves out of its
results whom it cannot take along: that one is done alone afterwards, by its own thread, where it may wait.
"""
MOMENT = 0.004
"""Seconds that a transaction waits at most for those who are on the way: a commit for each costs more than that."""


@dataclass(eq=False, slots=True)
class _Part:
    """What one thread brought, and what came of it. `woken` is let go when it is done, or when it is to lead."""

    act: Act[Any, Any, Any]
    context: object
    item: object
    woken: threading.Lock = field(default_factory=threading.Lock)
    leads: bool = False
    left_out: bool = False
    result: Any = None
    error: BaseException | None = None


class Together:
    """Brings the parts of several threads into one transaction after the other. Safe between threads."""

    def __init__(self, write: Callable[[], AbstractContextManager[Connection]]) -> None:
        self._write = write
        self._lock = threading.Lock()
        self._under_way = False
        self._next: list[_Part] = []
        self._on_the_way = 0
        self._gathering: threading.Lock | None = None

    def set_out(self) -> None:
        """From now on this thread brings one part after the other: a transaction waits for it a moment."""
        with self._lock:
            self._on_the_way += 1

    def arrive(self) -> None:
        """This thread brings no more."""
        with self._lock:
            self._on_the_way -= 1
            self._look()

    def do(self, act: Act[C, A, B], context: C, item: A) -> B:
        """What `act` gives for `item`, durably; others who bring the same act and context are taken along.

        Raises what `act` raises for this item alone, and DatabaseUnavailable for everybody in the transaction.
        """
        mine = _Part(act, context, item)
        if self._leads(mine):
            self._gather()
            self._perform(self._taken(mine))
        if mine.error is not None:
            raise mine.error
        result: B = self._alone(mine) if mine.left_out else mine.result
        return result

    def _alone(self, part: _Part) -> Any:
        with self._write() as connection:
            return part.act(connection, part.context, [part.item], True)[0]

    def _leads(self, mine: _Part) -> bool:
        """Whether to perform what was brought, at once or after having waited; else others did it meanwhile."""
        with self._lock:
            if not self._under_way:
                self._under_way = True
                return True
            mine.woken.acquire()
            self._next.append(mine)
            self._look()
        mine.woken.acquire()
        return mine.leads

    def _look(self) -> None:
        """Let the leader go on when everybody is there. The lock is held."""
        if self._gathering is not None and len(self._next) >= self._on_the_way - 1:
            self._gathering.release()
            self._gathering = None

    def _gather(self) -> None:
        """Wait until everybody is there who is on the way, but not for long."""
        with self._lock:
            if len(self._next) >= self._on_the_way - 1:
                return
            gathering = self._gathering = threading.Lock()
            gathering.acquire()
        gathering.acquire(timeout=MOMENT)
        with self._lock:
            self._gathering = None

    def _taken(self, mine: _Part) -> list[_Part]:
        with self._lock:
            taken, self._next = self._next, []
        return taken if mine.leads else [mine, *taken]

    def _perform(self, parts: list[_Part]) -> None:
        try:
            self._all_or_none(parts)
        except BaseException as error:
            for part in parts:
                part.error = part.error or error
            raise
        finally:
            self._hand_on(parts)

    def _hand_on(self, done: list[_Part]) -> None:
        with self._lock:
            following = self._next[0] if self._next else None
            self._under_way = following is not None
        if following is not None:
            following.leads = True
            following.woken.release()
        for part in done:
            if part.woken.locked() and not part.leads:
                part.woken.release()

    def _all_or_none(self, parts: list[_Part]) -> None:
        """All in one transaction; when one of them fails by a fault that need not be the others', each is left out."""
        try:
            with self._write() as connection:
                _run(connection, parts)
        except DatabaseUnavailable as error:
            for part in parts:
                part.error = DatabaseUnavailable(str(error), help=error.help)  # one each: threads raise them
                part.error.__cause__ = error
        except Exception as error:  # noqa: BLE001 - raised by whoever brought what fails
            for part in parts:
                part.left_out = len(parts) > 1
                part.error = None if part.left_out else error


class OnTheWay:
    """While it lasts, a thread brings one part after the other to some lines."""

    __slots__ = ("_lines",)

    def __init__(self, lines: Iterable[Together]) -> None:
        self._lines = tuple(lines)

    def __enter__(self) -> None:
        for line in self._lines:
            line.set_out()

    def __exit__(self, *_error: object) -> None:
        for line in self._lines:
            line.arrive()


def _run(connection: Connection, parts: Sequence[_Part]) -> None:
    for alike in _alike(parts):
        first = alike[0]
        results = first.act(connection, first.context, [part.item for part in alike], False)
        for place, part in enumerate(alike):
            part.left_out = place not in results
            part.result = results.get(place)


def _alike(parts: Sequence[_Part]) -> Iterable[list[_Part]]:
    """Parts with the same act and context, which are done with the same statements; in the order of the first ones."""
    groups: dict[tuple[int, int], list[_Part]] = {}
    for part in parts:
        groups.setdefault((id(part.act), id(part.context)), []).append(part)
    return groups.values()
