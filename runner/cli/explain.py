"""`runner explain`: why nothing goes out to a lead, and until when."""

from __future__ import annotations

from pathlib import Path

import click

from runner.cli.opening import format_option, open_project, project_option


@click.command(short_help="Where a lead stands, what holds them, and until when.")
@click.argument("lead")
@project_option
@format_option
def explain(lead: str, root: Path, output: str) -> None:
    """Where LEAD (id or address) stands in every campaign: what holds them, until when, what to do."""
    from runner.render.table import print_table
    from runner.store.explaining import explain_lead, not_enrolled
    from runner.store.finding import lead_ids

    ctx = open_project(root)
    with ctx.db.read() as connection:
        [lead_id] = lead_ids(connection, [lead])
    found = explain_lead(ctx, lead_id)
    if output == "json":
        reasons = [] if found else not_enrolled(ctx, lead_id)
        rows = [each.row() for each in found] or [{"state": "not enrolled", "why": why} for why in reasons]
        print_table(rows, ["why"], output_format="json", name="explanations")
        return
    for each in found:
        until = f", until {each.until:%a %d %b %Y %H:%M} UTC" if each.until else ""
        click.echo(
            f"{each.campaign} (enrollment {each.enrollment_id}) at {each.step or 'the start'}: {each.state}{until}"
        )
        click.echo(f"  {each.sentence}")
        if each.help:
            click.echo(f"  help: {each.help}")
    for line in [] if found else not_enrolled(ctx, lead_id):
        click.echo(line)
