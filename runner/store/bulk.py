"""Many rows or keys at the speed of the driver, with the types of the table still in charge."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    ARRAY,
    Column,
    ColumnElement,
    Connection,
    Dialect,
    Insert,
    Table,
    Update,
    any_,
    bindparam,
    func,
    insert,
    literal,
    select,
    update,
)


def among(column: Column[Any], keys: Sequence[str] | Sequence[int], dialect: Dialect) -> ColumnElement[bool]:
    """Whether the column is one of many keys, which travel as a single parameter whatever their number."""
    if dialect.name == "sqlite":
        each = func.json_each(literal(json.dumps(keys))).table_valued("value")
        return column.in_(select(each.c.value))
    return column == any_(literal(list(keys), ARRAY(column.type)))


class Bulk:
    """One statement for many rows: compiled once for a dialect, run by the driver itself.

    Values go through their column's own conversion, as they would in a statement of SQLAlchemy; one that is the very
    same object as in the row before (an instant, an empty list) is not converted again.
    """

    def __init__(self, statement: Insert | Update, names: Sequence[str], dialect: Dialect) -> None:
        compiled = statement.compile(dialect=dialect)
        self._sql = str(compiled)
        self._named = not compiled.positional
        self._names = tuple(compiled.positiontup or ()) if compiled.positional else tuple(names)
        self._order = tuple(self._names.index(name) for name in names)
        types = (compiled.binds[name].type for name in names)
        made = ((i, type_.dialect_impl(dialect).bind_processor(dialect)) for i, type_ in enumerate(types))
        self._converters = tuple((index, convert) for index, convert in made if convert is not None)
        self._in_order = self._order == tuple(range(len(names)))

    def run(self, connection: Connection, rows: Iterable[Sequence[Any]]) -> None:
        """Run the statement for rows of values, in the order of the names."""
        converted = list(self._convert(rows))
        if not converted:
            return
        if self._named:
            connection.exec_driver_sql(self._sql, [dict(zip(self._names, row, strict=True)) for row in converted])
        else:
            connection.exec_driver_sql(self._sql, converted)

    def _convert(self, rows: Iterable[Sequence[Any]]) -> Iterable[tuple[Any, ...]]:
        last: dict[int, tuple[Any, Any]] = {index: (None, convert(None)) for index, convert in self._converters}
        for row in rows:
            values = list(row)
            for index, convert in self._converters:
                value, stored = last[index]
                if row[index] is not value:
                    stored = convert(row[index])
                    last[index] = (row[index], stored)
                values[index] = stored
            yield tuple(values) if self._in_order else self._ordered(values)

    def _ordered(self, values: list[Any]) -> tuple[Any, ...]:
        placed = [None] * len(values)
        for index, place in enumerate(self._order):
            placed[place] = values[index]
        return tuple(placed)


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
