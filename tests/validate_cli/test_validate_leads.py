"""`--leads`: every person of a file or list rendered through every step, before anything goes out."""

from __future__ import annotations

import pytest

HEADER = "email,first_name,company,segment\n"


@pytest.fixture
def project(starter):
    """The starter with a required field of its own in one text, and a note of limited length."""
    (starter / "runner.yaml").write_text(
        "version: 1\nlead_fields:\n  segment: {type: text, required: true}\n", encoding="utf-8"
    )
    bump = starter / "sequences/templates/bump.md"
    bump.write_text("You are in {{ lead.segment }}, {{ lead.first_name | default('you') }}.\n", encoding="utf-8")
    sequence = starter / "sequences/first.yaml"
    text = sequence.read_text(encoding="utf-8").replace(
        "channel: linkedin\n", "channel: linkedin\n    action: connect\n"
    )
    sequence.write_text(text, encoding="utf-8")
    note = starter / "sequences/templates/linkedin_note.md"
    note.write_text("Hi {{ lead.first_name | default('there') }}, worth two minutes?\n", encoding="utf-8")
    assert "segment" in (starter / "runner.yaml").read_text(encoding="utf-8")
    return starter


def leads(project, *rows: str) -> str:
    (project / "people.csv").write_text(HEADER + "".join(row + "\n" for row in rows), encoding="utf-8")
    return "people.csv"


def found(run, project, *rows: str) -> list[tuple[str, str, int]]:
    done = run("validate", "--leads", leads(project, *rows), "--format", "json", folder=project)
    items = done.json["diagnostics"]
    return [(item["slug"], item["file"], item["range"]["start"]["line"]) for item in items]


def test_people_with_everything_are_fine(run, project):
    assert found(run, project, "ada@example.com,Ada,Lumen,spring", "eve@example.com,,,autumn") == []


def test_a_variable_without_a_value_names_the_row_and_the_place_in_the_text(run, project):
    name = leads(project, "ada@example.com,Ada,Lumen,spring", "eve@example.com,Eve,Lumen,")
    done = run("validate", "--leads", name, folder=project)
    assert done.code == 1
    assert "error[unresolved-variable]: step `bump` cannot be written to eve@example.com" in done.err
    assert "--> people.csv:3:1" in done.err
    assert "::: sequences/templates/bump.md:1:15" in done.err


def test_a_text_that_gets_too_long_names_the_row(run, project):
    long_name = "Bartholomew" * 20
    assert found(run, project, "ada@example.com,Ada,Lumen,spring", f"bar@example.com,{long_name},Lumen,spring") == [
        ("note-too-long", "people.csv", 3)
    ]


@pytest.mark.parametrize(
    ("account", "length", "slugs"),
    [
        ("", 200, []),
        ("", 201, ["note-too-long"]),
        ("premium: true", 300, []),
        ("premium: true", 301, ["note-too-long"]),
    ],
)
def test_the_note_of_a_lead_is_measured_by_what_its_account_may_write(account, length, slugs, run, project):
    note = project / "sequences/templates/linkedin_note.md"
    note.write_text("{{ lead.first_name | default('there') }}\n", encoding="utf-8")
    with (project / "channel_configs/me_linkedin.yaml").open("a", encoding="utf-8") as file:
        file.write(f"\n{account}\n")
    rows = found(run, project, "ada@example.com,Ada,Lumen,spring", f"eve@example.com,{'x' * length},Lumen,spring")
    assert rows == [(slug, "people.csv", 3) for slug in slugs]


def test_a_message_is_measured_by_the_limit_of_its_account(run, project):
    sequence = project / "sequences/first.yaml"
    text = sequence.read_text(encoding="utf-8").replace("action: connect", "action: message")
    sequence.write_text(text, encoding="utf-8")
    with (project / "channel_configs/me_linkedin.yaml").open("a", encoding="utf-8") as file:
        file.write("\nmessage_limit: 60\n")
    rows = found(run, project, "ada@example.com,Ada,Lumen,spring", f"eve@example.com,{'x' * 60},Lumen,spring")
    assert ("note-too-long", "people.csv", 3) in rows


def test_a_row_that_would_not_be_imported_is_a_warning(run, project):
    assert found(run, project, "nobody,Ada,Lumen,spring", "ada@example.com,Ada,Lumen,spring") == [
        ("lead-rejected", "people.csv", 2)
    ]


def test_a_row_after_a_cell_of_several_lines_has_its_own_line(run, project):
    rows = ['ada@example.com,Ada,"Lumen\nGmbH",spring', "eve@example.com,Eve,Lumen,"]
    assert found(run, project, *rows) == [("unresolved-variable", "people.csv", 4)]


def test_errors_of_the_files_come_first(run, project):
    (project / "sequences/templates/bump.md").write_text("{{ lead.segmnt }}\n", encoding="utf-8")
    slugs = {slug for slug, _, _ in found(run, project, "eve@example.com,Eve,Lumen,")}
    assert slugs == {"unknown-field"}


def test_a_broken_file_of_leads_is_bad_usage(run, project):
    (project / "people.csv").write_text('email,first_name\n"ada@example.com,Ada\n', encoding="utf-8")
    done = run("validate", "--leads", "people.csv", folder=project)
    assert done.code == 2
    assert "quote" in done.err


def test_a_list_without_a_database_says_what_to_do(run, project):
    done = run("validate", "--leads", "founders", folder=project)
    assert done.code == 1
    assert "Traceback" not in done.err
    assert "help:" in done.err
