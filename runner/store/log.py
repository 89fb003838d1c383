"""The log of what happened to an enrollment: written and read here alone, since its rows hang together.

Each row names the one before it, and the enrollment names its newest: an index by enrollment would be one page more
that every step of everybody changes, and the enrollment's row is changed by every step anyway.
"""

from __future__ import annotations

from collections.abc import Iterable, MutableMapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import CTE, BigInteger, Connection, Dialect, Select, bindparam, func, select, text, update

from runner.store.bulk import BulkSelect, bulk_insert, wanted
from runner.store.fixed import Fixed
from runner.store.tables import enrollments, transitions

ENTRY = ("enrollment_id", "at", "step", "kind", "detail")
"""The columns of an entry, in their order."""
_ROW = ("id", "previous_id", *ENTRY)
_NEWEST = Fixed(select(func.max(transitions.c.id)))
_DRAW = Fixed(
    text("SELECT nextval(pg_get_serial_sequence('transitions', 'id')) AS id FROM generate_series(1, :many)")
    .bindparams(bindparam("many", type_=BigInteger))
    .columns(transitions.c.id)
)


def chained(
    connection: Connection, entries: Iterable[Sequence[Any]], newest: MutableMapping[int, int | None]
) -> list[tuple[Any, ...]]:
    """The rows of some entries, for `write`, each hung on the one before it.

    `newest` holds the newest row of each enrollment, and does so afterwards; the caller holds the enrollments' locks
    and writes that to `last_transition_id`.
    """
    given, rows = list(entries), []
    for row_id, entry in zip(_drawn(connection, len(given)), given, strict=True):
        rows.append((row_id, newest.get(entry[0]), *entry))
        newest[entry[0]] = row_id
    return rows


def write(connection: Connection, rows: Sequence[Sequence[Any]]) -> None:
    """Write rows that were `chained`."""
    bulk_insert(transitions, _ROW, connection.dialect).run(connection, rows)


def first_id(connection: Connection) -> int:
    """The id of the first entry of an enrollment that is about to be made, for its `last_transition_id`."""
    return _drawn(connection, 1)[0]


def begin(connection: Connection, row_id: int, enrollment_id: int, at: datetime, **detail: Any) -> None:
    """Write the first entry of an enrollment, under its `first_id`."""
    write(connection, [(row_id, None, enrollment_id, at, None, "enrolled", detail)])


def note(
    connection: Connection, enrollment_id: int, at: datetime, kind: str, *, step: str | None = None, **detail: Any
) -> None:
    """Write one entry by itself; `detail` is what there is to say."""
    mine = enrollments.c.id == enrollment_id
    query = select(enrollments.c.last_transition_id).where(mine).with_for_update()
    newest: dict[int, int | None] = {enrollment_id: connection.execute(query).scalar_one()}
    rows = chained(connection, [(enrollment_id, at, step, kind, detail)], newest)
    connection.execute(update(enrollments).where(mine).values(last_transition_id=newest[enrollment_id]))
    write(connection, rows)


def entries_of(of: Select[Any]) -> CTE:
    """The ids of the log's rows of some enrollments, given as a query for their newest, as a column `id`."""
    first = of.with_only_columns(enrollments.c.last_transition_id.label("id"))
    found = first.where(enrollments.c.last_transition_id.is_not(None)).cte("entries", recursive=True)
    before = select(transitions.c.previous_id).join(found, transitions.c.id == found.c.id)
    return found.union_all(before.where(transitions.c.previous_id.is_not(None)))


def log_of(enrollment_id: int) -> Select[Any]:
    """The log of one enrollment, oldest first."""
    entries = entries_of(select(enrollments).where(enrollments.c.id == enrollment_id))
    return select(transitions).join(entries, entries.c.id == transitions.c.id).order_by(transitions.c.id)


def newest_is(connection: Connection, enrollment_ids: Sequence[int], kind: str) -> frozenset[int]:
    """Those of some enrollments whose newest entry is of this kind."""
    rows = _newest_kinds(connection.dialect).run(connection, enrollment_ids)
    return frozenset(enrollment_id for enrollment_id, found in rows if found == kind)


@lru_cache(maxsize=8)
def _newest_kinds(dialect: Dialect) -> BulkSelect:
    joined = enrollments.join(transitions, transitions.c.id == enrollments.c.last_transition_id)
    query = select(enrollments.c.id, transitions.c.kind).select_from(joined)
    return BulkSelect(query.where(wanted(enrollments.c.id, dialect)), dialect)


def _drawn(connection: Connection, many: int) -> Sequence[int]:
    """New ids in their order. On SQLite nobody else can write meanwhile, so they are those that follow the last."""
    if not many:
        return ()
    if connection.dialect.name == "postgresql":
        return sorted(row[0] for row in _DRAW.rows(connection, many=many))
    [[last]] = _NEWEST.rows(connection)
    return range((last or 0) + 1, (last or 0) + 1 + many)
