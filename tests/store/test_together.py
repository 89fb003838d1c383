"""What threads bring at the same moment: one commit, nobody back before it, and each with its own fault."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest
from sqlalchemy import Connection, event, insert, select

from runner.errors import DatabaseUnavailable
from runner.store.database import Database, open_database
from runner.store.tables import meta
from runner.store.together import Act
from runner.testing import make_tables


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    opened = open_database(f"sqlite:///{tmp_path / 'together.db'}", create=True)
    make_tables(opened)
    yield opened
    opened.close()


def note(connection: Connection, context: str, names: Sequence[str], alone: bool) -> dict[int, str]:
    """Write a row for each name; what is called `broken` fails, and `shy` is only written alone."""
    taken = {place: name for place, name in enumerate(names) if name != "shy" or alone}
    for name in taken.values():
        connection.execute(insert(meta).values(name=name, value=context))
        if name == "broken":
            raise ValueError(name)
    return {place: f"{name} of {len(names)}" for place, name in taken.items()}


def slowly() -> tuple[Act[str, str, str], threading.Event, threading.Event]:
    """An act that says when it has begun, and waits to be let go on."""
    begun, go_on = threading.Event(), threading.Event()

    def act(connection: Connection, context: str, names: Sequence[str], alone: bool) -> dict[int, str]:
        begun.set()
        assert go_on.wait(30)
        return note(connection, context, names, alone)

    return act, begun, go_on


def noted(db: Database) -> list[str]:
    with db.read() as connection:
        return list(connection.execute(select(meta.c.name).order_by(meta.c.name)).scalars())


def bring(db: Database, names: Sequence[str], act: Callable[..., dict[int, str]] = note) -> list[str | BaseException]:
    """What comes of each name, brought by a thread of its own; all of them are on the way before the first begins."""
    ready = threading.Barrier(len(names))

    def one(name: str) -> str | BaseException:
        with db.on_the_way():
            ready.wait(30)
            try:
                return db.together(act, "together", name)
            except Exception as error:  # noqa: BLE001 - looked at by the test
                return error

    with ThreadPoolExecutor(len(names)) as pool:
        return list(pool.map(one, names))


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """The moment is as long as it takes, so that a busy machine changes nothing."""
    monkeypatch.setattr("runner.store.together.MOMENT", 30.0)


def test_what_comes_at_the_same_moment_is_one_commit(db: Database, patient: None) -> None:
    commits: list[object] = []
    event.listen(db.engine, "commit", commits.append)
    names = ["ada", "bob", "cyd", "dan"]
    assert bring(db, names) == [f"{name} of 4" for name in names]
    assert noted(db) == names
    assert len(commits) == 1


def test_nobody_is_back_before_the_commit(db: Database, patient: None) -> None:
    committing, go_on = threading.Event(), threading.Event()

    def hold(_connection: Connection) -> None:
        committing.set()
        assert go_on.wait(30)

    event.listen(db.engine, "commit", hold)
    with ExitStack() as stack:
        pool = stack.enter_context(ThreadPoolExecutor(2))
        for _ in range(2):
            stack.enter_context(db.on_the_way())
        futures = [pool.submit(db.together, note, "together", name) for name in ("ada", "bob")]
        assert committing.wait(30)
        assert [future.done() for future in futures] == [False, False]
        go_on.set()
    assert [future.result() for future in futures] == ["ada of 2", "bob of 2"]


def test_a_part_that_fails_takes_back_only_itself(db: Database, patient: None) -> None:
    ada, broken, cyd = bring(db, ["ada", "broken", "cyd"])
    assert (ada, cyd) == ("ada of 1", "cyd of 1")  # each in a transaction of its own after all
    assert isinstance(broken, ValueError)
    assert noted(db) == ["ada", "cyd"]


def test_what_an_act_leaves_out_is_done_by_itself_afterwards(db: Database, patient: None) -> None:
    commits: list[object] = []
    event.listen(db.engine, "commit", commits.append)
    assert bring(db, ["ada", "shy", "cyd"]) == ["ada of 3", "shy of 1", "cyd of 3"]
    assert len(commits) == 2
    assert noted(db) == ["ada", "cyd", "shy"]


def test_who_was_left_out_holds_up_nobody_who_comes_after(db: Database, patient: None) -> None:
    reached, go_on = threading.Event(), threading.Event()

    def hesitate(connection: Connection, context: str, names: Sequence[str], alone: bool) -> dict[int, str]:
        if alone:
            reached.set()
            assert go_on.wait(30)
        return note(connection, context, names, alone)

    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(bring, db, ["ada", "shy"], hesitate)
        assert reached.wait(30)
        assert not db._lines[None]._under_way
        go_on.set()
    assert first.result() == ["ada of 2", "shy of 1"]


def test_trouble_of_the_database_is_everybodys_and_nothing_is_kept(db: Database, patient: None) -> None:
    def full(_connection: Connection) -> None:
        event.remove(db.engine, "commit", full)
        raise DatabaseUnavailable("the disk is full", help="make space")

    event.listen(db.engine, "commit", full)
    errors = bring(db, ["ada", "shy", "cyd"])
    assert [(type(error), str(error)) for error in errors] == [(DatabaseUnavailable, "the disk is full")] * 3
    assert len({id(error) for error in errors}) == 3
    assert noted(db) == []
    assert bring(db, ["ada", "bob"]) == ["ada of 2", "bob of 2"]


@pytest.fixture
def postgres(postgres_tables_url: str) -> Iterator[Database]:
    opened = open_database(postgres_tables_url)
    make_tables(opened)
    yield opened
    opened.close()


def test_on_postgresql_those_share_a_commit_that_come_for_the_same(postgres: Database, patient: None) -> None:
    postgres.together(note, "together", "first")  # a line begins with the first who comes for it
    commits: list[object] = []
    event.listen(postgres.engine, "commit", commits.append)
    assert bring(postgres, ["ada", "bob", "cyd"]) == [f"{name} of 3" for name in ("ada", "bob", "cyd")]
    assert len(commits) == 1


def test_on_postgresql_who_comes_for_something_else_waits_for_nobody(postgres: Database) -> None:
    slow, begun, go_on = slowly()
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(postgres.together, slow, "together", "ada")
        assert begun.wait(30)
        assert postgres.together(note, "together", "bob") == "bob of 1"
        assert not first.done()
        go_on.set()
    assert first.result() == "ada of 1"


def test_other_acts_and_contexts_share_the_commit_and_not_the_call(db: Database, patient: None) -> None:
    commits: list[object] = []
    event.listen(db.engine, "commit", commits.append)
    with ExitStack() as stack:
        pool = stack.enter_context(ThreadPoolExecutor(3))
        for _ in range(3):
            stack.enter_context(db.on_the_way())
        asked = [("old", "ada"), ("new", "bob"), ("old", "cyd")]
        futures = [pool.submit(db.together, note, context, name) for context, name in asked]
        results = [future.result() for future in futures]
    assert results == ["ada of 2", "bob of 1", "cyd of 2"]
    assert len(commits) == 1


def test_who_is_on_the_way_and_does_not_come_is_not_waited_for(db: Database) -> None:
    with db.on_the_way(), db.on_the_way():
        assert db.together(note, "together", "ada") == "ada of 1"


def test_what_is_brought_meanwhile_goes_in_the_next_transaction(db: Database, patient: None) -> None:
    slow, begun, go_on = slowly()
    with ThreadPoolExecutor(3) as pool:
        first = pool.submit(db.together, slow, "together", "ada")
        assert begun.wait(30)
        others = [pool.submit(db.together, note, "together", name) for name in ("bob", "cyd")]
        while len(db._lines[None]._next) < 2:  # both have to be there
            threading.Event().wait(0.001)
        go_on.set()
    assert [first.result(), *(future.result() for future in others)] == ["ada of 1", "bob of 2", "cyd of 2"]
