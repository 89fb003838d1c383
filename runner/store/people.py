"""Rows of people to values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields
from functools import lru_cache

from sqlalchemy import ARRAY, JSON, Connection, Dialect, Text, func, select

from runner.model.lead import Lead, LinkedInConnectionStatus
from runner.store.bulk import BulkSelect, wanted
from runner.store.tables import leads, list_members, lists

_FIELDS = tuple(field.name for field in fields(Lead))
_STATUS, _TAGS, _LISTS, _OWN = (_FIELDS.index(name) for name in ("linkedin_status", "tags", "lists", "fields"))
_STATUSES = {status.value: status for status in LinkedInConnectionStatus}


def load_leads(connection: Connection, ids: Iterable[int]) -> Mapping[int, Lead]:
    """The leads of these ids, with the names of their lists; ids that are not there are left out."""
    found: dict[int, Lead] = {}
    for names, *values in _statement(connection.dialect).run(connection, ids):
        values.insert(_LISTS, tuple(sorted(names or ())))
        values[_STATUS] = _STATUSES[values[_STATUS]]
        values[_TAGS] = tuple(values[_TAGS] or ())
        values[_OWN] = values[_OWN] or {}
        found[values[0]] = Lead(*values)
    return found


@lru_cache(maxsize=8)
def _statement(dialect: Dialect) -> BulkSelect:
    """A row a person; the names of their lists come first."""
    names = func.json_group_array if dialect.name == "sqlite" else func.array_agg
    kind = JSON() if dialect.name == "sqlite" else ARRAY(Text)
    on = select(names(lists.c.name, type_=kind)).select_from(list_members.join(lists))
    mine = on.where(list_members.c.lead_id == leads.c.id).scalar_subquery()
    columns = (leads.c[name] for name in _FIELDS if name != "lists")
    return BulkSelect(select(mine, *columns).where(wanted(leads.c.id, dialect)), dialect)
