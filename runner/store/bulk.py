"""Many rows or keys at the speed of the driver, with the types of the table still in charge."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import (
    ARRAY,
    Column,
    ColumnElement,
    Connection,
    Dialect,
    Table,
    any_,
    bindparam,
    func,
    insert,
    literal,
    select,
)


def among(column: Column[Any], keys: Sequence[str] | Sequence[int], dialect: Dialect) -> ColumnElement[bool]:
    """Whether the column is one of many keys, which travel as a single parameter whatever their number."""
    if dialect.name == "sqlite":
        each = func.json_each(literal(json.dumps(keys))).table_valued("value")
        return column.in_(select(each.c.value))
    return column == any_(literal(list(keys), ARRAY(column.type)))


class BulkInsert:
    """An INSERT of fixed columns, named in the order of the table, compiled once for a dialect.

    Values go through their column's own conversion, as they would in a statement of SQLAlchemy; one that is the very
    same object as in the row before (an instant, an empty list) is not converted again.
    """

    def __init__(self, table: Table, columns: Sequence[str], dialect: Dialect) -> None:
        self._columns = tuple(columns)
        statement = insert(table).values({name: bindparam(name, type_=table.c[name].type) for name in columns})
        compiled = statement.compile(dialect=dialect)
        self._sql = str(compiled)
        self._named = not compiled.positional
        if not self._named and tuple(compiled.positiontup or ()) != self._columns:
            raise ValueError(f"the columns of {table.name} are not named in its order")
        made = ((i, table.c[name].type.dialect_impl(dialect).bind_processor(dialect)) for i, name in enumerate(columns))
        self._converters = tuple((index, convert) for index, convert in made if convert is not None)

    def run(self, connection: Connection, rows: Iterable[Sequence[Any]]) -> None:
        """Insert rows of values in the order of the columns."""
        converted = list(self._convert(rows))
        if not converted:
            return
        if self._named:
            connection.exec_driver_sql(self._sql, [dict(zip(self._columns, row, strict=True)) for row in converted])
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
            yield tuple(values)
