"""Importing leads: a file is proven whole first, then taken in by batches, and every row is accounted for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import BinaryIO, Protocol

from runner.leads.columns import plan_columns
from runner.leads.rows import Reading
from runner.leads.source import open_source
from runner.leads.table import read_table
from runner.model.lead_draft import Fate, LeadDraft, RejectedRow, Result, Row

BATCH = 2000
"""Rows a transaction: large enough that the commit costs nothing, small enough that `serve` is not kept waiting."""

Progress = Callable[[int, int], None]
"""Called with the rows done and the rows there are."""


class LeadStore(Protocol):
    """Where leads are kept."""

    def upsert(self, batch: Sequence[LeadDraft], list_name: str) -> Sequence[Result]:
        """Store a batch in one transaction, put its people on the list, and say for each draft what became of it.

        A person is known again by `email_key` or `linkedin_key`; what a draft holds replaces what is stored. A draft
        that adds nothing is a duplicate; one whose two keys belong to two people is rejected.
        """
        ...


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """How a file is read. `lead_fields` are the project's own fields with their types, `required_fields` the fields,
    standard ones too, that every row must have; `renamed` maps headers to fields; `own_addresses` are the keys of
    addresses we send from; `senders` the fields that choose who writes, with the names there are; `encoding` is None
    for UTF-8.
    """

    lead_fields: Mapping[str, str] = field(default_factory=dict)
    required_fields: frozenset[str] = frozenset()
    renamed: Mapping[str, str] = field(default_factory=dict)
    own_addresses: frozenset[str] = frozenset()
    senders: Mapping[str, frozenset[str]] = field(default_factory=dict)
    encoding: str | None = None


@dataclass(slots=True)
class ImportReport:
    """What came of an import: `total` is the sum of the four counts. Rows are named by the line they start on.

    `duplicates` are the rows whose person is in an earlier row of the same file; rows that told the store nothing new
    are counted with them and not listed. `closed` are the rows whose person will not be written to, with the reason.
    """

    source: str
    list_name: str
    counts: dict[Fate, int] = field(default_factory=lambda: dict.fromkeys(Fate, 0))
    rejected: list[RejectedRow] = field(default_factory=list)
    duplicates: list[RejectedRow] = field(default_factory=list)
    notes: list[RejectedRow] = field(default_factory=list)
    closed: list[RejectedRow] = field(default_factory=list)
    ignored_columns: tuple[str, ...] = ()
    hints: tuple[str, ...] = ()

    @property
    def total(self) -> int:
        """The rows read."""
        return sum(self.counts.values())

    def add(self, line: int, result: Result) -> None:
        """Account for one row."""
        self.counts[result.fate] += 1
        if result.closed:
            self.closed.append(RejectedRow(line, result.closed))
        if result.fate is Fate.REJECTED:
            self.rejected.append(RejectedRow(line, result.reason))
        elif result.fate is Fate.DUPLICATE and result.lead_id is None:
            self.duplicates.append(RejectedRow(line, result.reason))


def read_leads(source: str | Path | BinaryIO, options: ImportOptions | None = None) -> Iterator[Row]:
    """The rows of a CSV file as drafts and rejections, in order, without storing anything.

    Raises UsageError, with the line, where the file as a whole cannot be trusted: wrong encoding, broken quotes, two
    columns of one name, no column that names a person.
    """
    options = options or ImportOptions()
    with open_source(source, options.encoding) as opened:
        table = read_table(opened)
        plan = plan_columns(table, options.lead_fields, options.renamed)
        yield from Reading(plan, options.own_addresses, options.required_fields).rows(table)


def import_leads(
    source: str | Path | BinaryIO,
    store: LeadStore,
    list_name: str,
    options: ImportOptions | None = None,
    progress: Progress | None = None,
) -> ImportReport:
    """Import a CSV file into `store` and put everybody on `list_name`.

    The whole file is read once before anything is stored, so that one that breaks off in the middle changes nothing.
    Raises UsageError as `read_leads` does.
    """
    options = options or ImportOptions()
    with open_source(source, options.encoding) as opened:
        table = read_table(opened)
        plan = plan_columns(table, options.lead_fields, options.renamed)
        total = sum(1 for _ in table.records())
        report = ImportReport(opened.name, list_name, ignored_columns=plan.ignored, hints=plan.hints)
        rows = Reading(plan, options.own_addresses, options.required_fields).rows(table)
        _take_in(_once(rows, report), store, report, progress or _silent, total, options.senders)
    _sort(report)
    return report


def _silent(done: int, total: int) -> None:
    """No progress is shown."""


def _take_in(
    drafts: Iterator[LeadDraft], store: LeadStore, report: ImportReport, progress: Progress, total: int,
    senders: Mapping[str, frozenset[str]],
) -> None:  # fmt: skip
    progress(0, total)
    while batch := list(islice(drafts, BATCH)):
        for draft, result in zip(batch, store.upsert(batch, report.list_name), strict=True):
            report.add(draft.line, result)
            report.notes.extend(RejectedRow(draft.line, note) for note in draft.notes)
            report.closed.extend(RejectedRow(draft.line, why) for why in _unknown_senders(draft, senders))
        progress(report.total, total)
    progress(report.total, total)


def _unknown_senders(draft: LeadDraft, senders: Mapping[str, frozenset[str]]) -> Iterator[str]:
    for name, known in senders.items():
        said = str(draft.fields.get(name) or draft.values.get(name) or "").strip()
        if said and said not in known:
            yield f"{name}: no account has a sender {said!r} in `send_as`, and email to them fails"


def _once(rows: Iterable[Row], report: ImportReport) -> Iterator[LeadDraft]:
    """The drafts, each person once: a second row for the same person is accounted for and left out.

    What was seen is kept as hashes, so that a million people cost some 70 MB and not the length of their addresses.
    """
    seen: set[int] = set()
    for row in rows:
        match row:
            case RejectedRow(line=line, reason=reason):
                report.add(line, Result(Fate.REJECTED, reason=reason))
            case LeadDraft():
                keys = [hash((index, key)) for index, key in enumerate((row.email_key, row.linkedin_key)) if key]
                if any(key in seen for key in keys):
                    report.add(row.line, Result(Fate.DUPLICATE, reason="the same person is in an earlier row"))
                    continue
                seen.update(keys)
                yield row


def _sort(report: ImportReport) -> None:
    for found in (report.rejected, report.duplicates, report.notes, report.closed):
        found.sort(key=lambda row: row.line)
