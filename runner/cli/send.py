"""`runner send`: one lead's next step on the channels named, now, through the gate."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from runner.cli.opening import format_option, open_project, project_option


@click.command(short_help="Send a lead its next step now, through the same gate.")
@click.argument("campaign")
@click.argument("lead")
@click.option("--channels", required=True, help="Channels in order, such as email,linkedin.")
@project_option
@format_option
def send(campaign: str, lead: str, channels: str, root: Path, output: str) -> None:
    """Send LEAD (id or address) the next unsent step of CAMPAIGN on each channel in order, until one is sent."""
    from runner.operator import operator_of
    from runner.serve.logs import set_up_logs
    from runner.store.finding import lead_ids

    set_up_logs(level=logging.WARNING)
    ctx = open_project(root)
    with ctx.db.read() as connection:
        [lead_id] = lead_ids(connection, [lead])
    names = [name.strip() for name in channels.split(",") if name.strip()]
    with operator_of(ctx, root) as operator:
        result = operator.send_outreach_message(campaign, lead_id, names)
    show_sent(result, output)


def show_sent(result: Mapping[str, Any], output: str) -> None:
    """Print what came of a send by hand; exits with 1 when nothing was sent."""
    from runner.render.table import json_text, print_table

    if output == "json":
        click.echo(json_text(result), nl=False)
    else:
        print_table(result["attempts"], ["channel", "status", "message_id", "error"])
        if result["deferred"]:
            click.echo(f"deferred until {result['deferred']}: {result['reason']}")
    if not result["success"]:
        raise click.exceptions.Exit(1)
