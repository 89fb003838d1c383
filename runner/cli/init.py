"""`runner init`: write a small project that works, and never over anything."""

from __future__ import annotations

from pathlib import Path

import click

from runner.errors import Refused, UsageError

STARTER = Path(__file__).parent / "starter"
# The wheel leaves out files with a leading dot, so the starter keeps these under plain names.
_NAMES = {"gitignore": ".gitignore", "vscode": ".vscode"}


@click.command(short_help="Write a small working project to begin with.")
@click.argument("directory", default=".", type=click.Path(file_okay=False, path_type=Path))
@click.option("--format", "output_format", type=click.Choice(["text", "json"]), default="text", show_default=True)
def init(directory: Path, output_format: str) -> None:
    """Write a small working project into DIRECTORY (here unless given).

    One sequence with its templates, two accounts, a campaign in dry run, sample leads, and the schemas your editor
    checks and completes with. A file that exists is never written over: then nothing is written at all.
    """
    from runner.cli.schema import schema_files
    from runner.render.table import print_table

    files = {**starter_files(), **schema_files("schemas")}
    standing = sorted(name for name in files if (directory / name).exists())
    if standing:
        raise Refused(f"{directory / standing[0]} exists, and nothing was written", help="name an empty folder")
    try:
        for name, text in files.items():
            target = directory / name
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("x", encoding="utf-8", newline="") as file:
                file.write(text)
    except OSError as error:
        raise UsageError(f"cannot write to {directory}: {error.strerror}") from error
    print_table([{"file": name} for name in sorted(files)], ["file"], output_format=output_format, name="written")
    if output_format == "text":
        where = "" if directory == Path() else f"cd {directory} && "
        click.echo(f"\nNext: {where}runner validate")


def starter_files() -> dict[str, str]:
    """The starter's files by the path they get in a project."""
    found = {}
    for path in sorted(STARTER.rglob("*")):
        if path.is_file():
            parts = [_NAMES.get(part, part) for part in path.relative_to(STARTER).parts]
            found["/".join(parts)] = path.read_text(encoding="utf-8")
    return found
