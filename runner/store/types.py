"""Column types that behave the same on SQLite and PostgreSQL."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import JSON, BigInteger, DateTime, Dialect, Integer
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeDecorator


class UtcDateTime(TypeDecorator[datetime]):
    """An aware instant in UTC. SQLite has no zones and would give naive values back; this refuses and restores them."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Store as UTC. Raises ValueError for a naive datetime: it would mean another instant elsewhere."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"naive datetime {value!r} where an instant is stored")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give the instant back, aware, in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)

    def bind_processor(self, dialect: Dialect) -> Callable[[Any], Any] | None:
        """On SQLite, straight to the text that is stored; the general way takes three steps there."""
        return _to_text if dialect.name == "sqlite" else super().bind_processor(dialect)

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Any] | None:
        """On SQLite, straight from the text that is stored."""
        return _from_text if dialect.name == "sqlite" else super().result_processor(dialect, coltype)


@lru_cache(maxsize=4096)
def _to_text(value: datetime | None) -> str | None:
    if value is None:
        return None
    if value.tzinfo is not UTC:
        if value.tzinfo is None:
            raise ValueError(f"naive datetime {value!r} where an instant is stored")
        value = value.astimezone(UTC)
    return value.replace(tzinfo=None).isoformat(" ", "microseconds")


@lru_cache(maxsize=4096)
def _from_text(value: str | None) -> datetime | None:
    return None if value is None else datetime.fromisoformat(value + "+00:00")


def to_json(value: object) -> str:
    """JSON as SQLite stores it. The log writes the same few small maps of texts again and again: those are kept."""
    if type(value) is dict:
        if not value:
            return "{}"
        if len(value) < 4 and (items := _items(value)) is not None:
            return _items_to_json(items)
    return json.dumps(value)


_Items = tuple[tuple[str, "str | _Items"], ...]


def _items(value: dict[str, Any]) -> _Items | None:
    """A map of texts, or of such maps, as something that can be looked up; None for any other."""
    found: list[tuple[str, str | _Items]] = []
    for name, each in value.items():
        known = each if type(each) is str else _items(each) if type(each) is dict and len(each) < 4 else None
        if known is None:
            return None
        found.append((name, known))
    return tuple(found)


@lru_cache(maxsize=1024)
def _items_to_json(items: _Items) -> str:
    return json.dumps(_mapping(items))


def _mapping(items: _Items) -> dict[str, Any]:
    return {name: each if isinstance(each, str) else _mapping(each) for name, each in items}


Id = BigInteger().with_variant(Integer(), "sqlite")
"""A row id: SQLite counts up by itself only on a column declared INTEGER."""

Json = JSON().with_variant(JSONB(), "postgresql")
