"""The people of a CSV file as leads that are not stored: to preview and to validate with."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from runner.errors import UsageError
from runner.leads.columns import plan_columns
from runner.leads.rows import Reading
from runner.leads.source import open_source
from runner.leads.table import read_table
from runner.model.lead import Lead
from runner.model.lead_draft import LeadDraft, RejectedRow

_STANDARD = frozenset(field.name for field in dataclasses.fields(Lead)) - {"id", "fields", "lists"}


def leads_of_file(path: Path, lead_fields: Mapping[str, str]) -> Iterator[tuple[int, Lead | RejectedRow]]:
    """Each row's line and lead, or why it would not be imported. A lead's id is its line.

    Raises UsageError where the file is not a table of people.
    """
    with open_source(path) as source:
        table = read_table(source)
        for row in Reading(plan_columns(table, lead_fields)).rows(table):
            yield row.line, row if isinstance(row, RejectedRow) else _lead(row)


def _lead(draft: LeadDraft) -> Lead:
    known: dict[str, Any] = {name: value for name, value in draft.values.items() if name in _STANDARD}
    return Lead(id=draft.line, fields=draft.fields, **known)


def lead_of_words(assignments: tuple[str, ...], lead_fields: Mapping[str, str], base: Lead | None = None) -> Lead:
    """A lead from `NAME=VALUE` words, read as cells of a CSV file are, over the fields of `base`.

    Raises UsageError for a word without `=`, a field that leads do not have, and a value of the wrong type.
    """
    from runner.leads.cells import CUSTOM_READERS, READERS

    lead = base or Lead(id=0)
    standard: dict[str, Any] = {}
    own = dict(lead.fields)
    for word in assignments:
        name, equals, text = word.partition("=")
        name = name.removeprefix("lead.").strip()
        if not equals:
            raise UsageError(f"`{word}` has no `=`", help="write --set first_name=Ada")
        try:
            if name in lead_fields:
                own[name] = CUSTOM_READERS[lead_fields[name]](text)
            elif name in _STANDARD:
                standard[name] = READERS[name](text) if name in READERS else text
            else:
                raise UsageError(f"leads have no field `{name}`", help=_meant(name, lead_fields))
        except ValueError as error:
            raise UsageError(f"{name}: {error}") from error
    return dataclasses.replace(lead, fields=own, **standard)


def _meant(name: str, lead_fields: Mapping[str, str]) -> str:
    from runner.lang.suggest import meant

    return meant(name, [*_STANDARD, *lead_fields])
