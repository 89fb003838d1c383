"""Rows of a file to drafts of leads: `read_leads` and the reading of one row."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeVar

from runner.leads.cells import CUSTOM_READERS, READERS, bare, text_value
from runner.leads.columns import ColumnPlan
from runner.leads.emails import parse_email
from runner.leads.phones import parse_phone
from runner.leads.table import Record, Table
from runner.leads.urls import linkedin_key, parse_linkedin, profile_url
from runner.model.lead import FieldValue
from runner.model.lead_draft import LeadDraft, RejectedRow, Row

T = TypeVar("T")


class Reading:
    """How rows are read: the plan of the columns, the addresses that are our own, and the fields that every lead of
    the project has to have.
    """

    def __init__(
        self,
        plan: ColumnPlan,
        own_addresses: frozenset[str] = frozenset(),
        required: frozenset[str] = frozenset(),
    ) -> None:
        self._width = plan.width
        self._own_addresses = own_addresses
        self._required = required
        self._simple = [(name, found, READERS[name]) for name, found in plan.standard.items() if name in READERS]
        self._joint = [(name, found) for name, found in plan.standard.items() if name not in READERS]
        self._custom = [(name, (column,), CUSTOM_READERS[kind]) for column, (name, kind) in plan.custom.items()]

    def rows(self, table: Table) -> Iterator[Row]:
        """Every record of the table, as a draft or a rejection, in order. Raises as `Table.records` does."""
        for record in table.records():
            yield self.row(record)

    def row(self, record: Record) -> Row:
        """One record."""
        line, cells = record
        if len(cells) != self._width:
            return RejectedRow(line, f"{len(cells)} cells where the header has {self._width}")
        if "\0" in "".join(cells):
            return RejectedRow(line, "a cell contains a NUL byte")
        try:
            return self._draft(line, cells)
        except _Refused as refused:
            return RejectedRow(line, str(refused))

    def _draft(self, line: int, cells: Sequence[str]) -> Row:
        values = _read_all(self._simple, cells)
        joint = {name: text for name, columns in self._joint if (text := _first(columns, cells))}
        fields: dict[str, FieldValue] = _read_all(self._custom, cells)
        if "full_name" in joint:
            _split_name(joint["full_name"], values)
        email_key = self._email(joint, values)
        profile = _linkedin(joint, values)
        notes = _phone(joint, values)
        if email_key is None and profile is None:
            email_key = _other_key(values)
            if email_key is None:
                empty = not (values or fields or notes)
                reason = "the row is empty" if empty else "no e-mail address, LinkedIn profile, form, website or phone"
                return RejectedRow(line, reason)
        if self._required and (missing := self._required - fields.keys() - values.keys()):
            return RejectedRow(line, f"{', '.join(sorted(missing))}: every lead of this project needs a value")
        return LeadDraft(line, email_key, profile, values, fields, notes)

    def _email(self, texts: Mapping[str, str], values: dict[str, object]) -> str | None:
        text = texts.get("email")
        if text is None:
            return None
        values["email"], key = _read("email", parse_email, text)
        if key in self._own_addresses:
            raise _Refused(f"email: `{text}` is one of your own sending addresses")
        return key


def _first(columns: tuple[int, ...], cells: Sequence[str]) -> str:
    """The text of the first of these columns that says something."""
    for column in columns:
        if text := bare(cells[column]):
            return text
    return ""


def _read_all(plan: Sequence[tuple[str, tuple[int, ...], Callable[[str], T]]], cells: Sequence[str]) -> dict[str, T]:
    """The values of fields that need nothing but their own cell; what says nothing is left out."""
    found: dict[str, T] = {}
    name = ""
    try:
        for name, columns, reader in plan:
            text = bare(cells[columns[0]]) or (_first(columns[1:], cells) if len(columns) > 1 else "")
            if text:
                found[name] = reader(text)
    except ValueError as error:
        raise _Refused(f"{name}: {error}") from None
    return found


class _Refused(Exception):
    """A cell that cannot be right."""


def _read(field: str, reader: Callable[[str], T], text: str) -> T:
    try:
        return reader(text)
    except ValueError as error:
        raise _Refused(f"{field}: {error}") from None


def _split_name(text: str, values: dict[str, object]) -> None:
    """Fill the names a file gives in one column: the last word is the last name, unless a comma says otherwise."""
    name = _read("full_name", text_value, text)
    last, comma, first = name.partition(",")
    if not comma:
        first, _, last = name.rpartition(" ")
        if not first:
            first, last = last, ""
    for field, part in (("first_name", first.strip()), ("last_name", last.strip())):
        if part:
            values.setdefault(field, part)


def _linkedin(texts: Mapping[str, str], values: dict[str, object]) -> str | None:
    """Fill the profile's address and id; its key, or None when the row names no profile."""
    url, urn = texts.get("linkedin_url"), texts.get("linkedin_urn")
    key = None
    if urn is not None:
        by_id = _read("linkedin_urn", parse_linkedin, urn)
        if by_id.profile_id is None:
            raise _Refused(f"linkedin_urn: `{urn[:80]}` is not a profile id")
        values["linkedin_urn"], key = by_id.profile_id, linkedin_key(by_id)
    if url is not None:
        profile = _read("linkedin_url", parse_linkedin, url)
        values["linkedin_url"], key = profile_url(profile), linkedin_key(profile)
        if profile.profile_id is not None:
            values.setdefault("linkedin_urn", profile.profile_id)
    return key


def _phone(texts: Mapping[str, str], values: dict[str, object]) -> tuple[str, ...]:
    """Fill the phone number. One that cannot be called is left out with a note: the person is not lost for it."""
    text = texts.get("phone")
    if text is None:
        return ()
    country = values.get("country")
    try:
        values["phone"] = parse_phone(text, country if isinstance(country, str) else None)
    except ValueError as error:
        return (f"phone: {error}; left empty",)
    return ()


def _other_key(values: Mapping[str, object]) -> str | None:
    """By what a lead without address and profile is known again: its form, its website, its phone."""
    for field, prefix in (("contact_form_url", "form:"), ("website", "form:"), ("phone", "tel:")):
        if value := values.get(field):
            return f"{prefix}{value}"[:320]
    return None
