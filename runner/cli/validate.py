"""`runner validate`: everything that is wrong with a project's files, in one run, without a database."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from runner.cli.checking import Checked, Request

_FORMATS = ("text", "json", "github", "sarif")


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path, allow_dash=True))
@click.option("--format", "output_format", type=click.Choice(_FORMATS), default="text", show_default=True)
@click.option("--fix", is_flag=True, help="Apply the safe fixes as text edits; comments stay.")
@click.option("--strict", is_flag=True, help="Treat warnings as errors.")
@click.option("--select", multiple=True, metavar="SLUG", help="Report only these rules. Repeatable, or with commas.")
@click.option("--ignore", multiple=True, metavar="SLUG", help="Leave out the warnings of these rules.")
@click.option("--leads", metavar="LIST|FILE", help="Render every lead of a stored list or CSV file through every step.")
def validate(
    paths: tuple[Path, ...],
    output_format: str,
    fix: bool,
    strict: bool,
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    leads: str | None,
) -> int:
    """Check the project, or only PATHS of it; `-` reads a file from standard input.

    Exit code 0: nothing found, or only warnings. 1: errors (with --strict also warnings). 2: bad usage.
    """
    from runner.cli.checking import Request, check, mend

    request = Request(paths, strict=strict, select=_slugs(select), ignore=_slugs(ignore), leads=leads)
    if fix:
        mended = mend(request)
        for name in mended:
            click.echo(f"mended {name}", err=True)
    checked = check(request)
    _show(checked, request, output_format)
    return 1 if any(item["severity"] == "error" for item in checked.report["diagnostics"]) else 0


def _slugs(values: tuple[str, ...]) -> frozenset[str]:
    return frozenset(slug.strip() for value in values for slug in value.split(",") if slug.strip())


def _show(checked: Checked, request: Request, output_format: str) -> None:
    """Results for programs go to standard output; what people are to mend goes to standard error."""
    if output_format == "json":
        from runner.render.json import render_json

        click.echo(render_json(checked.report), nl=False)
    elif output_format == "github":
        from runner.render.github import render_github

        click.echo(render_github(checked.report), nl=False)
    elif output_format == "sarif":
        from runner.render.sarif import render_sarif

        click.echo(render_sarif(checked.report), nl=False)
    else:
        _show_text(checked)


def _show_text(checked: Checked) -> None:
    from runner.render.terminal import wants_colour
    from runner.render.text import render_text, summary_line

    found = bool(checked.report["diagnostics"])
    stream = sys.stderr if found else sys.stdout
    if found:
        click.echo(render_text(checked.report, checked.source, colour=wants_colour(stream)), err=True)
    line = summary_line(checked.report, len(checked.files))
    hidden = f" ({checked.hidden} not shown)" if checked.hidden else ""
    click.echo(line + hidden, file=stream)
