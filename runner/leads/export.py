"""Writing leads as CSV that a spreadsheet opens without running anything, and that imports again as it was."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Sequence
from typing import TextIO

from runner.leads.cells import FORMULA_STARTS, NOTHING
from runner.model.lead import Lead

COLUMNS = (
    "email", "first_name", "last_name", "company", "title", "linkedin_url", "linkedin_urn", "website",
    "contact_form_url", "phone", "timezone", "country", "grade", "score", "tags", "consent", "legal_basis", "source",
)  # fmt: skip
"""The columns of an export, by the names that the import knows; the project's own fields follow."""

_RISKY = re.compile(rf"'*[{re.escape(''.join(FORMULA_STARTS))}]", re.DOTALL)


def write_leads(people: Iterable[Lead], fields: Sequence[str], stream: TextIO) -> int:
    """Write people with a header and the project's own `fields`, in order. Returns how many there were."""
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow([*COLUMNS, *fields])
    count = 0
    for person in people:
        standard = (getattr(person, column) for column in COLUMNS)
        own = (person.fields.get(name) for name in fields)
        writer.writerow([guarded(cell_text(value)) for value in (*standard, *own)])
        count += 1
    return count


def cell_text(value: object) -> str:
    """A value as the import reads it back."""
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case tuple() | list():
            return ", ".join(str(part) for part in value)
        case float() if value.is_integer():
            return str(int(value))
        case _:
            return str(value)


def guarded(text: str) -> str:
    """The text with an apostrophe before it where a spreadsheet would take it for a formula (OWASP, CSV injection).

    The import takes exactly one apostrophe off again, so that the value comes back as it was.
    """
    return f"'{text}" if _RISKY.match(text) and text not in NOTHING else text
