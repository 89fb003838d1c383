"""`runner db upgrade`: make the tables, or bring them up to date."""

from __future__ import annotations

from pathlib import Path

import click

from runner.cli.opening import format_option, project_option, say


@click.group()
def db() -> None:
    """The database's tables."""


@db.command()
@project_option
@format_option
def upgrade(root: Path, output: str) -> None:
    """Make the database and its key when there are none, and bring the tables up to date."""
    from runner.store.keys import bind_key, load_key
    from runner.store.opening import compile_or_raise, open_store
    from runner.store.schema import current_revision, newest_revision
    from runner.store.schema import upgrade as upgrade_tables

    database = open_store(compile_or_raise(root).settings, root, create=True)
    click.get_current_context().call_on_close(database.close)
    before = current_revision(database)
    upgrade_tables(database)
    key = load_key(root, create=before is None)
    with database.write() as connection:
        bind_key(connection, key)
    place = database.engine.url.render_as_string(hide_password=True)
    after = newest_revision()
    words = f"{place}: already at {after}" if before == after else f"{place}: {before or 'empty'} -> {after}"
    say(words, output, before=before, after=after)
