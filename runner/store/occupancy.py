"""What occupies limits and gaps: reservations under way, and those that ended within the window."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Connection, Integer, ScalarSelect, Select, bindparam, exists, func, select

from runner.engine.limits import Gap, Limit
from runner.store.fixed import Fixed
from runner.store.tables import outreach_attempts as attempts
from runner.store.tables import reservations

TOGETHER = 16
"""Limits counted in one statement; a statement for each number of them is compiled once."""


def counted(connection: Connection, limits: Iterable[Limit], now: datetime) -> dict[Limit, int]:
    """How many places of each limit are taken, counted many in one statement."""
    found: dict[Limit, int] = {}
    alike = _alike(limits)
    for first in range(0, len(alike), TOGETHER):
        found.update(_counted(connection, alike[first : first + TOGETHER], now))
    return found


def _alike(limits: Iterable[Limit]) -> list[Limit]:
    """Those that leave somebody out last, so that there are fewer shapes of statement to compile."""
    every = list(limits)
    besides = [limit for limit in every if limit.besides_lead is not None]
    return [limit for limit in every if limit.besides_lead is None] + besides if besides else every


def _counted(connection: Connection, limits: Sequence[Limit], now: datetime) -> Iterable[tuple[Limit, int]]:
    [counts] = _counting(_shape(limits)).rows(connection, **_values(limits, now))
    return zip(limits, counts, strict=True)


def _shape(limits: Sequence[Limit]) -> tuple[bool, ...]:
    return tuple([limit.besides_lead is not None for limit in limits])


def _values(limits: Sequence[Limit], now: datetime) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for place, limit in enumerate(limits):
        values[f"scope_{place}"], values[f"since_{place}"] = limit.scope, now - limit.rate.per
        if limit.besides_lead is not None:
            values[f"lead_{place}"] = limit.besides_lead
    return values


def frees_at(connection: Connection, used: Iterable[tuple[Limit, int]], now: datetime) -> dict[Limit, datetime | None]:
    """When those of some limits have a free place again that have none, so many places of each being taken.

    None while sends under way hold it. A place that everybody wants is free again when the oldest send leaves its
    window. Many are asked for in one statement.
    """
    full = {limit: count for limit, count in used if count >= limit.rate.count}
    if not full:
        return {}
    found: dict[Limit, datetime | None] = {limit: now + timedelta(days=1) for limit in full if not limit.rate.count}
    asked = _alike(limit for limit in full if limit.rate.count)
    for first in range(0, len(asked), TOGETHER):
        some = asked[first : first + TOGETHER]
        values = _values(some, now) | {f"before_{at}": full[limit] - limit.rate.count for at, limit in enumerate(some)}
        [ends] = _freeing(_shape(some)).rows(connection, **values)
        found |= {limit: end and end + limit.rate.per for limit, end in zip(some, ends, strict=True)}
    return found


@lru_cache(maxsize=256)
def _freeing(shape: tuple[bool, ...]) -> Fixed:
    return Fixed(select(*[_end(str(place), besides) for place, besides in enumerate(shape)]))


def _end(place: str, besides: bool) -> ScalarSelect[Any]:
    ended = _on_scope(select(reservations.c.finished_at), place, besides=besides).where(_within(place))
    ended = ended.order_by(reservations.c.finished_at)
    return ended.offset(bindparam(f"before_{place}", type_=Integer)).limit(1).scalar_subquery()


@lru_cache(maxsize=256)
def _counting(shape: tuple[bool, ...]) -> Fixed:
    counts: list[ColumnElement[Any]] = [_count(str(place), besides) for place, besides in enumerate(shape)]
    return Fixed(select(*counts))


def _count(place: str, besides: bool) -> ColumnElement[int]:
    """What is under way, and what ended within the window: two looks into the index.

    As one, with OR, PostgreSQL reads a bitmap of it, by which it never learns which entries are dead: each send leaves
    one among those under way, and until the next vacuum every look reads all of them again.
    """
    under_way, ended = reservations.c.finished_at.is_(None), _within(place)
    found = [_on_scope(select(func.count()), place, besides=besides).where(which) for which in (under_way, ended)]
    return found[0].scalar_subquery() + found[1].scalar_subquery()


def _within(place: str) -> ColumnElement[bool]:
    return reservations.c.finished_at > bindparam(f"since_{place}", type_=reservations.c.finished_at.type)


def _on_scope(query: Select[Any], place: str, *, besides: bool) -> Select[Any]:
    """The reservations that count against a limit; with `besides`, those of one lead do not."""
    query = query.select_from(reservations).where(reservations.c.scope == bindparam(f"scope_{place}"))
    if besides:
        others = select(attempts.c.id).where(attempts.c.lead_id != bindparam(f"lead_{place}"))
        query = query.where(reservations.c.attempt_id.in_(others))
    return query


_OF_GAP = reservations.c.scope == bindparam("scope")
_LAST = Fixed(
    select(
        select(func.max(reservations.c.finished_at)).where(_OF_GAP).scalar_subquery(),
        exists().where(_OF_GAP, reservations.c.finished_at.is_(None)),
    )
)
"""Two look-ups in the index, however much was sent before."""


def last_finishes(connection: Connection, gaps: Sequence[Gap]) -> Iterator[tuple[str, datetime | None]]:
    """The end of the last send on each scope; None while one is under way, nothing for a scope never used."""
    for gap in gaps:
        [(last, under_way)] = _LAST.rows(connection, scope=gap.scope)
        if under_way or last is not None:
            yield gap.scope, None if under_way else last
