"""`runner schema`: the JSON Schemas that editors complete and check with."""

from __future__ import annotations

from pathlib import Path

import click

KINDS = ("sequence", "channel", "campaign", "project")


@click.command(short_help="Print or write the JSON Schemas that editors use.")
@click.argument("kind", required=False, type=click.Choice(KINDS))
@click.option("--write", is_flag=True, help="Write the schemas (or the one KIND) into the project's schemas/ folder.")
@click.option("--format", "output_format", type=click.Choice(["text", "json"]), default="text", show_default=True)
def schema(kind: str | None, write: bool, output_format: str) -> None:
    """Print the schema of KIND, list the schemas there are, or write them where the files look for them.

    The first line of a file, `# yaml-language-server: $schema=../schemas/sequence.schema.json`, is all an editor needs.
    """
    from runner.compile.schemas import FileKind, schema_path, schema_text

    if kind is not None and not write:
        click.echo(schema_text(FileKind(kind)), nl=False)
        return
    kinds = (kind,) if kind else KINDS
    if write:
        rows = [{"kind": name, "file": str(path)} for name, path in _write(kinds)]
    else:
        rows = [{"kind": name, "file": str(schema_path(FileKind(name)))} for name in kinds]
    from runner.render.table import print_table

    print_table(rows, ["kind", "file"], output_format=output_format, name="schemas")


def schema_files(folder: str) -> dict[str, str]:
    """Every schema's text by the path it has inside a project."""
    from runner.compile.schemas import FileKind, schema_text

    return {f"{folder}/{kind}.schema.json": schema_text(FileKind(kind)) for kind in KINDS}


def _write(kinds: tuple[str, ...]) -> list[tuple[str, Path]]:
    from runner.cli.root import find_root
    from runner.errors import UsageError

    root = find_root()
    written = []
    for name, text in schema_files("schemas").items():
        kind = Path(name).name.partition(".")[0]
        if kind not in kinds:
            continue
        target = root / name
        try:
            target.parent.mkdir(exist_ok=True)
            if not target.exists() or target.read_text(encoding="utf-8") != text:
                target.write_text(text, encoding="utf-8")
        except OSError as error:
            raise UsageError(f"cannot write {target}: {error.strerror}") from error
        written.append((kind, target))
    return written
