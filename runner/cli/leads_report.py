"""What the `leads` commands say: reports of imports, people as tables, and exported files."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from runner.errors import UsageError
from runner.leads.export import guarded, write_leads
from runner.leads.importer import ImportReport, Progress
from runner.model.lead import Lead
from runner.model.lead_draft import Fate, RejectedRow
from runner.render.table import Column, json_text
from runner.render.terminal import one_line
from runner.store.dossier import dossier
from runner.store.leads import LeadFilter, find_lead, read_leads

if TYPE_CHECKING:
    from runner.cli.storage import Storage

PEOPLE = (
    Column("id", right=True), Column("name", width=28), Column("email", width=40), Column("company", width=28),
    Column("country"), Column("lists", width=30),
)  # fmt: skip
_SHOWN = 20


def import_report_text(report: ImportReport) -> str:
    """The report for a terminal: the counts, then rows with their reasons, the first few of each kind."""
    counts = ", ".join(f"{report.counts[fate]:,} {fate.value}" for fate in Fate)
    lines = [f"{one_line(report.source)}: {report.total:,} rows onto `{report.list_name}`: {counts}"]
    if report.closed:
        why = "suppressed, without what the law wants, or by an unknown sender"
        lines.append(f"  {len(report.closed):,} of them will not be written to: {why}")
    kinds = (("rejected", report.rejected), ("closed", report.closed), ("left out", report.notes))
    for title, rows in (*kinds, ("duplicate", report.duplicates)):
        lines += [f"  line {row.line}: {title}: {one_line(row.reason)}" for row in rows[:_SHOWN]]
        if len(rows) > _SHOWN:
            lines.append(f"  and {len(rows) - _SHOWN:,} more {title} (--format json lists all)")
    if report.ignored_columns:
        lines.append(f"  columns not read: {', '.join(one_line(title) for title in report.ignored_columns)}")
    lines += [f"  {one_line(hint)}" for hint in report.hints]
    return "\n".join(lines) + "\n"


def import_report_json(report: ImportReport) -> str:
    """The report for programs: every row."""
    return json_text(
        {
            "source": report.source,
            "list": report.list_name,
            "total": report.total,
            **{fate.value: report.counts[fate] for fate in Fate},
            "rejected_rows": _rows(report.rejected),
            "duplicate_rows": _rows(report.duplicates),
            "closed": len(report.closed),
            "closed_rows": _rows(report.closed),
            "notes": _rows(report.notes),
            "ignored_columns": list(report.ignored_columns),
            "hints": list(report.hints),
        }
    )


def _rows(rows: Sequence[RejectedRow]) -> list[dict[str, object]]:
    return [{"row": row.line, "reason": row.reason} for row in rows]


def write_rejected(report: ImportReport, path: Path) -> None:
    """Write the rejected rows' lines and reasons as CSV. Raises UsageError where the file cannot be written."""
    with _writing(path) as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(["row", "reason"])
        writer.writerows([row.line, guarded(one_line(row.reason))] for row in report.rejected)


@contextmanager
def progress_on(stream: TextIO) -> Iterator[Progress | None]:
    """A progress bar on a terminal; nothing elsewhere."""
    if not stream.isatty():
        yield None
        return
    from rich import progress as bars
    from rich.console import Console

    columns = (bars.TextColumn("importing"), bars.BarColumn(), bars.MofNCompleteColumn(), bars.TimeRemainingColumn())
    with bars.Progress(*columns, console=Console(file=stream), transient=True) as bar:
        task = bar.add_task("rows")
        yield lambda done, total: bar.update(task, completed=done, total=total)


def lead_row(lead: Lead) -> dict[str, object]:
    """One line of the list of people."""
    name = " ".join(part for part in (lead.first_name, lead.last_name) if part)
    return {
        "id": lead.id, "name": name, "email": lead.email, "company": lead.company, "country": lead.country,
        "linkedin_url": lead.linkedin_url, "phone": lead.phone, "lists": list(lead.lists), "tags": list(lead.tags),
    }  # fmt: skip


def lead_fields(lead: Lead) -> dict[str, object]:
    """What is known of one lead; empty fields are left out."""
    known = {"id": lead.id, **lead.values(), "linkedin_urn": lead.linkedin_urn}
    return {name: value for name, value in known.items() if value not in (None, "", [], {})}


def lead_json(lead: Lead) -> str:
    """One lead for programs."""
    return json_text({"lead": asdict(lead)})


def erased_json(lead_id: int) -> str:
    """The answer of an erasure for programs."""
    return json_text({"erased": lead_id}).rstrip("\n")


def export_one(storage: Storage, name: str, output: Path | None) -> None:
    """Write everything about one lead as JSON."""
    key = storage.key()
    with storage.db.read() as connection:
        text = json_text(dossier(connection, find_lead(connection, name).id, key))
    with _writing(output) as stream:
        stream.write(text)


def export_people(storage: Storage, list_name: str | None, output: Path | None, *, as_json: bool) -> None:
    """Write people as CSV, or as JSON with one object a person."""
    with storage.db.read() as connection:
        people = read_leads(connection, LeadFilter(list_name))
        if as_json:
            text = json_text({"leads": [asdict(lead) for lead in people]})
            with _writing(output) as stream:
                stream.write(text)
            return
        with _writing(output) as stream:
            write_leads(people, tuple(storage.settings.lead_fields), stream)


@contextmanager
def _writing(path: Path | None) -> Iterator[TextIO]:
    """The file to write, or standard output."""
    if path is None:
        yield sys.stdout
        return
    try:
        stream = path.open("w", encoding="utf-8", newline="")
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}") from None
    with stream:
        yield stream
