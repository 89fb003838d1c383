"""`runner enroll`, `pause`, `resume` and `stop`: what a person does to people in flight."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from runner.cli.opening import format_option, open_project, project_option


@click.command(short_help="Enter leads into a campaign now.")
@click.argument("campaign")
@click.argument("leads", nargs=-1, required=True)
@project_option
@format_option
def enroll(campaign: str, leads: tuple[str, ...], root: Path, output: str) -> None:
    """Enter LEADS (ids or addresses) into CAMPAIGN now, whatever its audience says."""
    from runner.errors import NotFound
    from runner.render.table import print_table
    from runner.store.enrolling import enroll as enroll_leads
    from runner.store.finding import lead_ids

    ctx = open_project(root, publish_files=True)
    if campaign not in {known.name for known in ctx.book.campaigns.values()}:
        raise NotFound(f"there is no campaign `{campaign}`", help="`runner validate` reads campaigns/")
    with ctx.db.read() as connection:
        ids = lead_ids(connection, leads)
    rows = [
        {"lead": done.lead_id, "enrollment": done.enrollment_id, "result": done.reason or "enrolled"}
        for done in enroll_leads(ctx, campaign, ids)
    ]
    print_table(rows, ["lead", "enrollment", "result"], output_format=output, name="enrolled")
    if all(row["enrollment"] is None for row in rows):
        raise click.exceptions.Exit(1)


def _selection(command: Callable[..., Any]) -> Callable[..., Any]:
    for option in (
        click.argument("leads", nargs=-1),
        click.option("--campaign", help="Only in this campaign; without LEADS, everybody in it."),
        click.option("--enrollment", type=int, help="This enrollment only."),
        project_option,
        format_option,
    ):
        command = option(command)
    return command


@click.command(short_help="Take leads out of the queue; waits keep what is left.")
@click.option("--until", type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M"]), help="Resume by itself then (UTC).")
@click.option("--reason", default="paused by hand", show_default=True)
@_selection
def pause(until: datetime | None, reason: str, **selection: Any) -> None:
    """Take LEADS (ids or addresses) out of the queue; a wait keeps what is left of it."""
    from datetime import UTC

    from runner.store.operations import pause_rows

    aware = until.replace(tzinfo=UTC) if until else None
    _apply(lambda ctx, connection, ids: {"paused": pause_rows(connection, ids, reason, ctx.now(), aware)}, **selection)


@click.command(short_help="Let paused leads go on where they were.")
@_selection
def resume(**selection: Any) -> None:
    """Let paused LEADS (ids or addresses) go on where they were.

    With --campaign alone, also a campaign that paused by itself: too much of its mail bounced or was complained about.
    """
    from runner.store.guardrails import GUARD
    from runner.store.operations import resume_rows
    from runner.store.switching import lift_switch

    everybody = not selection["leads"] and selection["enrollment"] is None
    scope = f"campaign:{selection['campaign']}"

    def change(ctx: Any, connection: Any, ids: list[int]) -> dict[str, int]:
        done = {"resumed": resume_rows(connection, ids, ctx.now(), ctx.book)}
        if everybody and lift_switch(connection, scope, ctx.now(), actor=GUARD):
            done["campaigns"] = 1
        return done

    _apply(change, **selection)


@click.command(short_help="End leads in all campaigns, or in one, for good.")
@click.option("--reason", default="stopped by hand", show_default=True)
@_selection
def stop(reason: str, **selection: Any) -> None:
    """End LEADS (ids or addresses) in all campaigns, or in one, for good."""
    from runner.store.operations import stop_enrollments

    _apply(lambda ctx, _, ids: {"stopped": stop_enrollments(ctx, ids, reason)}, in_transaction=False, **selection)


def _apply(
    change: Callable[[Any, Any, list[int]], dict[str, int]], *, leads: tuple[str, ...], campaign: str | None,
    enrollment: int | None, root: Path, output: str, in_transaction: bool = True,
) -> None:  # fmt: skip
    from runner.render.table import print_table
    from runner.store.finding import open_enrollments

    if not leads and campaign is None and enrollment is None:
        raise click.UsageError("say whom: leads, --campaign or --enrollment")
    ctx = open_project(root)
    with ctx.db.read() as connection:
        ids = open_enrollments(connection, leads, campaign, enrollment)
    if in_transaction:
        with ctx.db.write() as connection:
            counts = change(ctx, connection, ids)
    else:
        counts = change(ctx, None, ids)
    print_table([counts], list(counts), output_format=output, name="result")
    if not any(counts.values()):
        raise click.exceptions.Exit(1)
