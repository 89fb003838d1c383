"""`runner preview`: what a sequence would say to one person, before anybody reads it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from runner.cli.rendering import StepText
    from runner.model.lead import Lead
    from runner.model.project import Project


@click.command(short_help="Show a sequence's messages as one lead will get them.")
@click.argument("sequence")
@click.option("--leads", "csv_file", type=click.Path(path_type=Path), help="Take the lead from this CSV file.")
@click.option("--row", type=click.IntRange(min=1), help="Which person of it: 1 is the first. [default: 1]")
@click.option("--set", "assignments", multiple=True, metavar="NAME=VALUE", help="Give the lead a field. Repeatable.")
@click.option("--step", help="Only this step.")
@click.option("--campaign", "campaign_name", help="With the variables and accounts of this campaign.")
@click.option("--format", "output_format", type=click.Choice(["text", "json"]), default="text", show_default=True)
def preview(
    sequence: str,
    csv_file: Path | None,
    row: int | None,
    assignments: tuple[str, ...],
    step: str | None,
    campaign_name: str | None,
    output_format: str,
) -> int:
    """Show the subject and text of every step of SEQUENCE (its name or file) for one lead, with their lengths.

    Exit code 1 when a text cannot be filled in for this lead.
    """
    from runner.cli.compiled import project_with
    from runner.cli.rendering import campaign_for, step_texts
    from runner.errors import NotFound

    project, compiled = project_with(sequence)
    lead = _lead(project, csv_file, row, assignments)
    name = compiled.graph.name
    if campaign_name is not None and campaign_name not in project.campaigns:
        raise NotFound(f"no campaign `{campaign_name}`", help=f"campaigns: {', '.join(sorted(project.campaigns))}")
    campaign = project.campaigns[campaign_name] if campaign_name else campaign_for(project, name)
    texts = [item for item in step_texts(project, compiled, campaign, lead) if step in (None, item.node.id)]
    if step is not None and not texts:
        raise NotFound(f"no step `{step}` of `{name}` has a text")
    if output_format == "json":
        from runner.render.table import json_text

        click.echo(json_text({"sequence": name, "steps": [_row(item) for item in texts]}), nl=False)
    else:
        click.echo("\n".join(_shown(item) for item in texts), nl=False)
    return 1 if any(item.trouble for item in texts) else 0


def _lead(project: Project, csv_file: Path | None, row: int | None, assignments: tuple[str, ...]) -> Lead:
    from itertools import islice

    from runner.cli.lead_rows import lead_of_words, leads_of_file
    from runner.errors import UsageError
    from runner.model.lead_draft import RejectedRow

    fields = project.settings.lead_fields
    if csv_file is None:
        return lead_of_words(assignments, fields)
    wanted = row or 1
    found = next(islice(leads_of_file(csv_file, fields), wanted - 1, None), None)
    if found is None:
        raise UsageError(f"{csv_file} has no person number {wanted}")
    line, lead = found
    if isinstance(lead, RejectedRow):
        raise UsageError(f"{csv_file}, line {line}: {lead.reason}")
    return lead_of_words(assignments, fields, lead)


def _row(item: StepText) -> dict[str, Any]:
    text, trouble = item.text, item.trouble
    return {
        "step": item.node.id,
        "channel": item.step.channel.value,
        "action": item.step.action or None,
        "variant": item.variant.id,
        "template": item.variant.template,
        "subject": text.subject if text else None,
        "preheader": text.preheader if text else None,
        "body": text.body if text else None,
        "lengths": {"subject": len(text.subject), "body": len(text.body.strip())} if text else None,
        "error": {"message": str(trouble), "line": trouble.line, "variable": trouble.variable} if trouble else None,
    }


def _shown(item: StepText) -> str:
    from runner.render.terminal import visible
    from runner.render.text import counted

    arm = f" {item.variant.id}" if item.variant.id != "default" else ""
    head = f"{item.node.id}{arm} ({item.step.channel.value}, {item.variant.template}.md)"
    if item.trouble is not None:
        place = f"line {item.trouble.line}"
        advice = f"\n  help: {item.trouble.help}" if item.trouble.help else ""
        return f"{head}\n  error: {place}: {item.trouble}{advice}\n"
    assert item.text is not None
    body = item.text.body.strip()
    lines = [f"{head}: {counted(len(body), 'character')}"]
    if item.text.subject:
        lines.append(f"  subject ({len(item.text.subject)}): {visible(item.text.subject)}")
    if item.text.preheader:
        lines.append(f"  preheader ({len(item.text.preheader)}): {visible(item.text.preheader)}")
    lines += [f"  | {visible(line)}".rstrip() for line in body.split("\n")]
    return "\n".join(lines) + "\n"
