"""Rows of people to values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields
from functools import lru_cache
from typing import Any

from sqlalchemy import ARRAY, JSON, Connection, Dialect, Text, func, select

from runner.model.lead import Lead, LinkedInConnectionStatus
from runner.store.bulk import BulkSelect, by_value, wanted
from runner.store.tables import leads, list_members, lists

_FIELDS = tuple(field.name for field in fields(Lead))
_TAGS, _LISTS, _OWN = (_FIELDS.index(name) for name in ("tags", "lists", "fields"))
LeadRow = tuple[Any, ...]
"""A lead as it was read: the values of its fields, in their order."""


def load_leads(connection: Connection, ids: Iterable[int]) -> Mapping[int, Lead]:
    """The leads of these ids, with the names of their lists; ids that are not there are left out."""
    return {lead_id: lead_of(row) for lead_id, row in read_leads(connection, ids).items()}


def read_leads(connection: Connection, ids: Iterable[int]) -> Mapping[int, LeadRow]:
    """The same, for `lead_of` to make a lead of each when its turn comes."""
    return {row[0]: row for row in _statement(connection.dialect).run(connection, ids)}


def lead_of(row: LeadRow) -> Lead:
    """The lead of a row."""
    values = list(row)
    values[_TAGS] = tuple(values[_TAGS] or ())
    values[_LISTS] = tuple(sorted(values[_LISTS] or ()))
    values[_OWN] = values[_OWN] or {}
    return Lead(*values)


@lru_cache(maxsize=8)
def _statement(dialect: Dialect) -> BulkSelect:
    """A row a person."""
    names = func.json_group_array if dialect.name == "sqlite" else func.array_agg
    kind = JSON() if dialect.name == "sqlite" else ARRAY(Text)
    on = select(names(lists.c.name, type_=kind)).select_from(list_members.join(lists))
    mine = on.where(list_members.c.lead_id == leads.c.id).label("lists")
    columns = (mine if name == "lists" else leads.c[name] for name in _FIELDS)
    query = select(*columns).where(wanted(leads.c.id, dialect))
    return BulkSelect(query, dialect, {"linkedin_status": by_value(LinkedInConnectionStatus)})
