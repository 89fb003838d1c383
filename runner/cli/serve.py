"""`runner serve`: run the project until it is told to stop."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from runner.cli.opening import project_option, show_diagnostics

if TYPE_CHECKING:
    from runner.serve.app import App


@click.command(short_help="Run every campaign: what is due goes out.")
@project_option
@click.option("--once", is_flag=True, help="Do what is due now, then exit (for cron).")
@click.option("--until-idle", is_flag=True, help="Exit when nobody is on the way any more.")
@click.option("--dry-run", is_flag=True, help="Say what would go out; write no attempt and touch no network.")
@click.option("--workers", type=click.IntRange(1, 64), default=8, show_default=True, help="Sends under way at once.")
@click.option("--lease", type=float, default=60.0, show_default=True, help="Seconds a worker may be silent.")
@click.option("--inbox-every", type=float, default=60.0, show_default=True, help="Seconds between inbox reads.")
@click.option("--log-format", type=click.Choice(["text", "json"]), default="text", show_default=True)
def serve(
    root: Path, once: bool, until_idle: bool, dry_run: bool, workers: int, lease: float, inbox_every: float,
    log_format: str,
) -> int:  # fmt: skip
    """Run every campaign of the project: APScheduler fires the tick, due steps go to their channels.

    Refuses to start on a broken project, a missing secret or a database that is not ready. SIGTERM finishes what is
    under way (a second one ends at once), SIGHUP reads the files again.
    """
    from runner.errors import ProjectError
    from runner.serve.app import build
    from runner.serve.logs import set_up_logs
    from runner.serve.process import Options, dry_report, run_once, run_service

    set_up_logs(log_format)
    try:
        app = build(root)
    except ProjectError as error:
        show_diagnostics(error)
        raise
    click.get_current_context().call_on_close(app.close)
    if not dry_run:  # a dry run connects to nothing, so it needs none
        _refuse_missing_secrets(app)
    options = Options(workers=workers, lease=lease, inbox_every=inbox_every, until_idle=until_idle)
    for line in _first_lines(app, dry_run):
        click.echo(line, err=True)
    if dry_run:
        for line in dry_report(app):
            click.echo(line)
        return 0
    return run_once(app, options) if once else run_service(app, options)


def _refuse_missing_secrets(app: App) -> None:
    from runner.channels.wiring import secret_reader
    from runner.errors import MissingSecret
    from runner.store.accounts import missing_secrets

    missing = missing_secrets(app.ctx.book.project, secret_reader(app.root))
    for row in missing:
        click.echo(f"error: {row['account']}: {row['verdict']}\n  help: {row['remedy']}", err=True)
    if missing:
        count = f"{len(missing)} secret{'s are' if len(missing) > 1 else ' is'} missing"
        raise MissingSecret(count, help="set them, or switch the account off with `enabled: false`")


def _first_lines(app: App, dry_run: bool) -> list[str]:
    from runner import __version__
    from runner.serve.until_idle import open_count
    from runner.store.restoring import HELP, REASON, is_restored

    book = app.ctx.book
    where = app.ctx.db.engine.url.render_as_string(hide_password=True)
    lines = [f"runner {__version__}  {where}  {len(book.project.sequences)} sequences, "
             f"{len(book.project.channels)} accounts, {open_count(app)} people in flight"]  # fmt: skip
    for campaign in book.project.campaigns.values():
        state = "off" if not campaign.enabled else campaign.mode.value
        lines.append(f"  {campaign.name}: {campaign.sequence}, {state}, priority {campaign.priority}")
    with app.ctx.db.read() as connection:
        if is_restored(connection):
            lines += [f"error: {REASON}; nothing is sent", f"  help: {HELP}"]
    if dry_run:
        lines.append("  dry run: nothing is sent and nothing is written")
    return lines
