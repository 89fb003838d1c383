"""`runner forms`: look at a page as the contact-form channel does, and draft recipes for known sites."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from runner.channels.contact_form.document import Document
    from runner.channels.contact_form.inspection import Finding

FORMAT = click.option(
    "--format", "output_format", type=click.Choice(["text", "json"]), default="text", show_default=True
)
PRIVATE = click.option(
    "--allow-private-networks", "private", is_flag=True, help="Visit addresses inside private networks too."
)


@click.group(short_help="Look into contact forms; recipes for known sites.")
def forms() -> None:
    """Contact forms: what would be filled on a page, and recipes for known sites."""


@forms.command(short_help="Show a page's form and what would be filled in.")
@click.argument("target")
@click.option("--url", default="", help="The address that a saved page came from.")
@PRIVATE
@FORMAT
def inspect(target: str, url: str, private: bool, output_format: str) -> None:
    """Show the contact form of TARGET (a URL or a saved page): each field's role, and what would be filled.

    Nothing is sent. A page without a form, or with one that a program must not send, is an answer and no failure.
    """
    finding = _look(target, url, private=private)
    if output_format == "json":
        click.echo(json.dumps(finding.as_dict(), ensure_ascii=False))
    else:
        _print(finding)


@forms.command(short_help="Draft a recipe for a contact form, to be reviewed.")
@click.argument("url")
@click.option("--write", "folder", type=click.Path(path_type=Path), help="Write the draft into this folder.")
@PRIVATE
@FORMAT
def record(url: str, folder: Path | None, private: bool, output_format: str) -> None:
    """Draft a recipe for the contact form at URL, to be reviewed and completed by a person."""
    from runner.channels.contact_form.recipe_draft import draft_recipe
    from runner.errors import Refused, UsageError

    finding = _look(url, url, private=private)
    if finding.chosen is None:
        raise Refused(f"no contact form at {url}: {finding.explanation}", help="`runner forms inspect` shows the page")
    draft = draft_recipe(finding)
    target = folder / f"{draft.host}.yaml" if folder else None
    if target is not None:
        if target.exists():
            raise UsageError(f"{target} is there already", help="remove it, or write the draft elsewhere")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(draft.text, encoding="utf-8")
    if output_format == "json":
        click.echo(json.dumps({"host": draft.host, "file": str(target) if target else None, "recipe": draft.text}))
    elif target is None:
        click.echo(draft.text, nl=False)
    else:
        click.echo(f"wrote {target}; check the fields, and put in the success text")


def _look(target: str, url: str, *, private: bool) -> Finding:
    """Raises UsageError for a target that cannot be read."""
    from runner.channels.contact_form.document import HostilePage, parse
    from runner.channels.contact_form.inspection import look, unreadable
    from runner.errors import UsageError

    try:
        if "://" in target:
            return look(_fetch(target, private=private))
        body = Path(target).read_bytes()
        return look(parse(url, body, prefer="utf-8"))
    except OSError as error:
        raise UsageError(
            f"cannot read {target}: {error.strerror or error}", help="give a URL or a saved page"
        ) from error
    except HostilePage as error:
        return unreadable(url, str(error))


def _fetch(url: str, *, private: bool) -> Document:
    from runner.channels.contact_form.document import parse
    from runner.channels.contact_form.fetch import Trouble, Visit
    from runner.channels.contact_form.guard import AddressPolicy
    from runner.channels.contact_form.politeness import user_agent
    from runner.errors import ChannelUnavailable

    visit = Visit(AddressPolicy(allow_private=private), user_agent(""))
    try:
        answer = visit.get(url)
    finally:
        visit.close()
    if isinstance(answer, Trouble):
        raise ChannelUnavailable(f"{url} cannot be fetched: {answer.text}")
    return parse(answer.url, answer.body, answer.headers.get("content-type", ""))


def _print(finding: Finding) -> None:
    if finding.chosen is None:
        click.echo(f"no contact form ({finding.refused or 'no_form'}): {finding.explanation}")
        return
    form = finding.chosen.form
    click.echo(f"form {form.index}: {form.method.upper()} {form.action or '(the page itself)'}")
    click.echo(f"  because: {'; '.join(finding.chosen.why)}")
    if finding.refused:
        click.echo(f"  refused ({finding.refused}): {finding.explanation}")
    from runner.channels.contact_form.inspection import would_fill

    for field in finding.chosen.fields:
        mark = "fill" if would_fill(field) else "    "
        star = "*" if field.required else " "
        click.echo(f"  {mark} {star} {field.role.value:18} {field.name:30} {field.why}")
