"""Write what of docs/ is generated: commands, keys of the files, outputs of examples. `--check` only compares.

    python scripts/write_docs.py [--check] [PAGE ...]

Exit code 1 when a page was stale.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import click
from click.testing import CliRunner
from doc_examples import PAGES as EXAMPLE_PAGES
from doc_examples import fresh_page
from sandbox_page import sandbox_page
from schema_tables import files_page

from runner.cli.main import cli

DOCS = Path(__file__).resolve().parents[1] / "docs"
WIDTH = 100

CLI_OPENING = """# Commands

Written by `make docs` from what each command says of itself.

Results go to stdout and problems to stderr; every command has `--format json`.
Exit codes: 0 fine, 1 problems found, 2 bad usage, 3 internal failure.
"""


def commands(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Every command below a group, depth first, with its path."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None, name
        yield (*path, name), command
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))


def help_of(path: tuple[str, ...]) -> str:
    """What `runner PATH --help` prints."""
    result = CliRunner().invoke(cli, [*path, "--help"], prog_name="runner", terminal_width=WIDTH)
    if result.exit_code != 0:
        raise RuntimeError(f"runner {' '.join(path)} --help: {result.output}{result.exception}")
    return "\n".join(line.rstrip() for line in result.output.strip().splitlines())


def cli_page() -> str:
    """docs/cli.md."""
    parts = [CLI_OPENING]
    for path, _ in commands(cli):
        level = "#" * (len(path) + 1)
        parts.append(f"{level} runner {' '.join(path)}\n\n```text\n{help_of(path)}\n```\n")
    return "\n".join(parts)


PAGES: dict[str, Callable[[], str]] = {
    "cli.md": cli_page,
    "files.md": files_page,
    "sandbox.md": sandbox_page,
    **{name: partial(fresh_page, name) for name in EXAMPLE_PAGES},
}


def main(check: bool, names: list[str]) -> int:
    """Write the pages that are named, or all, or with `check` say which differ."""
    stale = 0
    for name in names or PAGES:
        file, text = DOCS / name, PAGES[name]()
        if file.exists() and file.read_text(encoding="utf-8") == text:
            continue
        stale += 1
        if check:
            sys.stderr.write(f"docs/{name} is stale: make docs\n")
        else:
            file.write_text(text, encoding="utf-8")
            sys.stdout.write(f"docs/{name} written\n")
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main("--check" in sys.argv, [name for name in sys.argv[1:] if not name.startswith("-")]))
