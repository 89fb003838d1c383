"""`runner history`: everything that was sent to a lead and came back."""

from __future__ import annotations

from pathlib import Path

import click

from runner.cli.opening import format_option, open_project, project_option


@click.command(short_help="List every attempt and event of a lead.")
@click.argument("lead")
@project_option
@format_option
def history(lead: str, root: Path, output: str) -> None:
    """Every attempt and event of LEAD (id or address), oldest first."""
    from runner.render.table import Column, print_table
    from runner.store.finding import lead_ids
    from runner.store.histories import outreach_history

    ctx = open_project(root)
    with ctx.db.read() as connection:
        [lead_id] = lead_ids(connection, [lead])
    columns: list[Column | str] = [
        "at",
        "entry",
        "campaign",
        "step",
        "channel",
        "account",
        "status",
        Column("reason", width=40),
    ]
    empty = "nothing went out and nothing came back"
    print_table(outreach_history(ctx, lead_id), columns, output_format=output, name="history", empty=empty)
