"""Finding people and enrollments by what an operator types: an id, an address, a campaign."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, select

from runner.store.leads import find_lead
from runner.store.tables import campaigns, enrollments


def lead_ids(connection: Connection, names: Sequence[str]) -> list[int]:
    """The ids of leads given by id, address or LinkedIn profile. Raises NotFound for the first that is not there."""
    return [find_lead(connection, name).id for name in names]


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
