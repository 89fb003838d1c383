"""`runner doctor`: whether everything that sending needs is there and well, with what to do where it is not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from runner.cli.opening import format_option, open_project, project_option


@click.command(short_help="Test accounts, inboxes, domain, clock and database.")
@click.option("--invariants", is_flag=True, help="Only check what must always be true of the database.")
@click.option("--offline", is_flag=True, help="Leave out every check that connects to somewhere.")
@project_option
@format_option
def doctor(invariants: bool, offline: bool, root: Path, output: str) -> None:
    """Test accounts, inboxes, the sending domain, the clock and the database; each with a verdict and a remedy."""
    from runner.render.table import Column, print_table
    from runner.serve.check_up import check_up, invariant_rows

    ctx = open_project(root)
    rows: list[dict[str, Any]] = invariant_rows(ctx)
    if not invariants:
        rows += check_up(ctx, root, connect=not offline)
    print_table(rows, ["check", "subject", "verdict", Column("remedy", width=80)], output_format=output, name="checks")
    if any(row["verdict"] not in ("ok", "skipped") for row in rows):
        raise click.exceptions.Exit(1)
