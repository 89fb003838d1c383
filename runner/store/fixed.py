"""Statements that every send needs: compiled once for each kind of database, and run by the driver itself.

Building, keying and looking up a statement costs SQLAlchemy several times what the driver takes to run it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Dialect, Select, TextualSelect
from sqlalchemy.sql.dml import UpdateBase

from runner.store.bulk import of_one, reader
from runner.store.driver import change, fetch

Convert = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class _Compiled:
    sql: str
    sql_of_one: str | None
    named: bool
    names: tuple[str, ...]
    constants: Mapping[str, Any]
    binders: tuple[tuple[int, Convert], ...]
    readers: tuple[tuple[int, Convert], ...]

    def sql_for(self, given: Mapping[str, Any]) -> str:
        """The statement, or the one for lists of a single key where every list has just one."""
        if self.sql_of_one is None:
            return self.sql
        lists = [value for value in given.values() if isinstance(value, list)]
        return self.sql_of_one if lists and all(len(each) == 1 for each in lists) else self.sql

    def bound(self, given: Mapping[str, Any]) -> Any:
        """The values as the driver takes them."""
        every = {**self.constants, **given} if self.constants else given
        values = list(map(every.__getitem__, self.names))
        for index, convert in self.binders:
            values[index] = convert(values[index])
        return dict(zip(self.names, values, strict=True)) if self.named else tuple(values)


class Fixed:
    """A statement with named values (`bindparam`). Values and results are converted as their columns say."""

    def __init__(self, statement: Select[Any] | TextualSelect | UpdateBase) -> None:
        self._statement = statement
        self._compiled: dict[str, _Compiled] = {}

    def rows(self, connection: Connection, **values: Any) -> Sequence[Any]:
        """The rows that come back."""
        compiled = self._compiled.get(connection.dialect.name) or self._compile(connection.dialect)
        found = fetch(connection, compiled.sql_for(values), compiled.bound(values))
        if not found or not compiled.readers:
            return found
        rows = [list(row) for row in found]
        for index, convert in compiled.readers:
            for row in rows:
                if row[index] is not None:
                    row[index] = convert(row[index])
        return rows

    def change(self, connection: Connection, **values: Any) -> int:
        """How many rows it changed."""
        compiled = self._compiled.get(connection.dialect.name) or self._compile(connection.dialect)
        return change(connection, compiled.sql_for(values), compiled.bound(values))

    def _compile(self, dialect: Dialect) -> _Compiled:
        made = self._compiled[dialect.name] = _compile(self._statement, dialect)
        return made


def _compile(statement: Select[Any] | TextualSelect | UpdateBase, dialect: Dialect) -> _Compiled:
    compiled = statement.compile(dialect=dialect)
    sql, sql_of_one = str(compiled), of_one(str(compiled))
    names = tuple(compiled.positiontup or ()) if compiled.positional else tuple(compiled.bind_names.values())
    found = ((index, reader(column.type, dialect)) for index, column in enumerate(statement.exported_columns))
    types = (compiled.binds[name].type.dialect_impl(dialect) for name in names)
    made = enumerate(type_.bind_processor(dialect) for type_ in types)
    return _Compiled(
        sql=sql,
        sql_of_one=sql_of_one if sql_of_one != sql else None,
        named=not compiled.positional,
        names=names,
        constants={name: bind.value for name, bind in compiled.binds.items() if not bind.required},
        binders=tuple((index, convert) for index, convert in made if convert is not None),
        readers=tuple((index, convert) for index, convert in found if convert is not None),
    )
