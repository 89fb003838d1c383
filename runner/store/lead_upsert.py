"""Storing drafts of leads by batches: people known again by their keys, merged, and put on a list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, exists, func, insert, literal, select, update

from runner.engine.ports import Clock
from runner.errors import UsageError
from runner.model.lead_draft import Fate, LeadDraft, Result
from runner.store.bulk import among, bulk_insert
from runner.store.database import Database
from runner.store.screening import Screen
from runner.store.tables import leads, list_members, lists

_STANDARD = (
    "email", "first_name", "last_name", "company", "title", "phone", "website", "contact_form_url", "linkedin_url",
    "linkedin_urn", "timezone", "country", "grade", "score", "consent", "legal_basis", "source",
)  # fmt: skip
_KEYS = ("email_key", "linkedin_key")
_WRITTEN = (*_KEYS, "domain", *_STANDARD, "tags", "fields")
_ORDER = tuple(column.name for column in leads.c)
_NOTHING: Mapping[str, Any] = {"tags": [], "fields": {}}


class SqlLeads:
    """The leads of one database. `upsert` is what the importer asks of a store; `screen` says who is closed."""

    def __init__(self, db: Database, clock: Clock, screen: Screen | None = None) -> None:
        self._db = db
        self._clock = clock
        self._screen = screen

    def upsert(self, batch: Sequence[LeadDraft], list_name: str) -> Sequence[Result]:
        """Store a batch in one transaction and put its people on the list.

        Two imports at once take turns, so that neither misses a person the other is just storing.
        """
        with self._db.write() as connection:
            self._db.lock_scopes(connection, ["leads:import"])
            return upsert_leads(connection, batch, list_name, self._clock.now(), self._screen)


@dataclass(slots=True)
class _Person:
    """A lead while a batch is worked on: its row as it will be, and whether that differs from what is stored."""

    row: dict[str, Any]
    is_new: bool
    changed: bool = False


def upsert_leads(
    connection: Connection, batch: Sequence[LeadDraft], list_name: str, now: datetime, screen: Screen | None = None
) -> Sequence[Result]:
    """Store drafts, put them on a list, and say for each what became of it; see `LeadStore.upsert`."""
    known = _known(connection, batch)
    outcomes = [_merge(draft, known) for draft in batch]
    people = list({id(person): person for _, person, _ in outcomes if person is not None}.values())
    new = [person.row for person in people if person.is_new]
    old = [person for person in people if not person.is_new]
    list_ = list_id(connection, list_name, now)
    if new:
        _insert_new(connection, new, now)
        pairs = [(list_, row["id"]) for row in new]
        bulk_insert(list_members, ("list_id", "lead_id"), connection.dialect).run(connection, pairs)
    if changed := [_change(person, now) for person in old if person.changed]:
        connection.execute(_UPDATE, changed)
    if old:
        _join(connection, list_, [person.row["id"] for person in old])
    stored = {id(person): person.row for person in people}
    closed = dict(zip(stored, screen.closed(connection, list(stored.values())), strict=True)) if screen else {}
    return [
        Result(fate, None if person is None else person.row["id"], reason, closed.get(id(person), ""))
        for fate, person, reason in outcomes
    ]


def _known(connection: Connection, batch: Sequence[LeadDraft]) -> dict[tuple[str, str], _Person]:
    """The people stored under any key of the batch, by (name of the key, key)."""
    found: dict[tuple[str, str], _Person] = {}
    for name in _KEYS:
        keys = [key for draft in batch if (key := getattr(draft, name))]
        if not keys:
            continue
        for row in connection.execute(_SELECT.where(among(leads.c[name], keys, connection.dialect))):
            person = _Person(dict(row._mapping), is_new=False)
            for one in _KEYS:
                if key := person.row[one]:
                    found.setdefault((one, key), person)
    return found


Outcome = tuple[Fate, _Person | None, str]


def _merge(draft: LeadDraft, known: dict[tuple[str, str], _Person]) -> Outcome:
    """Work one draft into what is known; `known` learns of it, so that the next draft of the batch sees it."""
    own = [("email_key", draft.email_key)] if draft.email_key else []
    if draft.linkedin_key:
        own.append(("linkedin_key", draft.linkedin_key))
    person: _Person | None = None
    for key in own:
        other = known.get(key)
        if other is not None and person is not None and other is not person:
            ids = " and ".join(str(one.row.get("id", "new")) for one in (person, other))
            return Fate.REJECTED, None, f"the address and the profile belong to two leads ({ids})"
        person = other or person
    if person is None:
        person, fate, reason = _Person(_row(draft), is_new=True), Fate.NEW, ""
    elif _apply(person, draft):
        fate, reason = Fate.UPDATED, ""
    else:
        fate, reason = Fate.DUPLICATE, "stored already, nothing is new"
    for key in own:
        known[key] = person
    return fate, person, reason


def _row(draft: LeadDraft) -> dict[str, Any]:
    """What a draft says, by columns."""
    row: dict[str, Any] = {"email_key": draft.email_key, "linkedin_key": draft.linkedin_key, **draft.values}
    if "email" in row:
        row["domain"] = row["email"].rpartition("@")[2].lower()
    if draft.fields:
        row["fields"] = draft.fields
    return row


def _apply(person: _Person, draft: LeadDraft) -> bool:
    """Write what the draft says over what is there; tags are added, never taken away. Whether anything changed."""
    row, wanted = person.row, _row(draft)
    if draft.linkedin_key is None:
        del wanted["linkedin_key"]
    if draft.email_key is None or ("email" not in wanted and row.get("email_key") is not None):
        del wanted["email_key"]
    if "tags" in wanted:
        wanted["tags"] = list(dict.fromkeys([*(row.get("tags") or []), *wanted["tags"]]))
    if draft.fields:
        wanted["fields"] = {**(row.get("fields") or {}), **draft.fields}
    changes = {name: value for name, value in wanted.items() if row.get(name) != value}
    row.update(changes)
    person.changed = person.changed or bool(changes)
    return bool(changes)


def _insert_new(connection: Connection, rows: Sequence[dict[str, Any]], now: datetime) -> None:
    """Store new people and write their ids into their rows. Only columns that somebody fills are named."""
    last = connection.execute(select(func.coalesce(func.max(leads.c.id), 0))).scalar_one()
    filled = set[str]().union(*rows)
    for name in filled & _NOTHING.keys():
        for row in rows:
            row.setdefault(name, _NOTHING[name])
    for row in rows:
        row["created_at"] = row["updated_at"] = now
    columns = tuple(name for name in _ORDER if name in filled or name in {"created_at", "updated_at"})
    bulk_insert(leads, columns, connection.dialect).run(connection, [tuple(map(row.get, columns)) for row in rows])
    stored = select(leads.c.id, leads.c.email_key, leads.c.linkedin_key).where(leads.c.id > last)
    ids = {email or profile: lead_id for lead_id, email, profile in connection.execute(stored)}
    for row in rows:
        row["id"] = ids[row["email_key"] or row["linkedin_key"]]


def _change(person: _Person, now: datetime) -> dict[str, Any]:
    return {f"new_{name}": person.row[name] for name in _WRITTEN} | {"lead_id": person.row["id"], "now": now}


_SELECT = select(leads.c.id, *(leads.c[name] for name in _WRITTEN))
_UPDATE = (
    update(leads)
    .where(leads.c.id == bindparam("lead_id"))
    .values({name: bindparam(f"new_{name}", type_=leads.c[name].type) for name in _WRITTEN})
    .values(updated_at=bindparam("now"))
)


def list_id(connection: Connection, name: str, now: datetime) -> int:
    """The id of the list of that name, which is made when it is not there. Raises UsageError for an empty name."""
    if not name.strip() or len(name) > 120:
        raise UsageError("a list needs a name of at most 120 characters")
    found: int | None = connection.execute(select(lists.c.id).where(lists.c.name == name)).scalar()
    if found is None:
        found = connection.execute(insert(lists).values(name=name, created_at=now).returning(lists.c.id)).scalar_one()
    return found


def _join(connection: Connection, list_: int, ids: Sequence[int]) -> None:
    """Put leads that were stored before on a list, once each."""
    there = exists().where(list_members.c.list_id == list_, list_members.c.lead_id == leads.c.id)
    wanted = select(literal(list_), leads.c.id).where(among(leads.c.id, ids, connection.dialect), ~there)
    connection.execute(insert(list_members).from_select(["list_id", "lead_id"], wanted))
