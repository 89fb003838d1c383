"""Rows of people to values."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import fields
from functools import lru_cache

from sqlalchemy import Connection, Dialect, select

from runner.model.lead import Lead, LinkedInConnectionStatus
from runner.store.bulk import BulkSelect, wanted
from runner.store.tables import leads, list_members, lists

_FIELDS = tuple(field.name for field in fields(Lead))
_STATUS, _TAGS, _LISTS, _OWN = (_FIELDS.index(name) for name in ("linkedin_status", "tags", "lists", "fields"))
_STATUSES = {status.value: status for status in LinkedInConnectionStatus}


def load_leads(connection: Connection, ids: Iterable[int]) -> Mapping[int, Lead]:
    """The leads of these ids, with the names of their lists; ids that are not there are left out."""
    asked = list(ids)
    people, memberships = _statements(connection.dialect)
    on_lists: dict[int, list[str]] = defaultdict(list)
    for lead_id, name in memberships.run(connection, asked):
        on_lists[lead_id].append(name)
    found: dict[int, Lead] = {}
    for values in people.run(connection, asked):
        values.insert(_LISTS, tuple(sorted(on_lists.get(values[0], ()))))
        values[_STATUS] = _STATUSES[values[_STATUS]]
        values[_TAGS] = tuple(values[_TAGS] or ())
        values[_OWN] = values[_OWN] or {}
        found[values[0]] = Lead(*values)
    return found


@lru_cache(maxsize=8)
def _statements(dialect: Dialect) -> tuple[BulkSelect, BulkSelect]:
    people = select(*(leads.c[name] for name in _FIELDS if name != "lists")).where(wanted(leads.c.id, dialect))
    members = select(list_members.c.lead_id, lists.c.name).join(lists).where(wanted(list_members.c.lead_id, dialect))
    return BulkSelect(people, dialect), BulkSelect(members, dialect)
