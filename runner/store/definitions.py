"""Publishing a project: sequences are stored append-only, campaigns and accounts brought up to date."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import is_dataclass
from datetime import date, datetime, time, timedelta
from enum import Enum
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from runner.compile.sequences import Surroundings, compile_sequence
from runner.model.campaign import Campaign
from runner.model.channel import ChannelType, SecretRef
from runner.model.project import CompiledSequence, Project
from runner.store.book import Book
from runner.store.database import Database
from runner.store.lanes import make_lanes
from runner.store.tables import campaigns, channel_configs, enrollments, sequence_steps, sequences


def publish(db: Database, project: Project, now: datetime) -> Book:
    """Store what the project says and return the book that goes with it. Publishing the same again changes nothing.

    Processes that publish at the same time do so one after the other.
    """
    with db.write() as connection:
        db.lock_scopes(connection, ["publish"])
        newest = {name: _store_sequence(connection, project, name, now) for name in project.sequences}
        by_campaign = {_store_campaign(connection, project, c, now): c for c in project.campaigns.values()}
        for config in project.channels.values():
            _store_account(connection, config, now)
        _disable_missing(connection, project)
        make_lanes(connection, _lanes_of(project, by_campaign))
        by_id = {newest[name]: compiled for name, compiled in project.sequences.items()}
        by_id |= _pinned(connection, project, known=by_id)
    return Book(project).with_definitions(by_id, newest, by_campaign | _gone(db, project))


def open_book(db: Database, project: Project) -> Book:
    """The book of a project that was published before; nothing is written. For commands that only read."""
    with db.read() as connection:
        rows = connection.execute(select(sequences.c.id, sequences.c.name).order_by(sequences.c.version)).all()
        newest = {row.name: row.id for row in rows}
        by_id = _pinned(connection, project, known={})
        names = {row.name: row.id for row in connection.execute(select(campaigns.c.id, campaigns.c.name))}
    by_campaign = {names[name]: c for name, c in project.campaigns.items() if name in names}
    return Book(project).with_definitions(by_id, newest, by_campaign | _gone(db, project))


def content_hash(compiled: CompiledSequence) -> str:
    """What makes two definitions the same: source and every template."""
    text = json.dumps([compiled.source, dict(sorted(compiled.templates.items()))])
    return sha256(text.encode()).hexdigest()


def _store_sequence(connection: Connection, project: Project, name: str, now: datetime) -> int:
    compiled = project.sequences[name]
    digest = content_hash(compiled)
    same = (sequences.c.name == name, sequences.c.content_hash == digest)
    versions = select(func.max(sequences.c.version)).where(sequences.c.name == name)
    newest = connection.execute(versions).scalar() or 0
    found = connection.execute(select(sequences.c.id, sequences.c.version).where(*same)).first()
    if found is not None and found.version == newest:
        return int(found.id)
    if found is not None:  # back to an older text: it becomes the newest again, under a hash of its own
        digest = sha256(f"{digest}|{newest + 1}".encode()).hexdigest()
    row = {"name": name, "version": newest + 1, "graph_hash": compiled.graph.hash, "content_hash": digest}
    row |= {"source": compiled.source, "templates": dict(compiled.templates), "git_commit": project.git_commit}
    made = insert(sequences).values(**row, created_at=now).returning(sequences.c.id)
    sequence_id = int(connection.execute(made).scalar_one())
    steps = [
        {"sequence_id": sequence_id, "step": node.id, "position": node.index, "kind": type(node.body).__name__[:16],
         "channel": node.channel.value if node.channel else None, "routes": dict(node.routes),
         "condition": node.condition.text if node.condition else None}
        for node in compiled.graph.nodes
    ]  # fmt: skip
    connection.execute(insert(sequence_steps), steps)
    return sequence_id


def _store_campaign(connection: Connection, project: Project, campaign: Campaign, now: datetime) -> int:
    row = {
        "sequence": campaign.sequence, "mode": campaign.mode.value, "enabled": campaign.enabled,
        "priority": campaign.priority, "starts_on": campaign.starts_on, "ends_on": campaign.ends_on,
        "audience": campaign.audience.text if campaign.audience else None, "git_commit": project.git_commit,
        "synced_at": now,
    }  # fmt: skip
    return _upsert(connection, campaigns, campaigns.c.name == campaign.name, row, {"name": campaign.name})


def _store_account(connection: Connection, config: Any, now: datetime) -> None:
    row = {"channel": config.channel.value, "name": config.name, "enabled": config.enabled}
    row |= {"config": plain(config), "synced_at": now}
    _upsert(connection, channel_configs, channel_configs.c.key == config.key, row, {"key": config.key})


def _upsert(connection: Connection, table: Any, where: Any, row: Mapping[str, Any], identity: Mapping[str, Any]) -> int:
    found = connection.execute(select(table.c.id).where(where)).scalar()
    if found is None:
        return int(connection.execute(insert(table).values(**identity, **row).returning(table.c.id)).scalar_one())
    connection.execute(update(table).where(where).values(**row))
    return int(found)


def _lanes_of(project: Project, by_campaign: Mapping[int, Campaign]) -> Iterator[tuple[int, str]]:
    """Every lane that the project can come to need: a campaign's own, and one for each account that may serve it."""
    book = Book(project)
    for campaign_id, campaign in by_campaign.items():
        yield campaign_id, ""
        for channel in ChannelType:
            yield from ((campaign_id, config.key) for config in book.accounts_for(campaign, channel))


def _disable_missing(connection: Connection, project: Project) -> None:
    """A file that was deleted switches its campaign or account off; rows stay, for history."""
    gone = campaigns.c.name.not_in(list(project.campaigns))
    connection.execute(update(campaigns).where(gone).values(enabled=False))
    keys = [config.key for config in project.channels.values()]
    connection.execute(update(channel_configs).where(channel_configs.c.key.not_in(keys)).values(enabled=False))


def _pinned(connection: Connection, project: Project, *, known: Iterable[int]) -> dict[int, CompiledSequence]:
    """Older definitions that people in flight are pinned to, compiled again from what was stored."""
    used = select(enrollments.c.sequence_id).distinct()
    newest = select(func.max(sequences.c.id)).group_by(sequences.c.name)
    where = (sequences.c.id.in_(used) | sequences.c.id.in_(newest), sequences.c.id.not_in(list(known)))
    found: dict[int, CompiledSequence] = {}
    around = Surroundings(lead_fields=project.settings.lead_fields, check_templates=False, stored=True)
    for row in connection.execute(select(sequences).where(*where)):
        compiled, _ = compile_sequence(row.source, f"{row.name} {row.version}", row.templates, surroundings=around)
        if compiled is not None:  # one that this version no longer understands parks its people, and only them
            found[row.id] = compiled
    return found


def _gone(db: Database, project: Project) -> dict[int, Campaign]:
    """Campaigns whose files were deleted: switched off, but their people can still be loaded and explained."""
    with db.read() as connection:
        rows = connection.execute(select(campaigns).where(campaigns.c.name.not_in(list(project.campaigns))))
        return {row.id: Campaign(name=row.name, sequence=row.sequence, enabled=False) for row in rows}


def plain(value: Any) -> Any:
    """A configuration as JSON values; a secret appears as the place it is kept, never as itself."""
    match value:
        case SecretRef(env=env, file=file):
            return {"env": env} if env else {"file": file}
        case Enum():
            return value.value
        case timedelta():
            return value.total_seconds()
        case datetime() | date() | time():
            return value.isoformat()
        case Mapping():
            return {str(plain(name)): plain(item) for name, item in value.items()}
        case list() | tuple() | set() | frozenset():
            items = [plain(item) for item in value]
            return sorted(items, key=str) if isinstance(value, set | frozenset) else items
        case _ if is_dataclass(value) and not isinstance(value, type):
            return plain({name: getattr(value, name) for name in value.__dataclass_fields__})
        case _:
            return value
