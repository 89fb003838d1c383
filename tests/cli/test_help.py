"""`runner --help` and the help of every group: what a command is for fits into its line, and nothing is left out."""

from __future__ import annotations

import click
import pytest

from runner.cli.main import COMMANDS, SECTIONS, cli

ROOT = click.Context(cli, info_name="runner", terminal_width=80)
GROUPS = [name for name in COMMANDS if isinstance(cli.get_command(ROOT, name), click.Group)]


def lines_of(group: click.Group, ctx: click.Context) -> dict[str, str]:
    """What the help of a group says of each command."""
    names = group.list_commands(ctx)
    rows = (line.split(maxsplit=1) for line in group.get_help(ctx).splitlines() if line.startswith("  "))
    return {row[0]: row[1].strip() for row in rows if row[0] in names and len(row) == 2}


def test_the_help_lists_every_command_once_under_what_it_is_for():
    listed = [line.split()[0] for line in cli.get_help(ROOT).splitlines() if line[:2] == "  " and line[2:3].islower()]
    assert [name for name in listed if name in COMMANDS] == list(COMMANDS)
    assert all(f"{title}:" in cli.get_help(ROOT) for title in SECTIONS)


def test_every_command_is_told_whole_in_its_line():
    lines = lines_of(cli, ROOT)
    assert lines.keys() == COMMANDS.keys()
    assert [name for name, line in lines.items() if not line.endswith(".") or line.endswith("...")] == []


@pytest.mark.parametrize("name", GROUPS)
def test_every_command_of_a_group_is_told_whole_in_its_line(name: str):
    group = cli.get_command(ROOT, name)
    assert isinstance(group, click.Group)
    ctx = click.Context(group, info_name=name, parent=ROOT, terminal_width=80)
    lines = lines_of(group, ctx)
    assert set(lines) == set(group.list_commands(ctx))
    assert [each for each, line in lines.items() if not line.endswith(".") or line.endswith("...")] == []
