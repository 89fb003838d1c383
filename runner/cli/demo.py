"""`runner demo`: the project's campaigns on sample leads against the sandbox, from first mail to last funnel."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from runner.cli.opening import format_option, project_option, show_diagnostics

if TYPE_CHECKING:
    from runner.serve.demo import Demo


@click.command(short_help="Play the campaigns on sample leads, on this machine only.")
@project_option
@click.option("--leads", "leads_file", type=click.Path(path_type=Path, exists=True), help="A CSV; leads/sample.csv.")
@click.option("--campaign", "campaigns", multiple=True, help="Only this campaign; repeatable.")
@click.option("--keep", is_flag=True, help="Stay up at the end, with the database and the servers, until Ctrl-C.")
@click.option("--story", "who", help="Whose story to tell at the end: an address. By default the longest one.")
@format_option
def demo(
    root: Path, leads_file: Path | None, campaigns: tuple[str, ...], keep: bool, who: str | None, output: str
) -> int:
    """Play the campaigns on sample leads: real SMTP, IMAP and HTTP on loopback, weeks in seconds.

    The accounts are the project's own, pointed at the sandbox; the clock jumps to the next thing that is due. It ends
    with the funnel of every campaign and one lead's full story. Exit code 1 if anybody was left without a final state.
    """
    from runner.errors import ProjectError
    from runner.serve.demo import demo as set_up
    from runner.serve.logs import set_up_logs

    set_up_logs(level=50 if output == "json" else 40)
    try:
        with set_up(root, leads_file or root / "leads" / "sample.csv", campaigns=campaigns) as playing:
            return _play(playing, who, keep, output)
    except ProjectError as error:
        show_diagnostics(error)
        raise


def _play(playing: Demo, who: str | None, keep: bool, output: str) -> int:
    from runner.render.table import json_text
    from runner.store.outcomes_report import final_states, longest_story

    ctx = playing.app.ctx
    if output == "text":
        counts = {fate.value: count for fate, count in playing.imported.counts.items() if count}
        click.echo("imported " + ", ".join(f"{count} {name}" for name, count in counts.items()))
        with _Progress(playing) as progress:
            playing.play(progress.step)
    else:
        playing.play()
    states = final_states(ctx)
    story = longest_story(ctx, who)
    if output == "json":
        click.echo(json_text({"leads": states, "campaigns": _funnels(playing), "story": story}), nl=False)
    else:
        _show(playing, states, story)
    if keep:
        _stay(playing)
    return 0 if all(state["status"] in ("completed", "stopped") for state in states) else 1


class _Progress:
    """A line that shows the campaign's clock and what went out so far."""

    def __init__(self, playing: Demo) -> None:
        self.playing = playing
        self.tty = sys.stderr.isatty()
        self.day = ""

    def __enter__(self) -> _Progress:
        return self

    def __exit__(self, *_: object) -> None:
        if self.tty:
            click.echo("", err=True)

    def step(self) -> None:
        """Show how far it is: on a terminal in place, else one line a day."""
        from runner.serve.until_idle import open_count

        now = self.playing.clock.now()
        sandbox = self.playing.sandbox
        mails, invited = len(sandbox.smtp.accepted()), len(sandbox.linkedin.taken("invitation"))
        line = (
            f"{now:%a %d %b %H:%M} UTC  {mails} mails, {invited} invitations, {len(sandbox.sites.ledger)} forms, "
            f"{open_count(self.playing.app)} people on the way"
        )
        if self.tty:
            click.echo(f"\r\x1b[K{line}", err=True, nl=False)
        elif f"{now:%d}" != self.day:
            self.day = f"{now:%d}"
            click.echo(line, err=True)


def _funnels(playing: Demo) -> list[dict[str, Any]]:
    from runner.store.histories import channel_metrics

    ctx = playing.app.ctx
    return [channel_metrics(ctx, campaign.name) for campaign in ctx.book.campaigns.values()]


def _show(playing: Demo, states: list[dict[str, Any]], story: dict[str, Any]) -> None:
    from runner.cli.metrics import print_funnel
    from runner.render.table import Column, print_table

    click.echo("")
    columns: list[Column | str] = ["lead", "campaign", "status", Column("reason", width=32), Column("path", width=90)]
    print_table(states, columns)
    for funnel in _funnels(playing):
        click.echo("")
        print_funnel(funnel)
    click.echo(f"\nThe story of {story['lead']}")
    for line in story["lines"]:
        click.echo(f"  {line}")


def _stay(playing: Demo) -> None:
    import signal

    click.echo(f"\nthe servers stay up: {playing.sandbox.ports}", err=True)
    click.echo(f"the database is {playing.folder / 'demo.db'}; Ctrl-C ends it", err=True)
    signal.pause()
