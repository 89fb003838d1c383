"""Many rows or keys at the speed of the driver, with the types of the table still in charge."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import Enum
from functools import lru_cache
from itertools import repeat
from json.encoder import encode_basestring_ascii
from operator import is_
from typing import Any

from sqlalchemy import (
    ARRAY,
    JSON,
    Column,
    ColumnElement,
    Connection,
    Dialect,
    Insert,
    Select,
    Table,
    Text,
    Update,
    any_,
    bindparam,
    func,
    insert,
    literal,
    select,
    update,
)
from sqlalchemy.types import TypeDecorator, TypeEngine

from runner.store.driver import change, change_many, fetch

Read = Callable[[Any], Any]
"""How a stored value becomes one of the program."""
FEW = 4
"""So many rows are converted one by one; more of them column by column, which costs more to begin with."""
_AS_THEY_ARE: Mapping[str, Read] = {}


def among(column: Column[Any], keys: Sequence[str] | Sequence[int], dialect: Dialect) -> ColumnElement[bool]:
    """Whether the column is one of many keys, which travel as a single parameter whatever their number."""
    if dialect.name == "sqlite":
        each = func.json_each(literal(json.dumps(keys))).table_valued("value")
        return column.in_(select(each.c.value))
    return column == any_(literal(list(keys), ARRAY(column.type)))


class BulkSelect:
    """A SELECT compiled once, for rows that go with many keys at a time: `wanted(column, dialect)` in its WHERE.

    It gives plain tuples of values, converted as their columns say, or as `read` says for a column of texts; naming
    and typing is the caller's. Equal values of a column become one object, which nobody may change.
    """

    def __init__(self, statement: Select[Any], dialect: Dialect, read: Mapping[str, Read] = _AS_THEY_ARE) -> None:
        compiled = statement.compile(dialect=dialect)
        self._sql = str(compiled)
        self._sql_of_one = of_one(self._sql)
        self._named = not compiled.positional
        self._as_text = dialect.name == "sqlite"
        columns = enumerate(statement.selected_columns)
        made = ((index, read.get(str(column.name)) or reader(column.type, dialect)) for index, column in columns)
        self._converters = tuple((index, convert) for index, convert in made if convert is not None)

    def run(self, connection: Connection, keys: Iterable[int] | Iterable[str]) -> list[tuple[Any, ...]]:
        """The rows for these keys; the keys travel as one parameter."""
        asked: Any = list(keys)
        wanted = _as_json(asked) if self._as_text else asked
        parameters: Any = {"keys": wanted} if self._named else (wanted,)
        rows = fetch(connection, self._sql_of_one if len(asked) == 1 else self._sql, parameters)
        if not rows or not self._converters:
            return rows
        if len(rows) <= FEW:
            return [self._row(list(row)) for row in rows]
        columns: list[Sequence[Any]] = list(zip(*rows, strict=True))
        for index, convert in self._converters:
            columns[index] = _read(columns[index], convert)
        return list(zip(*columns, strict=True))

    def _row(self, row: list[Any]) -> tuple[Any, ...]:
        for index, convert in self._converters:
            if row[index] is not None:
                row[index] = convert(row[index])
        return tuple(row)


def _read(values: Sequence[Any], convert: Read) -> Sequence[Any]:
    """A column's values as the program takes them; equal ones become one object."""
    known = {value: convert(value) for value in set(values) if value is not None}
    return [known.get(value) for value in values]


def reader(type_: TypeEngine[Any], dialect: Dialect) -> Read | None:
    """How a column's value is read. psycopg gives every type of ours as it is, except those we made ourselves."""
    if dialect.name == "postgresql" and not isinstance(type_, TypeDecorator):
        return None
    if dialect.name == "sqlite" and isinstance(type_, JSON):
        return _from_json
    return type_.dialect_impl(dialect).result_processor(dialect, None)


def _from_json(text: str) -> Any:
    """Most people have no tags, no lists and no fields of their own, and a decoder costs more to set up than to use."""
    return [] if text == "[]" else {} if text == "{}" else json.loads(text)


def by_value(members: type[Enum]) -> Read:
    """How a member of an enum is read: looked up, which takes a tenth of asking the enum. Raises KeyError."""
    return {member.value: member for member in members}.__getitem__


def wanted(column: Column[Any], dialect: Dialect, name: str = "keys") -> ColumnElement[bool]:
    """Whether the column is one of the keys that a BulkSelect is run for, or of those that `as_keys` gives a Fixed."""
    if dialect.name == "sqlite":
        each = func.json_each(bindparam(name, type_=Text)).table_valued("value")
        return column.in_(select(each.c.value))
    return column == any_(bindparam(name, type_=ARRAY(column.type)))


def of_one(sql: str) -> str:
    """The statement for lists of keys with a single one in each: `= ANY (list)` becomes `= (list)[1]`.

    PostgreSQL plans a prepared statement anew each time as long as that looks cheaper than a plan for any list, which
    it takes to have ten keys. For a single key both look the same, and it keeps the plan.
    """
    return _ANY.sub(r"= (\1)[1]", sql)


_ANY = re.compile(r"= ANY \((%\(\w+\)s::[\w() ]+\[\])\)")


def _of_lists(table: str, names: tuple[str, ...], sql: str) -> str | None:
    """The statement of one row as one of many, whose values come as a list a column; None where that cannot be done.

    PostgreSQL then parses, plans and answers once, and not for each row. What a value is cast to, SQLAlchemy said in
    `sql`; SQLite has no such casts. Nothing here comes from outside: the names are those of our tables.
    """
    types = dict(_CAST.findall(sql))
    if types.keys() != set(names):
        return None
    lists = ", ".join(f"%({name})s::{types[name]}[]" for name in names)
    if sql.startswith("INSERT"):
        return f"INSERT INTO {table} ({', '.join(names)}) SELECT * FROM unnest({lists})"  # noqa: S608
    changed = ", ".join(f"{name.removeprefix('to_')} = given.{name}" for name in names if name != "at_id")
    given = f"unnest({lists}) AS given ({', '.join(names)})"
    return f"UPDATE {table} SET {changed} FROM {given} WHERE {table}.id = given.at_id"  # noqa: S608


_CAST = re.compile(r"%\((\w+)\)s::(TIMESTAMP WITH TIME ZONE|DOUBLE PRECISION|[A-Z]+)")


def as_keys(keys: Sequence[int] | Sequence[str], dialect: Dialect) -> Sequence[int] | Sequence[str]:
    """Many keys as the one value of a statement with `wanted`."""
    return _as_json(keys) if dialect.name == "sqlite" else keys


def _as_json(keys: Sequence[int] | Sequence[str]) -> str:
    """A list of numbers looks the same in both languages, and an encoder costs more to set up than to use."""
    if keys and type(keys[0]) is int:
        return str(keys)
    return "[" + ", ".join([encode_basestring_ascii(str(key)) for key in keys]) + "]"


class Bulk:
    """One statement for many rows: compiled once for a dialect, run by the driver itself.

    Values go through their column's own conversion, as they would in a statement of SQLAlchemy; a value that is the
    very same object in every row (the present instant) goes through it once.
    """

    def __init__(self, statement: Insert | Update, names: tuple[str, ...], dialect: Dialect) -> None:
        compiled = statement.compile(dialect=dialect)
        self._sql = str(compiled)
        self._sql_of_lists = _of_lists(str(statement.table), names, self._sql)
        self._named = not compiled.positional
        self._names = tuple(compiled.positiontup or ()) if compiled.positional else tuple(names)
        self._places = tuple(names.index(name) for name in self._names)
        self._in_place = self._places == tuple(range(len(names)))
        types = (compiled.binds[name].type for name in self._names)
        self._converters = tuple(type_.dialect_impl(dialect).bind_processor(dialect) for type_ in types)
        self._converting = tuple((index, made) for index, made in enumerate(self._converters) if made is not None)

    def run(self, connection: Connection, rows: Sequence[Sequence[Any]]) -> None:
        """Run the statement for rows of values, in the order of the names."""
        if not rows:
            return
        if self._sql_of_lists is not None and len(rows) > 1:
            columns = [list(column) for column in zip(*self._columns(rows), strict=True)]
            change(connection, self._sql_of_lists, dict(zip(self._names, columns, strict=True)))
            return
        made: Any = [self._row(row) for row in rows] if len(rows) <= FEW else self._columns(rows)
        if self._named:
            made = [dict(zip(self._names, row, strict=True)) for row in made]
        change_many(connection, self._sql, made)

    def _row(self, row: Sequence[Any]) -> tuple[Any, ...]:
        values = list(row) if self._in_place else [row[place] for place in self._places]
        for index, convert in self._converting:
            values[index] = convert(values[index])
        return tuple(values)

    def _columns(self, rows: Sequence[Sequence[Any]]) -> list[tuple[Any, ...]]:
        columns = tuple(zip(*rows, strict=True))
        pairs = zip(self._places, self._converters, strict=True)
        return list(zip(*(_stored(columns[place], convert) for place, convert in pairs), strict=True))


def _stored(values: Sequence[Any], convert: Callable[[Any], Any] | None) -> Iterable[Any]:
    """A column's values as the driver takes them; one object that stands in every row is converted once."""
    if convert is None:
        return values
    if all(map(is_, values, repeat(values[0]))):
        return repeat(convert(values[0]), len(values))
    return map(convert, values)


@lru_cache(maxsize=128)
def bulk_insert(table: Table, columns: tuple[str, ...], dialect: Dialect) -> Bulk:
    """An INSERT of these columns."""
    values = {name: bindparam(name, type_=table.c[name].type) for name in columns}
    return Bulk(insert(table).values(values), columns, dialect)


@lru_cache(maxsize=128)
def bulk_update(table: Table, columns: tuple[str, ...], dialect: Dialect) -> Bulk:
    """An UPDATE of these columns by `id`; rows give the columns first, then the id."""
    values = {name: bindparam(f"to_{name}", type_=table.c[name].type) for name in columns}
    names = (*(f"to_{name}" for name in columns), "at_id")
    return Bulk(update(table).where(table.c.id == bindparam("at_id")).values(values), names, dialect)
