"""`runner backup`: a copy of the SQLite database, taken while it is in use."""

from __future__ import annotations

from pathlib import Path

import click

from runner.cli.opening import project_option


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@project_option
def backup(file: Path, root: Path) -> None:
    """Copy the database to FILE, whole and consistent, while `serve` runs. The key is not in it: keep it apart."""
    from runner.store.backups import back_up
    from runner.store.opening import compile_or_raise, open_store

    size = back_up(open_store(compile_or_raise(root).settings, root), file)
    click.echo(f"{file}: {size} bytes; keep `.runner/key` with it, or suppressed people are not recognised")
