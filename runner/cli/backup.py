"""`runner backup`: a copy of the SQLite database, taken while it is in use."""

from __future__ import annotations

from pathlib import Path

import click

from runner.cli.opening import format_option, project_option, say


@click.command(short_help="Copy the database while `serve` runs.")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@project_option
@format_option
def backup(file: Path, root: Path, output: str) -> None:
    """Copy the database to FILE, whole and consistent, while `serve` runs. The key is not in it: keep it apart."""
    from runner.store.backups import back_up
    from runner.store.opening import compile_or_raise, open_store

    database = open_store(compile_or_raise(root).settings, root)
    click.get_current_context().call_on_close(database.close)
    size = back_up(database, file)
    words = f"{file}: {size} bytes; keep `.runner/key` with it, or suppressed people are not recognised"
    say(words, output, file=str(file), bytes=size)
