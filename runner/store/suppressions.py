"""Who must not be written to: kept as keyed hashes, checked on every path, never silently dropped."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from sqlalchemy import Connection, Dialect, select, update
from sqlalchemy.dialects import postgresql, sqlite

from runner.model.channel import ChannelType
from runner.model.identity import SUPPRESSION_KINDS, Identity, identity_of, suppressible, suppression_value
from runner.model.lead import Lead
from runner.store.bulk import BulkSelect
from runner.store.bulk import wanted as wanted_keys
from runner.store.keys import Key
from runner.store.tables import suppressions

KINDS = SUPPRESSION_KINDS


def key_hash(key: Key, kind: str, value: str) -> str:
    """What a suppressed value is stored as: readable by nobody, recognisable by us.

    Every spelling that means the same gives the same hash. Raises KeyError for a kind there is not.
    """
    return hash_of(key, kind, suppression_value(kind, value))


def hash_of(key: Key, kind: str, spelling: str) -> str:
    """The same for a value that is spelled as `suppressible` spells it."""
    return key.hexdigest(f"suppression:{kind}", spelling)


_hash_of = lru_cache(maxsize=4096)(hash_of)
"""Many people share a domain and a company."""


def suppress(
    connection: Connection, key: Key, kind: str, value: str, *, reason: str, actor: str, now: datetime,
    label: str | None = None,
) -> bool:  # fmt: skip
    """Suppress a value. False when it already was. `label` is what lists show of it, a masked form unless given."""
    shown = mask(kind, value) if label is None else label
    row = {"kind": kind, "key_hash": key_hash(key, kind, value), "label": shown, "reason": reason, "actor": actor}
    maker = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    add = maker(suppressions).values(**row, created_at=now).on_conflict_do_nothing().returning(suppressions.c.id)
    return connection.execute(add).first() is not None


def unsuppress(connection: Connection, key: Key, kind: str, value: str, *, actor: str, now: datetime) -> bool:
    """Lift a suppression; the row stays, marked. False when there was none."""
    digest = key_hash(key, kind, value)
    active = (suppressions.c.kind == kind, suppressions.c.key_hash == digest, suppressions.c.removed_at.is_(None))
    changed = update(suppressions).where(*active).values(removed_at=now, removed_by=actor)
    return connection.execute(changed).rowcount > 0


def suppressed_by(connection: Connection, key: Key, lead: Lead, channel: ChannelType) -> str | None:
    """Why this lead must not be written to on this channel, in words; None when they may."""
    return why_suppressed(suppressions_of(connection, key, [lead]).get(lead.id, ()), channel)


Hit = tuple[str, str, str]
"""A suppression that stands: its kind, the spelling that it means, and its reason."""


def suppressions_of(connection: Connection, key: Key, leads: Iterable[Lead]) -> Mapping[int, Sequence[Hit]]:
    """What means each of these leads, by the lead's id; those whom nothing means are left out."""
    meant: dict[str, tuple[str, str, set[int]]] = {}
    for lead in leads:
        for digest, kind, spelling in _digests(key, identity_of(lead)):
            meant.setdefault(digest, (kind, spelling, set()))[2].add(lead.id)
    found: dict[int, list[Hit]] = {}
    if not meant:
        return found
    for of, digest, reason in _standing(connection.dialect).run(connection, meant):
        kind, spelling, ids = meant[digest]
        if of == kind:
            for lead_id in ids:
                found.setdefault(lead_id, []).append((kind, spelling, reason))
    return found


@lru_cache(maxsize=1024)
def _digests(key: Key, identity: Identity) -> tuple[tuple[str, str, str], ...]:
    """What could mean somebody: hash, kind, spelling. Who is to be written to is asked for twice in a short while."""
    return tuple((_hash_of(key, kind, spelling), kind, spelling) for kind, spelling in suppressible(identity))


def why_suppressed(hits: Iterable[Hit], channel: ChannelType) -> str | None:
    """The first of a lead's suppressions that closes a channel, in words.

    An opt-out or a complaint holds on every channel. A dead address only closes e-mail.
    """
    for kind, spelling, reason in hits:
        if reason != "hard_bounce" or channel is ChannelType.EMAIL:
            return f"{kind} {spelling} is suppressed: {reason}"
    return None


@lru_cache(maxsize=8)
def _standing(dialect: Dialect) -> BulkSelect:
    columns = (suppressions.c.kind, suppressions.c.key_hash, suppressions.c.reason)
    where = (suppressions.c.removed_at.is_(None), wanted_keys(suppressions.c.key_hash, dialect))
    return BulkSelect(select(*columns).where(*where), dialect)


@dataclass(frozen=True, slots=True)
class Suppression:
    """One line of the suppression list; `label` is masked, the value itself is not stored."""

    id: int
    kind: str
    label: str
    reason: str
    actor: str
    created_at: datetime
    removed_at: datetime | None
    removed_by: str | None


def read_suppressions(
    connection: Connection, *, kind: str | None = None, removed: bool = False
) -> Iterator[Suppression]:
    """The suppressions in force, newest first; with `removed` also those that were lifted."""
    columns = (suppressions.c[name] for name in Suppression.__slots__)
    query = select(*columns).order_by(suppressions.c.id.desc())
    if kind is not None:
        query = query.where(suppressions.c.kind == kind)
    if not removed:
        query = query.where(suppressions.c.removed_at.is_(None))
    for row in connection.execute(query):
        yield Suppression(**row._mapping)


def mask(kind: str, value: str) -> str:
    """A label that tells an operator which one it is without naming the person: `a***@example.com`."""
    if kind == "address" and "@" in value:
        name, _, domain = value.strip().partition("@")
        return f"{name[:1]}***@{domain}"
    return value.strip() if kind in ("domain", "company") else f"{suppression_value(kind, value)[:3]}***"
