"""Many rows in one statement are the same rows as one at a time, whatever stands in them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event, exc, select, text

from runner.store.bulk import BulkSelect, bulk_insert, bulk_update, wanted
from runner.store.database import Database, open_database
from runner.store.tables import leads
from runner.testing import make_tables

NOW = datetime(2026, 3, 2, 9, 30, 15, 123456, tzinfo=UTC)
COLUMNS = ("email", "email_key", "first_name", "tags", "fields", "created_at", "updated_at")
ODD = ["plain", None, "", "it's", 'a "quote"', "{a,b}", "NULL", "back\\slash", "ümlaut", "line\nbreak", "%(x)s", "x,y"]
"""Texts that mean something in a list, in a statement or in JSON."""


@pytest.fixture
def db(tables_url: str) -> Iterator[Database]:
    opened = open_database(tables_url, create=True)
    make_tables(opened)
    yield opened
    opened.close()


def rows(first: int = 0) -> list[tuple[Any, ...]]:
    return [
        (f"p{first + n}@x.example", f"p{first + n}@x.example", text, [text] if text else [], {"said": text, "n": n},
         NOW + timedelta(microseconds=n), NOW)
        for n, text in enumerate(ODD)
    ]  # fmt: skip


def stored(db: Database) -> list[tuple[Any, ...]]:
    with db.read() as connection:
        query = select(*(leads.c[name] for name in COLUMNS)).order_by(leads.c.id)
        return [tuple(row) for row in connection.execute(query)]


def test_rows_inserted_together_are_those_inserted_one_by_one(db: Database) -> None:
    with db.write() as connection:
        insert = bulk_insert(leads, COLUMNS, connection.dialect)
        insert.run(connection, rows())
        for row in rows(100):
            insert.run(connection, [row])
    found = stored(db)
    assert [row[2:] for row in found[: len(ODD)]] == [row[2:] for row in rows()]
    assert [row[2:] for row in found[len(ODD) :]] == [row[2:] for row in rows()]


def test_rows_changed_together_are_each_their_own(db: Database) -> None:
    with db.write() as connection:
        bulk_insert(leads, COLUMNS, connection.dialect).run(connection, rows())
        change = bulk_update(leads, ("first_name", "fields"), connection.dialect)
        change.run(connection, [(f"new {n}", {"n": n}, n + 1) for n in range(1, len(ODD))])
    assert [(row[2], row[4]) for row in stored(db)] == [
        ("plain", {"said": "plain", "n": 0}),
        *((f"new {n}", {"n": n}) for n in range(1, len(ODD))),
    ]


def test_a_text_that_is_too_long_is_refused_and_not_cut(db: Database) -> None:
    if db.is_sqlite:
        pytest.skip("SQLite has no lengths")
    long = [("a@x.example", "a" * 5000, NOW, NOW), ("b@x.example", "b" * 5000, NOW, NOW)]
    with db.engine.begin() as connection:
        insert = bulk_insert(leads, ("email", "email_key", "created_at", "updated_at"), connection.dialect)
        with pytest.raises(exc.DataError):
            insert.run(connection, long)
        connection.rollback()


@pytest.mark.parametrize("keys", [[], [3], [3, 5], [99], list(range(1, 13))])
def test_any_number_of_keys_finds_their_rows_and_no_others(db: Database, keys: list[int]) -> None:
    with db.write() as connection:
        bulk_insert(leads, COLUMNS, connection.dialect).run(connection, rows())
        query = BulkSelect(select(leads.c.id).where(wanted(leads.c.id, connection.dialect)), connection.dialect)
        assert sorted(key for (key,) in query.run(connection, keys)) == [key for key in keys if key <= len(ODD)]


def test_a_key_is_found_whatever_stands_in_it(db: Database) -> None:
    with db.write() as connection:
        bulk_insert(leads, COLUMNS, connection.dialect).run(connection, rows())
        asked = BulkSelect(
            select(leads.c.first_name).where(wanted(leads.c.first_name, connection.dialect)), connection.dialect
        )
        texts = [text for text in ODD if text is not None]
        for keys in ([text] for text in texts):
            assert asked.run(connection, keys) == [(keys[0],)]
        assert sorted(asked.run(connection, [*texts, "nobody"])) == sorted((text,) for text in texts)


def test_postgresql_takes_many_rows_in_one_statement(postgres_tables_url: str) -> None:
    db = open_database(postgres_tables_url)
    asked: list[tuple[str, bool]] = []
    event.listen(db.engine, "before_cursor_execute", lambda _c, _d, sql, _p, _e, many: asked.append((sql, many)))
    with db.write() as connection:
        bulk_insert(leads, COLUMNS, connection.dialect).run(connection, rows())
        bulk_update(leads, ("first_name",), connection.dialect).run(connection, [("new", 1), ("new", 2)])
    assert [(sql.split()[0], many) for sql, many in asked] == [("INSERT", False), ("UPDATE", False)]
    db.close()


def test_postgresql_keeps_the_plan_of_a_statement_for_one_person(postgres_tables_url: str) -> None:
    db = open_database(postgres_tables_url)
    many = [row for first in range(0, 6000, 100) for row in rows(first)]
    with db.write() as connection:
        bulk_insert(leads, COLUMNS, connection.dialect).run(connection, many)
        connection.execute(text("ANALYZE leads"))
        by_id = BulkSelect(select(leads.c.email).where(wanted(leads.c.id, connection.dialect)), connection.dialect)
        for number in range(40):
            by_id.run(connection, [1 + number])
        plans = text(
            "SELECT generic_plans, custom_plans FROM pg_prepared_statements WHERE statement LIKE 'SELECT leads%'"
        )
        generic, custom = connection.execute(plans).one()
    assert generic > custom
    db.close()
