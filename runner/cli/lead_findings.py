"""Every lead rendered through every step: what cannot be filled in, and what gets too long, with the lead's row."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from runner.cli.lead_rows import leads_of_file
from runner.cli.rendering import StepText, campaign_for, step_texts
from runner.compile.project import ProjectResult
from runner.lang.diagnostics import Diagnostic, Position, Related, Severity, Span
from runner.model.lead import Lead
from runner.model.lead_draft import RejectedRow
from runner.model.project import Project

REJECTED = "lead-rejected"
UNRESOLVED = "unresolved-variable"
MOST = 500


def lead_findings(result: ProjectResult, leads: str) -> Iterator[Diagnostic]:
    """What is wrong with the texts of the people in `leads`, a CSV file or the name of a stored list.

    Nothing while the project has errors of its own: they come first. Stops after `MOST` findings.
    """
    project = result.project
    if project is None:
        return
    found = 0
    for line, lead in _people(project, leads):
        for diagnostic in _of_lead(result, project, lead, Span(leads, Position(line, 1), Position(line, 2))):
            yield diagnostic
            found += 1
            if found >= MOST:
                return


def _people(project: Project, leads: str) -> Iterator[tuple[int, Lead | RejectedRow]]:
    if Path(leads).suffix.lower() in {".csv", ".tsv", ".txt"} or Path(leads).is_file():
        yield from leads_of_file(Path(leads), project.settings.lead_fields)
        return
    from runner.cli.stored_list import leads_of_list

    yield from enumerate(leads_of_list(project.root, leads), 1)


def _of_lead(result: ProjectResult, project: Project, lead: Lead | RejectedRow, row: Span) -> Iterator[Diagnostic]:
    if isinstance(lead, RejectedRow):
        yield Diagnostic(REJECTED, Severity.WARNING, f"this row would not be imported: {lead.reason}", row)
        return
    for name in sorted(project.sequences):
        sequence = project.sequences[name]
        for item in step_texts(project, sequence, campaign_for(project, name), lead):
            if item.trouble is not None:
                yield _unresolved(result, item, lead, row)


def _unresolved(result: ProjectResult, item: StepText, lead: Lead, row: Span) -> Diagnostic:
    trouble = item.trouble
    assert trouble is not None
    file = result.files.template_files[item.variant.template]
    place = Span(file, Position(trouble.line, trouble.column), Position(trouble.line, trouble.column + 1))
    who = lead.email or lead.linkedin_url or f"row {row.start.line}"
    return Diagnostic(
        UNRESOLVED,
        Severity.ERROR,
        f"step `{item.node.id}` cannot be written to {who}: {trouble}",
        row,
        label="this lead",
        help=trouble.help or "give the variable a fallback, or the lead a value",
        related=(Related(place, "needed here"),),
    )
