"""What every command that needs the database does first: find the project and open it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from runner.errors import ProjectError
    from runner.store.context import Context

FORMATS = click.Choice(["text", "json"])


def project_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds `--project DIR`."""
    return click.option(
        "--project", "root", type=click.Path(path_type=Path, file_okay=False), default=Path(),
        help="The project's folder; the current one by default.",
    )(command)  # fmt: skip


def format_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds `--format text|json`."""
    return click.option("--format", "output", type=FORMATS, default="text", show_default=True, help="How to print.")(
        command
    )


def say(text: str, output: str, **fields: object) -> None:
    """Say what was done: a sentence, or the same as JSON."""
    from runner.render.table import json_text

    click.echo(json_text({"done": text, **fields}), nl=False) if output == "json" else click.echo(text)


def open_project(root: Path, *, publish_files: bool = False) -> Context:
    """Open the project until the command ends; if it does not compile, its diagnostics are shown, then ProjectError."""
    from runner.errors import ProjectError
    from runner.store.opening import open_context

    try:
        ctx = open_context(root, publish_files=publish_files)
    except ProjectError as error:
        show_diagnostics(error)
        raise
    click.get_current_context().call_on_close(ctx.db.close)
    return ctx


def show_diagnostics(error: ProjectError) -> None:
    """Print a project's diagnostics to stderr, as `runner validate` does."""
    from typing import cast

    from runner.lang.diagnostics import Diagnostic
    from runner.render.json import report
    from runner.render.text import render_text

    found = cast("tuple[Diagnostic, ...]", error.diagnostics)
    click.echo(render_text(report(found), _source), err=True)


def _source(file: str) -> str:
    try:
        return Path(file).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
