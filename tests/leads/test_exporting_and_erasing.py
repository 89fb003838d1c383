"""Exports open safely in a spreadsheet and import again as they were; erased people stay erased."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable

import pytest

from runner.leads.cells import FORMULA_STARTS
from runner.leads.export import guarded, write_leads
from runner.leads.importer import ImportReport
from runner.model.lead_draft import Fate
from runner.store.database import Database
from runner.store.leads import LeadFilter, read_leads

TakeIn = Callable[..., ImportReport]
FIELDS = {"plan": "text", "seats": "integer", "vip": "boolean", "rate": "number", "since": "date"}
ODD = [
    "=1+1", "+1", "-1", "@SUM(1)", "＝1", "'=1", "''@x", "plain", "a,b", 'say "hi"', "it's", "'quoted'", "-", "0",
]  # fmt: skip


def exported(db: Database) -> str:
    stream = io.StringIO()
    with db.read() as connection:
        write_leads(read_leads(connection, LeadFilter()), tuple(FIELDS), stream)
    return stream.getvalue()


def test_an_export_imports_again_as_it_was(db: Database, take_in: TakeIn) -> None:
    rows = [["email", "company", "phone", "plan", "seats", "vip", "rate", "since", "tags", "consent", "score"]]
    rows += [
        [
            f"p{number}@x.example",
            guarded(text),
            "+442079460001",
            guarded(text),
            "3",
            "no",
            "1.5",
            "2026-11-23",
            "a, b",
            "yes",
            "7",
        ]
        for number, text in enumerate(ODD)
    ]
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    first = take_in(out.getvalue(), lead_fields=FIELDS)
    assert first.counts[Fate.NEW] == len(ODD)
    again = take_in(exported(db), lead_fields=FIELDS)
    assert (again.counts[Fate.DUPLICATE], again.counts[Fate.UPDATED], again.counts[Fate.REJECTED]) == (len(ODD), 0, 0)


def test_no_cell_of_an_export_starts_a_formula(db: Database, take_in: TakeIn) -> None:
    lines = "".join(f'p{number}@x.example,"{text.replace(chr(34), chr(34) * 2)}"\n' for number, text in enumerate(ODD))
    take_in("email,company\n" + lines)
    cells = [cell for row in csv.reader(io.StringIO(exported(db))) for cell in row]
    assert not [cell for cell in cells if cell.startswith(FORMULA_STARTS)]
    assert "'=1+1" in cells


@pytest.mark.parametrize("text", ["", "a", "'a", "-", "--"])
def test_what_is_no_formula_is_not_guarded(text: str) -> None:
    assert guarded(text) == text
