"""`runner tasks`: what people have to do, and what came of it."""

from __future__ import annotations

import getpass
import logging
from pathlib import Path

import click

from runner.cli.opening import format_option, open_project, project_option, say

_BY = click.option("--by", metavar="NAME", default=getpass.getuser, help="Who did it; you by default.")
EVENTS = click.Choice(["accepted", "replied", "unsubscribed"])


@click.group(short_help="Calls to make, invitations to send, forms to fill in.")
def tasks() -> None:
    """Calls to make, invitations to send, forms to fill in: the steps that people do."""


@tasks.command("list", short_help="List open tasks, the ones that expire first at the top.")
@click.option("--all", "every", is_flag=True, help="Also those that are closed.")
@project_option
@format_option
def list_(every: bool, root: Path, output: str) -> None:
    """Open tasks, the ones that expire first at the top; JSON has the whole texts."""
    from runner.render.table import Column, print_table
    from runner.store.tasking import task_rows

    ctx = open_project(root)
    with ctx.db.read() as connection:
        rows = task_rows(connection, status=None if every else "open")
    columns: list[Column | str] = [
        "task",
        "kind",
        "lead",
        "campaign",
        "step",
        Column("link", width=50),
        "number",
        "expires_at",
        "status",
    ]
    print_table(rows, columns, output_format=output, name="tasks", empty="no task is open")


@tasks.command("show")
@click.argument("task_id", type=int)
@project_option
@format_option
def show(task_id: int, root: Path, output: str) -> None:
    """One task with its text, ready to paste."""
    from runner.errors import NotFound
    from runner.render.table import json_text
    from runner.store.tasking import task_rows

    ctx = open_project(root)
    with ctx.db.read() as connection:
        found = [row for row in task_rows(connection, status=None) if row["task"] == task_id]
    if not found:
        raise NotFound(f"there is no task {task_id}", help="`runner tasks list` shows them")
    row = found[0]
    if output == "json":
        click.echo(json_text(row), nl=False)
        return
    detail = row["detail"] or {}
    told = {**row, "why": detail.get("why")}
    if detail.get("releasable") and row["status"] == "open":
        told["to send it"] = f"runner tasks release {task_id}"
    for name in ("title", "lead", "link", "number", "why", "to send it", "expires_at", "status", "closed_by"):
        if told.get(name):
            click.echo(f"{name.replace('_', ' ')}: {told[name]}")
    click.echo(f"\n{row['text']}")


@tasks.command("done")
@click.argument("task_id", type=int)
@click.option("--disposition", default="", help="What came of it; for a call one of the words above.")
@click.option("--failed", is_flag=True, help="It was tried and did not work; the step fails.")
@_BY
@project_option
@format_option
def done(task_id: int, disposition: str, failed: bool, by: str, root: Path, output: str) -> None:
    """Task TASK_ID was done; the lead goes on at once.

    A call ends with a disposition: interested, not_interested, callback, gatekeeper, voicemail, no_answer, busy,
    wrong_number or do_not_call. Nobody reached means failed; who spoke with you has replied; do_not_call opts out.
    """
    from runner.channels.phone.closing import close_call, is_call
    from runner.store.tasking import close_task

    ctx = open_project(root)
    if is_call(ctx, task_id):
        result = close_call(ctx, task_id, disposition, by=by, failed=failed)
    else:
        result = "failed" if failed else "done"
        close_task(ctx, task_id, result, by=by, disposition=disposition)
    say(f"task {task_id} {result}", output, task=task_id, result=result)


@tasks.command("skip")
@click.argument("task_id", type=int)
@click.option("--reason", default="", help="Why; it goes into the log.")
@_BY
@project_option
@format_option
def skip(task_id: int, reason: str, by: str, root: Path, output: str) -> None:
    """Task TASK_ID is not done; the step counts as skipped."""
    from runner.store.tasking import close_task

    close_task(open_project(root), task_id, "skipped", by=by, disposition=reason)
    say(f"task {task_id} skipped", output, task=task_id, result="skipped")


@tasks.command("release", short_help="Send what a task shows, now and once, in your name.")
@click.argument("task_id", type=int)
@_BY
@project_option
@format_option
def release(task_id: int, by: str, root: Path, output: str) -> None:
    """Send what task TASK_ID shows, now and once, in your name; `runner tasks show` first.

    It passes the same gate as every send. When the gate defers, or the account has trouble, nothing goes out, and the
    step comes back as a new task as soon as it may.
    """
    from runner.cli.send import show_sent
    from runner.operator import operator_of
    from runner.serve.logs import set_up_logs

    set_up_logs(level=logging.WARNING)
    with operator_of(open_project(root), root) as operator:
        result = operator.release_task(task_id, by=by)
    show_sent(result, output)


@tasks.command("report", short_help="Say what a lead did where no inbox sees it.")
@click.argument("lead")
@click.argument("event", type=EVENTS)
@_BY
@click.option("--channel", default="linkedin", show_default=True)
@project_option
@format_option
def report(lead: str, event: str, by: str, channel: str, root: Path, output: str) -> None:
    """Say what LEAD (id or address) did where no inbox sees it: accepted, replied or unsubscribed."""
    from runner.model.events import EventKind
    from runner.operator import channel_named
    from runner.store.finding import lead_ids
    from runner.store.tasking import report_event

    ctx = open_project(root)
    with ctx.db.read() as connection:
        [lead_id] = lead_ids(connection, [lead])
    count = report_event(ctx, lead_id, EventKind(event), by=by, channel=channel_named(channel))
    say(f"{event}: {count} enrollments told", output, event=event, enrollments=count)
