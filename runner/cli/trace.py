"""`runner trace`: everything that happened to one enrollment, and why."""

from __future__ import annotations

from pathlib import Path

import click

from runner.cli.opening import format_option, open_project, project_option


@click.command(short_help="Show an enrollment's steps, and why each went as it did.")
@click.argument("enrollment", type=int)
@project_option
@format_option
def trace(enrollment: int, root: Path, output: str) -> None:
    """Every step of ENROLLMENT with its outcome, the condition values seen, and the events in between."""
    from runner.render.table import json_text
    from runner.store.outcomes_report import enrollment_trace

    found = enrollment_trace(open_project(root), enrollment)
    if output == "json":
        click.echo(json_text(found), nl=False)
        return
    click.echo(f"enrollment {enrollment}: {found['lead']} in {found['campaign']}, {found['status']}")
    for line in found["story"]:
        click.echo(f"  {line}")
    for text in found["tracebacks"]:
        click.echo(f"\n{text}")
