"""Every lead rendered through every step: what cannot be filled in, and what gets too long, with the lead's row."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from runner.cli.lead_rows import leads_of_file
from runner.cli.rendering import StepText, campaign_for, step_texts
from runner.compile.checks import note_too_long, subject_too_long
from runner.compile.project import ProjectResult
from runner.lang.diagnostics import Diagnostic, Position, Related, Severity, Span
from runner.lang.templates import Rendered
from runner.model.channel import ChannelConfig, ChannelType
from runner.model.lead import Lead
from runner.model.lead_draft import RejectedRow
from runner.model.linkedin_limits import CONNECT, MESSAGE, linkedin_length, longest_for_all
from runner.model.project import Project

REJECTED = "lead-rejected"
UNRESOLVED = "unresolved-variable"
MOST = 500


def lead_findings(result: ProjectResult, leads: Path | str, name: str) -> Iterator[Diagnostic]:
    """What is wrong with the texts of the people in `leads`: the path of a CSV file, or a stored list.

    `name` is what the findings call it. There are none while the project has errors of its own, which come first, and
    never more than `MOST`.
    """
    project = result.project
    if project is None:
        return
    found = 0
    for line, lead in _people(project, leads):
        for diagnostic in _of_lead(result, project, lead, Span(name, Position(line, 1), Position(line, 2))):
            yield diagnostic
            found += 1
            if found >= MOST:
                return


def _people(project: Project, leads: Path | str) -> Iterator[tuple[int, Lead | RejectedRow]]:
    if isinstance(leads, Path):
        yield from leads_of_file(leads, project.settings.lead_fields)
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
            if item.text is None:
                yield _unresolved(result, item, lead, row)
            else:
                yield from _too_long(item, item.text, lead, row, _accounts(project, name))


def _accounts(project: Project, sequence: str) -> list[ChannelConfig]:
    """The LinkedIn accounts that may send a sequence, over all its campaigns."""
    every = [config for config in project.channels.values() if config.channel is ChannelType.LINKEDIN]
    named = [
        campaign.accounts.get(ChannelType.LINKEDIN)
        for campaign in project.campaigns.values()
        if campaign.sequence == sequence
    ]
    return [
        config for config in every if config.enabled and any(names is None or config.name in names for names in named)
    ]


def _too_long(
    item: StepText, text: Rendered, lead: Lead, row: Span, accounts: Sequence[ChannelConfig]
) -> Iterator[Diagnostic]:
    parts = []
    if item.step.channel is ChannelType.EMAIL:
        parts.append((subject_too_long.SLUG, "subject", text.subject, subject_too_long.SUBJECT_LIMIT))
    elif item.step.channel is ChannelType.LINKEDIN:
        invites = item.step.action == "connect"
        limit = longest_for_all(CONNECT if invites else MESSAGE, accounts)
        parts.append((note_too_long.SLUG, "note" if invites else "message", text.body.strip(), limit))
    measure = linkedin_length if item.step.channel is ChannelType.LINKEDIN else len
    for slug, part, written, limit in parts:
        length = measure(written)
        if length > limit:
            yield Diagnostic(
                slug,
                Severity.ERROR,
                f"the {part} of step `{item.node.id}` to {_who(lead, row)} has {length} characters, not {limit}",
                row,
                label="this lead",
                help=f"shorten {item.variant.template}.md, or cut its fields with `truncate`",
            )


def _unresolved(result: ProjectResult, item: StepText, lead: Lead, row: Span) -> Diagnostic:
    trouble = item.trouble
    assert trouble is not None
    file = result.files.template_files[item.variant.template]
    line = result.files.templates[item.variant.template].split("\n")[trouble.line - 1]
    variable = trouble.variable or ""
    first = max(line.find(variable), 0) + 1
    place = Span(file, Position(trouble.line, first), Position(trouble.line, first + max(len(variable), 1)))
    return Diagnostic(
        UNRESOLVED,
        Severity.ERROR,
        f"step `{item.node.id}` cannot be written to {_who(lead, row)}: {trouble}",
        row,
        label="this lead",
        help=trouble.help or "give the variable a fallback, or the lead a value",
        related=(Related(place, "needed here"),),
    )


def _who(lead: Lead, row: Span) -> str:
    return lead.email or lead.linkedin_url or f"row {row.start.line}"
