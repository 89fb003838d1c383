"""`runner leads`: import people from a CSV file, look at them, export and erase them."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from runner.cli.opening import format_option, project_option

_FILE = click.Path(dir_okay=False, path_type=Path)
_LIST = click.option("--list", "list_name", metavar="NAME", help="Only the people on this list.")


@click.group()
def leads() -> None:
    """People: import, list, show, export, erase."""


@leads.command("import")
@click.argument("file", metavar="FILE")
@click.option("--list", "list_name", required=True, metavar="NAME", help="The list to put everybody on.")
@click.option("--map", "renamed", multiple=True, metavar="HEADER=FIELD", help="Which field a column fills; repeatable.")
@click.option("--encoding", metavar="NAME", help="The file's encoding when it is not UTF-8, such as windows-1252.")
@click.option("--rejected", type=_FILE, help="Write what was rejected to this CSV file.")
@format_option
@project_option
def import_(
    file: str,
    list_name: str,
    renamed: tuple[str, ...],
    encoding: str | None,
    rejected: Path | None,
    output: str,
    root: Path,
) -> int:
    """Import people from a CSV FILE, or from standard input with `-`.

    Columns are known by their names and by those that Apollo, HubSpot, Sales Navigator tools, Instantly and
    OpenOutreach give them. A person is known again by e-mail address or LinkedIn profile, and updated. A bad row is
    reported with its reason and does not stop the good ones; then the exit code is 1. Who is suppressed already, or
    lacks what a country's law wants, is stored and named in the report: nothing is sent to them.
    """
    from runner.cli.leads_report import import_report_json, import_report_text, progress_on, write_rejected
    from runner.cli.storage import open_storage
    from runner.leads.importer import ImportOptions, import_leads
    from runner.store.leads import SqlLeads
    from runner.store.screening import Screen

    with open_storage(root) as storage:
        screen = Screen(storage.key(), storage.settings.policy)
        options = ImportOptions(
            lead_fields=storage.settings.lead_fields,
            required_fields=storage.settings.required_fields,
            renamed=_renames(renamed),
            own_addresses=storage.own_addresses(),
            senders=storage.senders(),
            encoding=encoding,
        )
        with progress_on(sys.stderr) as progress:
            store = SqlLeads(storage.db, storage.clock, screen)
            report = import_leads(file, store, list_name, options, progress)
    if rejected is not None:
        write_rejected(report, rejected)
    click.echo(import_report_json(report) if output == "json" else import_report_text(report), nl=False)
    return 1 if report.rejected else 0


def _renames(pairs: tuple[str, ...]) -> dict[str, str]:
    found = {}
    for pair in pairs:
        title, equals, field = pair.rpartition("=")
        if not equals or not title or not field:
            raise click.BadParameter(f"`{pair}` is not HEADER=FIELD", param_hint="--map")
        found[title] = field
    return found


@leads.command("list")
@_LIST
@click.option("--search", metavar="TEXT", help="Only people with this in name, address, company or profile.")
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True, help="At most so many.")
@click.option("--lists", "only_lists", is_flag=True, help="Show the lists and how many people are on each.")
@format_option
@project_option
def list_(list_name: str | None, search: str | None, limit: int, only_lists: bool, output: str, root: Path) -> None:
    """List people, or the lists there are."""
    from runner.cli.leads_report import PEOPLE, lead_row
    from runner.cli.storage import open_storage
    from runner.render.table import print_table
    from runner.store.leads import LeadFilter, count_leads, list_names, read_leads

    with open_storage(root) as storage, storage.db.read() as connection:
        if only_lists:
            found = [{"list": name, "people": count} for name, count in list_names(connection)]
            print_table(found, ["list", "people"], output_format=output, name="lists", empty="no lists yet")
            return
        wanted = LeadFilter(list_name, search)
        rows = [lead_row(lead) for lead in read_leads(connection, wanted, limit)]
        total = count_leads(connection, wanted)
    print_table(rows, PEOPLE, output_format=output, name="leads", empty="nobody yet; `runner leads import`")
    if total > len(rows) and output == "text":
        click.echo(f"{len(rows)} of {total:,}; --limit shows more", err=True)


@leads.command(short_help="Show what is known of a lead.")
@click.argument("lead")
@format_option
@project_option
def show(lead: str, output: str, root: Path) -> None:
    """Show what is known of LEAD, named by id, e-mail address or LinkedIn profile."""
    from runner.cli.leads_report import lead_fields, lead_json
    from runner.cli.storage import open_storage
    from runner.render.table import print_fields
    from runner.store.leads import find_lead

    with open_storage(root) as storage, storage.db.read() as connection:
        found = find_lead(connection, lead)
    if output == "json":
        click.echo(lead_json(found), nl=False)
    else:
        print_fields(lead_fields(found))


@leads.command(short_help="Export people, or everything about one (GDPR Art. 15).")
@click.argument("lead", required=False)
@_LIST
@click.option("-o", "--output", "file", type=_FILE, help="Write to this file.")
@click.option("--format", "output", type=click.Choice(["csv", "json"]), help="csv for people, json for one LEAD.")
@project_option
def export(lead: str | None, list_name: str | None, file: Path | None, output: str | None, root: Path) -> None:
    """Export people as CSV, or everything stored about one LEAD as JSON (GDPR Art. 15).

    Cells that a spreadsheet would take for a formula get an apostrophe, which the import takes off again.
    """
    from runner.cli.leads_report import export_one, export_people
    from runner.cli.storage import open_storage

    if lead is not None and (list_name is not None or output == "csv"):
        raise click.UsageError("one LEAD is exported as JSON, without --list")
    with open_storage(root) as storage:
        if lead is not None:
            export_one(storage, lead, file)
        else:
            export_people(storage, list_name, file, as_json=output == "json")


@leads.command(short_help="Erase a lead for good (GDPR Art. 17).")
@click.argument("lead")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--actor", default="cli", show_default=True, help="Who erases, for the record.")
@format_option
@project_option
def erase(lead: str, yes: bool, actor: str, output: str, root: Path) -> None:
    """Erase LEAD for good (GDPR Art. 17): personal data goes, a keyed hash stays so that nobody writes again."""
    from runner.cli.leads_report import erased_json
    from runner.cli.opening import open_project
    from runner.store.erasing import erase as erase_lead
    from runner.store.leads import find_lead

    ctx = open_project(root)
    try:
        with ctx.db.read() as connection:
            found = find_lead(connection, lead)
        name = found.email or found.linkedin_url or f"lead {found.id}"
        if not yes:
            click.confirm(f"Erase {name} (lead {found.id}) for good?", abort=True, err=True)
        erase_lead(ctx, found.id, actor=actor)
    finally:
        ctx.db.close()
    click.echo(erased_json(found.id) if output == "json" else f"erased lead {found.id}; it stays suppressed")
