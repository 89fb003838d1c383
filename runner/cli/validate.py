"""`runner validate`: everything that is wrong with a project's files, in one run, without a database."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from runner.cli.checking import Checked

# For the services that annotate a merge request: the variable that holds the folder which paths count from.
_CHECKOUTS = {"github": "GITHUB_WORKSPACE", "gitlab": "CI_PROJECT_DIR"}
_FORMATS = ("text", "json", "github", "gitlab", "sarif")


@click.command(short_help="Check the project's files, or some of them.")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path, allow_dash=True))
@click.option("--format", "output_format", type=click.Choice(_FORMATS), default="text", show_default=True)
@click.option("--fix", is_flag=True, help="Apply the safe fixes as text edits; comments stay.")
@click.option("--strict", is_flag=True, help="Treat warnings as errors.")
@click.option("--select", multiple=True, metavar="SLUG", help="Report only these rules. Repeatable, or with commas.")
@click.option("--ignore", multiple=True, metavar="SLUG", help="Leave out the warnings of these rules.")
@click.option("--leads", metavar="LIST|FILE", help="Render every lead of a stored list or CSV file through every step.")
@click.option("--stdin-filename", type=click.Path(path_type=Path), help="The file that `-` stands for.")
def validate(
    paths: tuple[Path, ...],
    output_format: str,
    fix: bool,
    strict: bool,
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    leads: str | None,
    stdin_filename: Path | None,
) -> int:
    """Check the project, or only PATHS of it; `-` reads a file from standard input.

    Exit code 0: nothing found, or only warnings. 1: errors (with --strict also warnings). 2: bad usage.
    """
    from runner.cli.checking import Request, check, mend

    request = Request(paths, strict, _slugs(select), _slugs(ignore), leads, stdin_filename)
    base = Path(os.environ.get(_CHECKOUTS.get(output_format, ""), "") or Path.cwd()).absolute()
    if fix:
        for name in mend(request, base):
            click.echo(f"mended {name}", err=True)
    checked = check(request, base)
    if output_format == "text":
        _show_text(checked)
    else:
        _show_data(checked, output_format)
    return 1 if any(item["severity"] == "error" for item in checked.report["diagnostics"]) else 0


def _slugs(values: tuple[str, ...]) -> frozenset[str]:
    return frozenset(slug.strip() for value in values for slug in value.split(",") if slug.strip())


def _show_data(checked: Checked, output_format: str) -> None:
    """What programs read goes to standard output, also when nothing was found."""
    match output_format:
        case "json":
            from runner.render.json import render_json as render
        case "github":
            from runner.render.github import render_github as render
        case "gitlab":
            from runner.render.gitlab import render_gitlab as render
        case _:
            from runner.render.sarif import render_sarif as render
    click.echo(render(checked.report), nl=False)


def _show_text(checked: Checked) -> None:
    """What people are to mend goes to standard error, the good news to standard output."""
    from runner.render.terminal import wants_colour
    from runner.render.text import render_text, summary_line

    found = bool(checked.report["diagnostics"])
    stream = sys.stderr if found else sys.stdout
    colour = wants_colour(stream)
    if found:
        click.echo(render_text(checked.report, checked.source, colour=colour), file=stream, color=colour)
    hidden = f" ({checked.hidden} not shown)" if checked.hidden else ""
    click.echo(summary_line(checked.report, checked.files) + hidden, file=stream)
