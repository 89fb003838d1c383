"""Leads and lists in the database: stored by batches, found again by any name a person has, listed and exported."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Dialect, Select, bindparam, exists, func, insert, literal, or_, select, update

from runner.engine.ports import Clock
from runner.errors import NotFound, UsageError
from runner.model.identity import email_key, profile_key
from runner.model.lead import Lead
from runner.model.lead_draft import Fate, LeadDraft, Result
from runner.store.batches import in_batches
from runner.store.bulk import BulkInsert
from runner.store.database import Database
from runner.store.people import load_leads
from runner.store.tables import leads, list_members, lists

_STANDARD = (
    "email", "first_name", "last_name", "company", "title", "phone", "website", "contact_form_url", "linkedin_url",
    "linkedin_urn", "timezone", "country", "grade", "score", "consent", "legal_basis", "source",
)  # fmt: skip
_KEYS = ("email_key", "linkedin_key")
_WRITTEN = (*_KEYS, "domain", *_STANDARD, "tags", "fields")
_STORED = tuple(column.name for column in leads.c if column.name in {*_WRITTEN, "created_at", "updated_at"})
_PAGE = 500


class SqlLeads:
    """The leads of one database. `upsert` is what the importer asks of a store."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    def upsert(self, batch: Sequence[LeadDraft], list_name: str) -> Sequence[Result]:
        """Store a batch in one transaction and put its people on the list.

        Two imports at once take turns, so that neither misses a person the other is just storing.
        """
        with self._db.write() as connection:
            self._db.lock_scopes(connection, ["leads:import"])
            return upsert_leads(connection, batch, list_name, self._clock.now())


@dataclass(slots=True)
class _Person:
    """A lead while a batch is worked on: its row as it will be, and whether that differs from what is stored."""

    row: dict[str, Any]
    is_new: bool
    changed: bool = False


def upsert_leads(connection: Connection, batch: Sequence[LeadDraft], list_name: str, now: datetime) -> Sequence[Result]:
    """Store drafts, put them on a list, and say for each what became of it; see `LeadStore.upsert`."""
    known = _known(connection, batch)
    outcomes = [_merge(draft, known) for draft in batch]
    people = list({id(person): person for _, person in outcomes if person is not None}.values())
    if new := [person for person in people if person.is_new]:
        for person in new:
            person.row["created_at"] = person.row["updated_at"] = now
        _insert(connection.dialect).run(connection, [tuple(map(person.row.get, _STORED)) for person in new])
        ids = _ids(connection, [person.row for person in new])
        for person in new:
            person.row["id"] = ids[person.row["email_key"] or person.row["linkedin_key"]]
    if changed := [_change(person, now) for person in people if person.changed and not person.is_new]:
        connection.execute(_UPDATE, changed)
    _join(connection, list_id(connection, list_name, now), [person.row["id"] for person in people])
    return [
        Result(result.fate, person.row["id"], result.reason) if person is not None else result
        for result, person in outcomes
    ]


def _known(connection: Connection, batch: Sequence[LeadDraft]) -> dict[tuple[str, str], _Person]:
    """The people stored under any key of the batch, by (name of the key, key)."""
    found: dict[tuple[str, str], _Person] = {}
    for name in _KEYS:
        for keys in in_batches(key for draft in batch if (key := getattr(draft, name))):
            for row in connection.execute(_SELECT.where(leads.c[name].in_(keys))):
                person = _Person(dict(row._mapping), is_new=False)
                for one in _KEYS:
                    if key := person.row[one]:
                        found.setdefault((one, key), person)
    return found


def _merge(draft: LeadDraft, known: dict[tuple[str, str], _Person]) -> tuple[Result, _Person | None]:
    """Work one draft into what is known; `known` learns of it, so that the next draft of the batch sees it."""
    own = [(name, key) for name in _KEYS if (key := getattr(draft, name))]
    people = [known[key] for key in own if key in known]
    if len({id(person) for person in people}) > 1:
        ids = " and ".join(str(person.row.get("id", "new")) for person in people)
        return Result(Fate.REJECTED, reason=f"the address and the profile belong to two leads ({ids})"), None
    if people:
        person = people[0]
        changed = _apply(person, draft)
        result = Result(Fate.UPDATED) if changed else Result(Fate.DUPLICATE, reason="stored already, nothing is new")
    else:
        person, result = _Person(dict(_BLANK), is_new=True), Result(Fate.NEW)
        _apply(person, draft)
    for key in own:
        known[key] = person
    return result, person


def _apply(person: _Person, draft: LeadDraft) -> bool:
    """Write what the draft says over what is there; tags are added, never taken away. Whether anything changed."""
    row = person.row
    wanted: dict[str, Any] = {**draft.values}
    if draft.email_key and "email" in wanted:
        wanted |= {"email_key": draft.email_key, "domain": wanted["email"].rpartition("@")[2].lower()}
    elif draft.email_key and row["email_key"] is None:
        wanted["email_key"] = draft.email_key
    if draft.linkedin_key:
        wanted["linkedin_key"] = draft.linkedin_key
    if "tags" in wanted:
        wanted["tags"] = list(dict.fromkeys([*(row["tags"] or []), *wanted["tags"]]))
    if draft.fields:
        wanted["fields"] = {**(row["fields"] or {}), **draft.fields}
    changes = {name: value for name, value in wanted.items() if row[name] != value}
    row.update(changes)
    person.changed = person.changed or bool(changes)
    return bool(changes)


def _change(person: _Person, now: datetime) -> dict[str, Any]:
    return {f"new_{name}": person.row[name] for name in _WRITTEN} | {"lead_id": person.row["id"], "now": now}


@lru_cache(maxsize=8)
def _insert(dialect: Dialect) -> BulkInsert:
    return BulkInsert(leads, _STORED, dialect)


_BLANK: Mapping[str, Any] = dict.fromkeys(_WRITTEN) | {"tags": [], "fields": {}}
_SELECT = select(leads.c.id, *(leads.c[name] for name in _WRITTEN))
_UPDATE = (
    update(leads)
    .where(leads.c.id == bindparam("lead_id"))
    .values({name: bindparam(f"new_{name}", type_=leads.c[name].type) for name in _WRITTEN})
    .values(updated_at=bindparam("now"))
)


def _ids(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """The ids of rows just stored, by their first key."""
    found: dict[str, int] = {}
    for name in reversed(_KEYS):
        wanted = [row[name] for row in rows if row[name] and (name == "email_key" or not row["email_key"])]
        for keys in in_batches(wanted):
            query = select(leads.c[name], leads.c.id).where(leads.c[name].in_(keys))
            found.update((key, lead_id) for key, lead_id in connection.execute(query))
    return found


def list_id(connection: Connection, name: str, now: datetime) -> int:
    """The id of the list of that name, which is made when it is not there. Raises UsageError for an empty name."""
    if not name.strip() or len(name) > 120:
        raise UsageError("a list needs a name of at most 120 characters")
    found: int | None = connection.execute(select(lists.c.id).where(lists.c.name == name)).scalar()
    if found is None:
        found = connection.execute(insert(lists).values(name=name, created_at=now).returning(lists.c.id)).scalar_one()
    return found


def _join(connection: Connection, list_: int, ids: Sequence[int]) -> None:
    """Put leads on a list, once each."""
    for batch in in_batches(ids):
        there = exists().where(list_members.c.list_id == list_, list_members.c.lead_id == leads.c.id)
        wanted = select(literal(list_), leads.c.id).where(leads.c.id.in_(batch), ~there)
        connection.execute(insert(list_members).from_select(["list_id", "lead_id"], wanted))


def find_lead(connection: Connection, name: str) -> Lead:
    """The lead that a person names by id, e-mail address, or LinkedIn address or public id.

    Raises NotFound when there is none.
    """
    text = name.strip()
    for condition in _names(text):
        found = connection.execute(select(leads.c.id).where(condition, leads.c.erased_at.is_(None))).scalar()
        if found is not None:
            return load_leads(connection, [found])[found]
    raise NotFound(f"there is no lead `{text}`", help="name one by id, e-mail address or LinkedIn profile")


def _names(text: str) -> Iterator[Any]:
    if text.isascii() and text.isdigit():
        yield leads.c.id == int(text)
    if "@" in text:
        yield leads.c.email_key == email_key(text)
    yield leads.c.linkedin_key == profile_key(text)


@dataclass(frozen=True, slots=True)
class LeadFilter:
    """Which leads are meant: those on a list, those of whom `text` is in a name, address or company, or all."""

    list_name: str | None = None
    text: str | None = None


def count_leads(connection: Connection, wanted: LeadFilter) -> int:
    """How many leads a filter means. Raises NotFound for a list that is not there."""
    count: int = connection.execute(_filtered(connection, select(func.count()).select_from(leads), wanted)).scalar_one()
    return count


def read_leads(connection: Connection, wanted: LeadFilter, limit: int | None = None) -> Iterator[Lead]:
    """The leads of a filter in the order in which they came, a page at a time. Raises NotFound as `count_leads`."""
    last, left = 0, limit
    while left is None or left > 0:
        page = _PAGE if left is None else min(_PAGE, left)
        query = _filtered(connection, select(leads.c.id), wanted).where(leads.c.id > last)
        ids = list(connection.execute(query.order_by(leads.c.id).limit(page)).scalars())
        if not ids:
            return
        people = load_leads(connection, ids)
        yield from (people[one] for one in ids)
        last, left = ids[-1], None if left is None else left - len(ids)


def list_names(connection: Connection) -> Sequence[tuple[str, int]]:
    """Every list with the number of its people, by name."""
    joined = lists.outerjoin(list_members)
    query = select(lists.c.name, func.count(list_members.c.lead_id)).select_from(joined).group_by(lists.c.name)
    return [(name, count) for name, count in connection.execute(query.order_by(lists.c.name))]


def _filtered(connection: Connection, query: Select[Any], wanted: LeadFilter) -> Select[Any]:
    query = query.where(leads.c.erased_at.is_(None))
    if wanted.list_name is not None:
        found = connection.execute(select(lists.c.id).where(lists.c.name == wanted.list_name)).scalar()
        if found is None:
            raise NotFound(f"there is no list `{wanted.list_name}`", help="`runner leads list --lists` shows them")
        query = query.where(leads.c.id.in_(select(list_members.c.lead_id).where(list_members.c.list_id == found)))
    if wanted.text:
        columns = (leads.c.email, leads.c.first_name, leads.c.last_name, leads.c.company, leads.c.linkedin_url)
        query = query.where(or_(*(column.icontains(wanted.text, autoescape=True) for column in columns)))
    return query
