"""`runner inbox`: how a mail file would be judged and by which rule, and kept mail judged again."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from runner.cli.opening import format_option, open_project, project_option
from runner.errors import UsageError

if TYPE_CHECKING:
    from runner.channels.email.judgement import Verdict

MAX_FILE = 5_000_000


@click.group()
def inbox() -> None:
    """Look into what came back by e-mail."""


@inbox.command(short_help="Say what each mail is: bounce, reply, opt-out and so on.")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--format", "output_format", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option("--own", multiple=True, metavar="ADDRESS", help="An address of yours: mail from it is never a reply.")
@click.option("--received", type=click.DateTime(["%Y-%m-%d"]), help="The day the mails came; else the Date of each.")
def classify(files: tuple[Path, ...], output_format: str, own: tuple[str, ...], received: object) -> None:
    """Say what each of FILES is: bounce, complaint, auto_reply, opt_out, reply or other.

    A file is one message as it came (.eml). Nothing is sent and nothing is stored.
    """
    from runner.channels.email.classify import classify as judge

    addresses = frozenset(address.lower() for address in own)
    day = received.date() if hasattr(received, "date") else None
    verdicts = [judge(_content(file), own=addresses, received=day) for file in files]
    if output_format == "json":
        click.echo(json.dumps([as_json(verdict) for verdict in verdicts], ensure_ascii=False, indent=2))
        return
    for file, verdict in zip(files, verdicts, strict=True):
        click.echo(_as_text(file, verdict))


@inbox.command(short_help="Judge kept mail again with the present classifier.")
@click.option("--account", metavar="CHANNEL/NAME", help="Only mail of this account, such as email/ada.")
@click.option("--apply/--dry-run", "apply", default=False, help="Record what is new, or only say it (the default).")
@format_option
@project_option
def reclassify(account: str | None, apply: bool, output: str, root: Path) -> None:
    """Judge kept mail again with the present classifier, and say what is judged otherwise now.

    With --apply what is new is recorded and acted on: a bounce that was missed fails its step, an opt-out stops and
    suppresses. What was recorded before stands: no stop and no suppression is taken back, it is named as `stands`.
    Doing it twice changes nothing more.
    """
    from runner.channels.email.rejudge import rejudge
    from runner.render.table import Column, print_table

    ctx = open_project(root)
    try:
        found = [change.row() for change in rejudge(ctx, account=account, apply=apply)]
    finally:
        ctx.db.close()
    columns: list[Column | str] = ["received_at", "account", Column("before", width=30), Column("now", width=30)]
    columns += [Column("records", width=60), Column("stands", width=60)]
    print_table(found, columns, output_format=output, name="changes", empty="every kept message is judged as before")
    if output == "text" and found:
        new = sum(len(row["records"]) for row in found)
        done = f"{new} recorded" if apply else f"{new} to record; --apply does it"
        click.echo(f"{len(found)} judged otherwise, {done}", err=True)


def as_json(verdict: Verdict) -> dict[str, object]:
    """A verdict as `--format json` shows it."""
    recipients = [
        {
            "address": each.address,
            "hard": each.hard,
            "status": each.status,
            "reply_code": each.reply_code,
            "reason": each.reason,
        }
        for each in verdict.recipients
    ]
    return {
        "kind": verdict.kind.value,
        "recipients": recipients,
        "message_id": verdict.message_id,
        "return_date": _iso(verdict.return_date),
        "new_text": verdict.new_text,
        "rule": verdict.rule,
    }


def _as_text(file: Path, verdict: Verdict) -> str:
    lines = [f"{file}: {verdict.kind.value} ({verdict.rule})"]
    for each in verdict.recipients:
        codes = " ".join(code for code in (each.reply_code, each.status) if code)
        dead = "the address is dead" if each.hard else "the address may be good"
        lines.append(
            f"  {each.address or '(recipient not named)'}: {each.reason}, {dead}{f' ({codes})' if codes else ''}"
        )
    if verdict.message_id:
        lines.append(f"  answers {verdict.message_id}")
    if verdict.return_date:
        lines.append(f"  {'away until' if verdict.away_on_it else 'back on'} {verdict.return_date.isoformat()}")
    if verdict.new_text and verdict.kind.value in ("reply", "opt_out", "auto_reply"):
        lines += [f"  | {line}" for line in verdict.new_text.splitlines()[:12]]
    return "\n".join(lines)


def _content(file: Path) -> bytes:
    try:
        with file.open("rb") as stream:
            return stream.read(MAX_FILE)
    except OSError as error:
        raise UsageError(
            f"{file} cannot be read: {error.strerror}", help="name files that hold one message each"
        ) from None


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None
