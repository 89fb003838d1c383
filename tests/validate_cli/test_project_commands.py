"""init, schema, graph and preview on real projects."""

from __future__ import annotations

import json

import pytest


def test_init_writes_a_project_that_validates_strictly(run, tmp_path):
    done = run("init", "outreach", folder=tmp_path)
    assert done.code == 0
    assert "runner validate" in done.out
    checked = run("validate", "--strict", folder=tmp_path / "outreach")
    assert (checked.code, checked.err) == (0, "")


def test_init_writes_what_an_editor_and_git_need(run, tmp_path):
    run("init", folder=tmp_path)
    settings = json.loads((tmp_path / ".vscode/settings.json").read_text(encoding="utf-8"))
    for schema, pattern in settings["yaml.schemas"].items():
        assert (tmp_path / schema).is_file()
        assert list(tmp_path.glob(pattern)), pattern
    assert "runner.db" in (tmp_path / ".gitignore").read_text(encoding="utf-8")
    for path in tmp_path.rglob("*.yaml"):
        first = path.read_text(encoding="utf-8").splitlines()[0]
        schema = first.removeprefix("# yaml-language-server: $schema=")
        assert schema != first, path
        assert (path.parent / schema).is_file(), path


def test_the_sample_leads_fit_the_new_project(run, tmp_path):
    run("init", folder=tmp_path)
    done = run("validate", "--leads", "leads/sample.csv", "--strict", folder=tmp_path)
    assert (done.code, done.err) == (0, "")


def test_init_writes_over_nothing(run, tmp_path):
    (tmp_path / "runner.yaml").write_text("mine", encoding="utf-8")
    done = run("init", folder=tmp_path)
    assert done.code == 1
    assert "nothing was written" in done.err
    assert [path.name for path in tmp_path.iterdir()] == ["runner.yaml"]
    assert (tmp_path / "runner.yaml").read_text(encoding="utf-8") == "mine"


def test_init_lists_what_it_wrote_as_json(run, tmp_path):
    written = run("init", "--format", "json", folder=tmp_path).json["written"]
    assert {row["file"] for row in written} >= {"runner.yaml", ".vscode/settings.json", "schemas/sequence.schema.json"}
    assert all((tmp_path / row["file"]).is_file() for row in written)


@pytest.mark.parametrize("kind", ["sequence", "channel", "campaign", "project"])
def test_schema_prints_the_schema_of_a_kind(run, tmp_path, kind):
    done = run("schema", kind, folder=tmp_path)
    assert done.json["$schema"] == "https://json-schema.org/draft/2020-12/schema"


def test_schema_writes_the_schemas_again(run, starter):
    path = starter / "schemas/sequence.schema.json"
    fresh = path.read_text(encoding="utf-8")
    path.write_text("{}", encoding="utf-8")
    assert run("schema", "--write", folder=starter / "sequences").code == 0
    assert path.read_text(encoding="utf-8") == fresh


@pytest.mark.parametrize("output_format", ["text", "mermaid", "dot", "json"])
def test_graph_draws_every_step_in_every_format(run, starter, output_format):
    done = run("graph", "first", "--format", output_format, folder=starter)
    assert done.code == 0
    for step in ("intro", "quiet", "bump", "linkedin"):
        assert step in done.out


def test_graph_takes_a_file_and_names_what_there_is(run, starter, tmp_path):
    by_file = run("graph", starter / "sequences/first.yaml", folder=tmp_path)
    assert by_file.out == run("graph", "first", folder=starter).out
    unknown = run("graph", "frist", folder=starter)
    assert unknown.code == 1
    assert "first" in unknown.err


def test_graph_of_a_broken_project_points_to_validate(run, starter):
    path = starter / "sequences/first.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("failed: linkedin", "failed: x"), encoding="utf-8")
    done = run("graph", "first", folder=starter)
    assert done.code == 1
    assert "runner validate" in done.err
    assert "Traceback" not in done.err


def test_preview_fills_in_every_step_for_a_row_of_a_file(run, starter):
    done = run("preview", "first", "--leads", "leads/sample.csv", "--row", "2", folder=starter)
    assert done.code == 0
    assert "subject (34): A question about Bletchley Systems" in done.out
    assert done.out.count("Alan") == 3


def test_preview_sets_fields_and_counts_characters(run, starter):
    done = run("preview", "first", "--set", "first_name=Ada", "--step", "linkedin", "--format", "json", folder=starter)
    (step,) = done.json["steps"]
    assert step["body"].startswith("Hi Ada, ")
    assert step["lengths"] == {"subject": 0, "body": len(step["body"].strip())}


def test_preview_says_which_variable_is_missing(run, starter):
    path = starter / "sequences/templates/bump.md"
    path.write_text("Hi {{ lead.first_name }}\n", encoding="utf-8")
    done = run("preview", "first", "--step", "bump", folder=starter)
    assert done.code == 1
    assert "lead.first_name" in done.out
    assert "line 1" in done.out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--set", "first_nam=Ada"), "did you mean `first_name`?"),
        (("--set", "first_name"), "has no `=`"),
        (("--leads", "leads/sample.csv", "--row", "99"), "no person number 99"),
        (("--leads", "gone.csv"), "gone.csv"),
        (("--step", "nosuch"), "no step `nosuch`"),
        (("--campaign", "nosuch"), "no campaign `nosuch`"),
    ],
)
def test_preview_explains_what_it_cannot_use(run, starter, arguments, words):
    done = run("preview", "first", *arguments, folder=starter)
    assert done.code in (1, 2)
    assert words in done.err


def test_preview_reads_typed_fields_as_an_import_does(run, starter):
    (starter / "runner.yaml").write_text("version: 1\nlead_fields: {employees: integer}\n", encoding="utf-8")
    path = starter / "sequences/templates/bump.md"
    path.write_text("{% if lead.employees > 50 %}big{% else %}small{% endif %}\n", encoding="utf-8")
    done = run("preview", "first", "--set", "employees=80", "--step", "bump", folder=starter)
    assert "| big" in done.out
    assert run("preview", "first", "--set", "employees=many", folder=starter).code == 2


def test_preview_says_that_a_field_names_a_sender_whom_the_account_does_not_have(run, starter):
    [account] = [path for path in (starter / "channel_configs").iterdir() if "channel: email" in path.read_text()]
    names = "send_as: {field: company, identities: {bob: {address: bob@lumen.example}}}\n"
    account.write_text(account.read_text() + names)
    done = run("preview", "first", "--set", "company=eve", "--step", "intro", folder=starter)
    assert done.code == 1
    assert "`company` names `eve`, whom `send_as`" in done.out
    assert run("preview", "first", "--set", "company=bob", "--step", "intro", folder=starter).code == 0
