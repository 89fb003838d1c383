"""Rows of people to values and back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Connection, Row, select

from runner.model.lead import TEXT_FIELDS, Lead, LinkedInConnectionStatus
from runner.store.batches import in_batches
from runner.store.tables import leads, list_members, lists


def lead_from(row: Row[Any], list_names: Iterable[str] = ()) -> Lead:
    """A lead from its row."""
    values = row._mapping
    return Lead(
        id=values["id"],
        **{name: values[name] for name in TEXT_FIELDS},
        linkedin_urn=values["linkedin_urn"],
        linkedin_status=LinkedInConnectionStatus(values["linkedin_status"]),
        score=values["score"],
        tags=tuple(values["tags"] or ()),
        lists=tuple(list_names),
        consent=values["consent"],
        fields=values["fields"] or {},
    )


def load_leads(connection: Connection, ids: Iterable[int]) -> Mapping[int, Lead]:
    """The leads of these ids, with the names of their lists; ids that are not there are left out."""
    found: dict[int, Lead] = {}
    for batch in in_batches(ids):
        on_lists: dict[int, list[str]] = {}
        members = select(list_members.c.lead_id, lists.c.name).join(lists).where(list_members.c.lead_id.in_(batch))
        for lead_id, name in connection.execute(members.order_by(lists.c.name)):
            on_lists.setdefault(lead_id, []).append(name)
        for row in connection.execute(select(leads).where(leads.c.id.in_(batch))):
            found[row.id] = lead_from(row, on_lists.get(row.id, ()))
    return found
