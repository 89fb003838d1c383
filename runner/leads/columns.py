"""Which column fills which field: the plan made once from the header."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from runner.errors import UsageError
from runner.leads.aliases import ALIASES, IDENTIFYING, header_key, rank, standard_field
from runner.leads.table import Table


@dataclass(frozen=True, slots=True)
class ColumnPlan:
    """`standard` gives for each field of a lead the columns to look in, best first; `custom` for each column of the
    project's own its field and type. `ignored` are the headers nobody reads; `hints` say what they may have meant.
    """

    width: int
    standard: Mapping[str, tuple[int, ...]]
    custom: Mapping[int, tuple[str, str]]
    ignored: tuple[str, ...]
    hints: tuple[str, ...]


def plan_columns(table: Table, lead_fields: Mapping[str, str], renamed: Mapping[str, str] | None = None) -> ColumnPlan:
    """Plan a table's columns. `lead_fields` are the project's own fields with their types; `renamed` maps a header to
    the field it shall fill.

    Raises UsageError when no column names a person, or a rename names a column or field that is not there.
    """
    wanted = _renames(table, lead_fields, renamed or {})
    standard: dict[str, list[int]] = {}
    custom: dict[int, tuple[str, str]] = {}
    ignored: list[str] = []
    own = {header_key(name): name for name in lead_fields}
    for index, title in enumerate(table.header):
        field = wanted.get(header_key(title)) or standard_field(title) or own.get(header_key(title))
        if field in ALIASES:
            standard.setdefault(field, []).append(index)
        elif field is not None:
            custom[index] = (field, lead_fields[field])
        else:
            ignored.append(title or f"column {index + 1}")
    hints = _hints(ignored, [*ALIASES, *lead_fields])
    if not any(field in standard for field in IDENTIFYING):
        raise UsageError(
            f"{table.source.name}, line {table.header_line}: no column names a person (the columns are "
            f"{', '.join(f'`{title}`' for title in table.header[:12])}{' ...' if len(table.header) > 12 else ''})",
            help="; ".join(hints) or "one of them has to be `email` or `linkedin_url`; --map HEADER=email says which",
        )
    order = [_order(title, wanted) for title in table.header]
    ordered = {field: tuple(sorted(found, key=order.__getitem__)) for field, found in standard.items()}
    return ColumnPlan(len(table.header), ordered, custom, tuple(ignored), tuple(hints))


def _order(title: str, wanted: Mapping[str, str]) -> int:
    return -1 if header_key(title) in wanted else rank(title)


def _renames(table: Table, lead_fields: Mapping[str, str], renamed: Mapping[str, str]) -> dict[str, str]:
    titles = {header_key(title) for title in table.header}
    wanted: dict[str, str] = {}
    for title, field in renamed.items():
        if header_key(title) not in titles:
            raise UsageError(f"{table.source.name} has no column `{title}`", help=_did_you_mean(title, table.header))
        if field not in ALIASES and field not in lead_fields:
            raise UsageError(f"leads have no field `{field}`", help=_did_you_mean(field, [*ALIASES, *lead_fields]))
        wanted[header_key(title)] = field
    return wanted


def _hints(ignored: Sequence[str], fields: Sequence[str]) -> list[str]:
    by_key = {header_key(field): field for field in fields}
    hints = []
    for title in ignored:
        close = difflib.get_close_matches(header_key(title), by_key, n=1, cutoff=0.8)
        if close:
            hints.append(f"column `{title}` is not read; did you mean `{by_key[close[0]]}`?")
    return hints


def _did_you_mean(name: str, known: Sequence[str]) -> str:
    close = difflib.get_close_matches(name, known, n=1)
    return f"did you mean `{close[0]}`?" if close else f"there are {', '.join(f'`{one}`' for one in known)}"
