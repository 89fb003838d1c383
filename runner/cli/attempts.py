"""`runner attempts`: every try, above all the ones whose end nobody knows."""

from __future__ import annotations

import getpass
from pathlib import Path

import click

from runner.cli.opening import format_option, open_project, project_option, say
from runner.engine.attempt import AttemptStatus

STATUSES = click.Choice([*(status.value for status in AttemptStatus), "all"])


@click.group(short_help="Tries of steps; settle those that may have gone out.")
def attempts() -> None:
    """Tries of steps; `unknown` ones may or may not have gone out and are never repeated by themselves."""


@attempts.command("list")
@click.option("--status", type=STATUSES, default="unknown", show_default=True, help="Where they stand.")
@click.option("--campaign", help="Only this campaign.")
@project_option
@format_option
def list_(status: str, campaign: str | None, root: Path, output: str) -> None:
    """Attempts by status, newest first."""
    from runner.render.table import Column, print_table
    from runner.store.histories import attempt_rows

    ctx = open_project(root)
    rows = attempt_rows(ctx, status=None if status == "all" else status, campaign=campaign)
    columns: list[Column | str] = [
        "id",
        "at",
        "campaign",
        "lead",
        "step",
        "account",
        "status",
        Column("reason", width=40),
    ]
    print_table(rows, columns, output_format=output, name="attempts", empty=f"no attempt is {status}")


@attempts.command("resolve", short_help="Settle an unknown attempt: it was sent, or it was not.")
@click.argument("attempt_id", type=int)
@click.option("--sent/--not-sent", "sent", default=None, help="What you found out; one of the two.")
@click.option("--by", default=getpass.getuser, help="Who found out; you by default.")
@project_option
@format_option
def resolve(attempt_id: int, sent: bool | None, by: str, root: Path, output: str) -> None:
    """Settle an unknown attempt. `--not-sent` fails the step, so that the sequence decides anew."""
    from runner.store.reconciling import resolve as settle

    if sent is None:  # not left to click: some versions take a missing pair of flags for the second one
        raise click.UsageError("Say what you found out: --sent or --not-sent.")
    settle(open_project(root), attempt_id, sent=sent, by=by)
    say(f"attempt {attempt_id} was {'sent' if sent else 'not sent'}", output, attempt=attempt_id, sent=sent)
