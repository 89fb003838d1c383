"""`stop_scope: company`: what one person says stops everybody with an address at the same domain."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection, select

from runner.engine.ports import Signal
from runner.model.companies import FREE_MAIL
from runner.model.events import ALWAYS_STOP, EventKind
from runner.store.context import Context
from runner.store.operations import stop_rows
from runner.store.tables import enrollments, leads

SPEAKS_FOR_ALL = frozenset({EventKind.REPLIED, EventKind.UNSUBSCRIBED, EventKind.COMPLAINED})
"""What a person says, as against what happens to a message."""


def stop_colleagues(connection: Connection, ctx: Context, signal: Signal, told_by: Collection[int]) -> int:
    """End the open enrollments of the colleagues of `told_by`, as far as their own sequence wants it.

    A person who is no lead counts too, by the domain they wrote from; an opt-out of theirs ends the enrollments of the
    whole company, since it can only be about mail that somebody there got. Returns how many ended. Nothing is written
    down as an event of the colleagues: they said nothing.
    """
    if signal.kind not in SPEAKS_FOR_ALL:
        return 0
    spoke = select(leads.c.domain).where(leads.c.id.in_(told_by), leads.c.domain.is_not(None))
    domains = {*connection.execute(spoke).scalars(), *([signal.domain.casefold()] if signal.domain else [])} - FREE_MAIL
    if not domains:
        return 0
    open_ones = (
        select(enrollments.c.id, enrollments.c.sequence_id)
        .join(leads, leads.c.id == enrollments.c.lead_id)
        .where(leads.c.domain.in_(domains), leads.c.id.not_in(told_by), enrollments.c.ended_at.is_(None))
    )
    all_of_them = signal.kind is EventKind.UNSUBSCRIBED and not told_by
    rows = connection.execute(open_ones).all()
    concerned = [row.id for row in rows if all_of_them or _wants(ctx, row.sequence_id, signal.kind)]
    return stop_rows(connection, ctx, concerned, f"company {signal.kind.value}", ctx.now()) if concerned else 0


def _wants(ctx: Context, sequence_id: int, kind: EventKind) -> bool:
    graph = ctx.book.graph(sequence_id)
    return graph.stop_scope == "company" and kind in graph.stop_on | ALWAYS_STOP
