"""`runner suppress`: who must not be written to, by address, domain, company, LinkedIn profile or phone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

import click

from runner.cli.opening import format_option, project_option

KINDS = ("address", "domain", "company", "profile", "phone")
_KIND = click.option("--kind", type=click.Choice(KINDS), help="What VALUE is, where its look does not say it.")
_FROM = click.option("--from", "file", type=click.File(encoding="utf-8"), help="Read values from a file, one a line.")
_ACTOR = click.option("--actor", default="cli", show_default=True, help="Who does it, for the record.")


@click.group()
def suppress() -> None:
    """The suppression list: add, remove, list."""


@suppress.command(short_help="Never write to these again, on any channel.")
@click.argument("values", nargs=-1, metavar="[VALUE]...")
@_KIND
@_FROM
@click.option("--reason", default="manual", show_default=True, help="Why, in a word.")
@_ACTOR
@format_option
@project_option
def add(
    values: tuple[str, ...], kind: str | None, file: TextIO | None, reason: str, actor: str, output: str, root: Path
) -> None:
    """Suppress VALUEs: nobody they mean is written to again, on any channel, under whatever spelling.

    An address (any case, plus tag or Gmail dots), a domain with everything below it, a company's name, a LinkedIn
    profile, or a phone number. The value is kept as a keyed hash, and survives re-import and erasure.
    """
    from runner.cli.storage import open_storage
    from runner.store.suppressions import suppress as store_suppression

    wanted = list(_kinds(values, file, kind))
    with open_storage(root) as storage:
        key, now = storage.key(), storage.clock.now()
        with storage.db.write() as connection:
            done = [
                store_suppression(connection, key, kind, value, reason=reason, actor=actor, now=now)
                for kind, value in wanted
            ]
    _tell(wanted, ["suppressed" if new else "already suppressed" for new in done], output)


@suppress.command(short_help="Lift suppressions; the record of them stays.")
@click.argument("values", nargs=-1, metavar="[VALUE]...")
@_KIND
@_FROM
@_ACTOR
@format_option
@project_option
def remove(values: tuple[str, ...], kind: str | None, file: TextIO | None, actor: str, output: str, root: Path) -> int:
    """Lift the suppression of VALUEs; the record of it stays. Exit code 1 when one of them was not suppressed."""
    from runner.cli.storage import open_storage
    from runner.store.suppressions import unsuppress

    wanted = list(_kinds(values, file, kind))
    with open_storage(root) as storage:
        key, now = storage.key(), storage.clock.now()
        with storage.db.write() as connection:
            done = [unsuppress(connection, key, kind, value, actor=actor, now=now) for kind, value in wanted]
    _tell(wanted, ["removed" if lifted else "was not suppressed" for lifted in done], output)
    return 0 if all(done) else 1


@suppress.command("list")
@click.option("--kind", type=click.Choice(KINDS), help="Only these.")
@click.option("--removed", is_flag=True, help="Also those that were lifted.")
@format_option
@project_option
def list_(kind: str | None, removed: bool, output: str, root: Path) -> None:
    """List suppressions, newest first. Values are masked: only their hashes are stored."""
    from dataclasses import asdict

    from runner.cli.storage import open_storage
    from runner.render.table import print_table
    from runner.store.suppressions import read_suppressions

    with open_storage(root) as storage, storage.db.read() as connection:
        rows = [asdict(one) for one in read_suppressions(connection, kind=kind, removed=removed)]
    columns = ["kind", "label", "reason", "actor", "created_at", *(["removed_at"] if removed else [])]
    print_table(rows, columns, output_format=output, name="suppressions", empty="nobody is suppressed")


def kind_of(value: str) -> str:
    """What a value looks like. Raises BadParameter, naming the option, for one that could be several things."""
    text = value.strip()
    if "linkedin.com/" in text.casefold() or text.startswith("urn:li:"):
        return "profile"
    if re.fullmatch(r"\+[\d\s().\-/]{6,}", text):
        return "phone"
    if re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", text):
        return "address"
    if re.fullmatch(r"@?(?:[^@\s./]+\.)+[^@\s./]{2,}", text):
        return "domain"
    raise click.BadParameter(f"say what `{text}` is: --kind {'|'.join(KINDS)}", param_hint="VALUE")


def _kinds(values: tuple[str, ...], file: TextIO | None, kind: str | None) -> Iterator[tuple[str, str]]:
    lines = (line.strip() for line in file or ())
    given = [value for value in (*values, *lines) if value.strip()]
    if not given:
        raise click.UsageError("name what to suppress, or --from FILE")
    for value in given:
        yield kind or kind_of(value), value


def _tell(wanted: list[tuple[str, str]], words: list[str], output: str) -> None:
    from runner.render.table import print_table

    rows = [{"kind": kind, "value": value, "result": word} for (kind, value), word in zip(wanted, words, strict=True)]
    print_table(rows, ["kind", "value", "result"], output_format=output, name="suppressions")
