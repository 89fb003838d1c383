"""Finding people and enrollments by what an operator types: an id, an address, a campaign."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, select

from runner.errors import NotFound
from runner.store.tables import campaigns, enrollments, leads


def lead_ids(connection: Connection, names: Sequence[str]) -> list[int]:
    """The ids of leads given by id or address. Raises NotFound for the first one that is not there."""
    return [_lead_id(connection, name) for name in names]


def _lead_id(connection: Connection, name: str) -> int:
    by_id = name.isascii() and name.isdigit()
    where = leads.c.id == int(name) if by_id else leads.c.email_key == name.strip().casefold()
    found = connection.execute(select(leads.c.id).where(where)).scalar()
    if found is None:
        raise NotFound(f"there is no lead `{name}`", help="`runner leads list` shows ids and addresses")
    return int(found)


def open_enrollments(
    connection: Connection, names: Sequence[str], campaign: str | None, enrollment: int | None
) -> list[int]:
    """The ids of enrollments that are not over, of these leads and in this campaign where given."""
    query = select(enrollments.c.id).join(campaigns).where(enrollments.c.ended_at.is_(None))
    if names:
        query = query.where(enrollments.c.lead_id.in_(lead_ids(connection, names)))
    if campaign is not None:
        query = query.where(campaigns.c.name == campaign)
    if enrollment is not None:
        query = query.where(enrollments.c.id == enrollment)
    return list(connection.execute(query.order_by(enrollments.c.id)).scalars())
