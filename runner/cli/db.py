"""`runner db`: make the tables or bring them up to date; settle what a restored backup does not know."""

from __future__ import annotations

import logging
from pathlib import Path

import click

from runner.cli.opening import format_option, open_project, project_option, say


@click.group()
def db() -> None:
    """The database's tables."""


@db.command(short_help="Make the database, or bring its tables up to date.")
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


@db.command(short_help="After restoring a backup: what went out since, and go on.")
@click.option("--accept", is_flag=True, help="Count all of it as sent, and let sending go on.")
@click.option("--leave-out", multiple=True, metavar="ACCOUNT", help="Do not ask the Sent folder of this account.")
@project_option
@format_option
def reconcile(accept: bool, leave_out: tuple[str, ...], root: Path, output: str) -> None:
    """After restoring a backup: show what went out since it was made, and with --accept let sending go on.

    The journal beside the database and the accounts' Sent folders tell it. What went out is not repeated: the step ends
    as `unknown` when its person comes to it again, and is settled as any other. People who opted out since then are
    suppressed again, as far as the journal knows them.
    """
    from runner.channels.wiring import real_channels
    from runner.render.table import Column, print_table
    from runner.serve.logs import set_up_logs
    from runner.serve.reconciling import accept_sends, compare
    from runner.store.restoring import is_restored

    set_up_logs(level=logging.WARNING)
    ctx = open_project(root)
    found = compare(ctx, real_channels(root, ctx.clock).sent_folders, frozenset(leave_out))
    if accept:
        added = accept_sends(ctx, found)
        words = f"{len(found.sends)} sends and {added} opt-outs were taken over; sending goes on"
        say(words, output, sends=len(found.sends), opt_outs=added)
        return
    rows = [{"at": line.at.isoformat(timespec="seconds"), "campaign": line.campaign or None, "step": line.step or None,
             "account": line.account, "token": line.key} for line in found.sends]  # fmt: skip
    columns: list[Column | str] = ["at", "campaign", "step", "account", Column("token", width=26)]
    empty = "the database knows everything that was sent"
    print_table(rows, columns, output_format=output, name="sends", empty=empty)
    for account, error in sorted(found.unread.items()):
        click.echo(f"warning: the Sent folder of {account} cannot be read: {error}", err=True)
    with ctx.db.read() as connection:
        held = is_restored(connection)
    if held:
        click.echo("nothing is sent until this is accepted: `runner db reconcile --accept`", err=True)
    if held or found.unread:
        raise click.exceptions.Exit(1)


@db.command(short_help="Compare the machine's clock with the database's.")
@click.option("--accept", is_flag=True, help="The clock is right; what was dated ahead of it holds nothing any more.")
@project_option
@format_option
def clock(accept: bool, root: Path, output: str) -> None:
    """Compare the machine's clock with the newest instant that the database knows.

    While the clock is behind it, nothing is sent: by a wrong clock limits and windows mean nothing.
    """
    from runner.store.clock_mark import HELP, SLACK, accept_clock, newest_known

    ctx = open_project(root)
    now = ctx.now()
    if accept:
        count = accept_clock(ctx)
        say(f"the clock counts as right: {now.isoformat(timespec='seconds')}", output, limits=count)
        return
    with ctx.db.read() as connection:
        newest = newest_known(connection) or now
    behind = newest - now > SLACK
    known = newest.isoformat(timespec="seconds")
    words = f"the clock is behind: {known} is known already; nothing is sent" if behind else "the clock is right"
    say(words, output, clock=now.isoformat(), newest_known=newest.isoformat())
    if behind:
        click.echo(f"  help: {HELP}", err=True)
        raise click.exceptions.Exit(1)
