"""Leads and lists in the database: found by any name a person has, listed, and read page by page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, func, or_, select

from runner.errors import NotFound
from runner.model.identity import email_key, profile_key
from runner.model.lead import Lead
from runner.store.lead_upsert import SqlLeads
from runner.store.people import load_leads
from runner.store.tables import leads, list_members, lists

__all__ = ["LeadFilter", "SqlLeads", "count_leads", "find_lead", "list_names", "read_leads"]

_PAGE = 500


def find_lead(connection: Connection, name: str) -> Lead:
    """The lead that a person names by id, e-mail address, or LinkedIn address or public id.

    Raises NotFound when there is none.
    """
    text = name.strip()
    for condition in _names(text):
        found = connection.execute(select(leads.c.id).where(condition, leads.c.erased_at.is_(None))).scalar()
        if found is not None:
            return load_leads(connection, [found])[found]
    raise NotFound(f"there is no lead `{text}`", help="name one by id, e-mail address or LinkedIn profile")


def _names(text: str) -> Iterator[Any]:
    if text.isascii() and text.isdigit():
        yield leads.c.id == int(text)
    if "@" in text:
        yield leads.c.email_key == email_key(text)
    yield leads.c.linkedin_key == profile_key(text)


@dataclass(frozen=True, slots=True)
class LeadFilter:
    """Which leads are meant: those on a list, those of whom `text` is in a name, address or company, or all."""

    list_name: str | None = None
    text: str | None = None


def count_leads(connection: Connection, wanted: LeadFilter) -> int:
    """How many leads a filter means. Raises NotFound for a list that is not there."""
    count: int = connection.execute(_filtered(connection, select(func.count()).select_from(leads), wanted)).scalar_one()
    return count


def read_leads(connection: Connection, wanted: LeadFilter, limit: int | None = None) -> Iterator[Lead]:
    """The leads of a filter in the order in which they came, a page at a time. Raises NotFound as `count_leads`."""
    last, left = 0, limit
    while left is None or left > 0:
        page = _PAGE if left is None else min(_PAGE, left)
        query = _filtered(connection, select(leads.c.id), wanted).where(leads.c.id > last)
        ids = list(connection.execute(query.order_by(leads.c.id).limit(page)).scalars())
        if not ids:
            return
        people = load_leads(connection, ids)
        yield from (people[one] for one in ids)
        last, left = ids[-1], None if left is None else left - len(ids)


def list_names(connection: Connection) -> Sequence[tuple[str, int]]:
    """Every list with the number of its people, by name."""
    joined = lists.outerjoin(list_members)
    query = select(lists.c.name, func.count(list_members.c.lead_id)).select_from(joined).group_by(lists.c.name)
    return [(name, count) for name, count in connection.execute(query.order_by(lists.c.name))]


def _filtered(connection: Connection, query: Select[Any], wanted: LeadFilter) -> Select[Any]:
    query = query.where(leads.c.erased_at.is_(None))
    if wanted.list_name is not None:
        found = connection.execute(select(lists.c.id).where(lists.c.name == wanted.list_name)).scalar()
        if found is None:
            raise NotFound(f"there is no list `{wanted.list_name}`", help="`runner leads list --lists` shows them")
        query = query.where(leads.c.id.in_(select(list_members.c.lead_id).where(list_members.c.list_id == found)))
    if wanted.text:
        columns = (leads.c.email, leads.c.first_name, leads.c.last_name, leads.c.company, leads.c.linkedin_url)
        query = query.where(or_(*(column.icontains(wanted.text, autoescape=True) for column in columns)))
    return query
