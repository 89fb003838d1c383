"""Who must not be written to: kept as keyed hashes, checked on every path, never silently dropped."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from runner.model.channel import ChannelType
from runner.model.lead import Lead
from runner.store.keys import Key
from runner.store.tables import suppressions

KINDS = ("address", "domain", "company", "profile", "phone")


def normalise(kind: str, value: str) -> str:
    """One spelling for everything that means the same."""
    text = value.strip().casefold()
    return text.lstrip("@") if kind == "domain" else text


def key_hash(key: Key, kind: str, value: str) -> str:
    """What a suppressed value is stored as: readable by nobody, recognisable by us."""
    return key.hexdigest(f"suppression:{kind}", normalise(kind, value))


def suppress(
    connection: Connection, key: Key, kind: str, value: str, *, reason: str, actor: str, now: datetime
) -> bool:
    """Suppress a value. False when it already was."""
    digest = key_hash(key, kind, value)
    active = (suppressions.c.kind == kind, suppressions.c.key_hash == digest, suppressions.c.removed_at.is_(None))
    if connection.execute(select(suppressions.c.id).where(*active)).first():
        return False
    row = {"kind": kind, "key_hash": digest, "label": mask(kind, value), "reason": reason, "actor": actor}
    connection.execute(insert(suppressions).values(**row, created_at=now))
    return True


def unsuppress(connection: Connection, key: Key, kind: str, value: str, *, actor: str, now: datetime) -> bool:
    """Lift a suppression; the row stays, marked. False when there was none."""
    digest = key_hash(key, kind, value)
    active = (suppressions.c.kind == kind, suppressions.c.key_hash == digest, suppressions.c.removed_at.is_(None))
    changed = update(suppressions).where(*active).values(removed_at=now, removed_by=actor)
    return connection.execute(changed).rowcount > 0


def suppressed_by(connection: Connection, key: Key, lead: Lead, channel: ChannelType) -> str | None:
    """Why this lead must not be written to on this channel, in words; None when they may.

    An opt-out or a complaint holds on every channel. A dead address only closes e-mail.
    """
    wanted = {key_hash(key, kind, value): (kind, value) for kind, value in identities(lead)}
    if not wanted:
        return None
    columns = (suppressions.c.kind, suppressions.c.key_hash, suppressions.c.reason)
    where = (suppressions.c.removed_at.is_(None), suppressions.c.key_hash.in_(wanted))
    for kind, digest, reason in connection.execute(select(*columns).where(*where)):
        if reason == "hard_bounce" and channel is not ChannelType.EMAIL:
            continue
        if wanted[digest][0] == kind:
            return f"{kind} {wanted[digest][1]} is suppressed: {reason}"
    return None


def identities(lead: Lead) -> Iterator[tuple[str, str]]:
    """Everything of a lead that can be suppressed."""
    if lead.email:
        yield "address", lead.email
    if lead.domain:
        yield "domain", lead.domain
    if lead.company:
        yield "company", lead.company
    if lead.phone:
        yield "phone", lead.phone
    for profile in (lead.linkedin_url, lead.linkedin_urn):
        if profile:
            yield "profile", profile


def mask(kind: str, value: str) -> str:
    """A label that tells an operator which one it is without naming the person: `a***@example.com`."""
    if kind == "address" and "@" in value:
        name, _, domain = value.strip().partition("@")
        return f"{name[:1]}***@{domain}"
    return value.strip() if kind in ("domain", "company") else f"{value.strip()[:3]}***"


__all__ = ["KINDS", "identities", "key_hash", "mask", "normalise", "suppress", "suppressed_by", "unsuppress"]
