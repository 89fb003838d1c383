"""`runner metrics`: a campaign's funnel, counted from the log."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from runner.cli.opening import format_option, open_project, project_option


@click.command(short_help="Count what went out and what came back.")
@click.argument("campaign")
@project_option
@format_option
def metrics(campaign: str, root: Path, output: str) -> None:
    """What went out in CAMPAIGN and what came back, by step and by channel."""
    from runner.channels.wiring import ChannelSet
    from runner.operator import Operator
    from runner.render.table import json_text

    found = Operator(open_project(root), ChannelSet({})).get_channel_metrics(campaign)
    if output == "json":
        click.echo(json_text(found), nl=False)
    else:
        print_funnel(found)


def print_funnel(found: dict[str, Any]) -> None:
    """Print a campaign's numbers as three tables."""
    from runner.render.table import Column, print_table

    click.echo(f"campaign {found['campaign']}")
    if found["switched_off"]:
        click.echo(f"switched off: {found['switched_off']}")
    print_table([{"enrollments": k, "count": v} for k, v in found["enrollments"].items()],
                ["enrollments", Column("count", right=True)])  # fmt: skip
    click.echo("")
    outcomes = [
        {**row, "outcomes": ", ".join(f"{name} {count}" for name, count in row["outcomes"].items())}
        for row in found["steps"]
    ]
    print_table(outcomes, ["step", Column("entered", right=True), "outcomes"], empty="no step was entered yet")
    click.echo("")
    keys = ["attempts", "sent", "delivered", "replied", "bounced", "failed", "unknown", "pending"]
    rows = [{"channel": name} | {key: counts.get(key, 0) for key in keys} for name, counts in found["channels"].items()]
    print_table(rows, ["channel", *(Column(key, right=True) for key in keys)], empty="no attempt was made yet")
    if opened := found["opened"]:
        click.echo("")
        rows = [{"tracked": name.replace("_", " "), "count": count} for name, count in opened.items()]
        print_table(rows, ["tracked", Column("count", right=True)])
