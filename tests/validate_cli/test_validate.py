"""`runner validate` as people and machines call it: exit codes, streams, formats, choices, fixes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

SARIF_SCHEMA = Path(__file__).parents[1] / "data" / "sarif" / "sarif-2.1.0.json"
SEQUENCE = "sequences/first.yaml"


@pytest.fixture
def edit(starter):
    """`edit(old, new)`: change the starter's sequence once."""

    def change(old: str, new: str, name: str = SEQUENCE) -> Path:
        path = starter / name
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1), encoding="utf-8")
        return path

    return change


def test_a_sound_project_is_silent_and_fine(run, starter):
    done = run("validate", folder=starter)
    assert (done.code, done.err) == (0, "")
    assert "no problems" in done.out


def test_problems_go_to_standard_error_and_the_code_is_1(run, starter, edit):
    edit("failed: linkedin", "failed: linkdin")
    done = run("validate", folder=starter)
    assert (done.code, done.out) == (1, "")
    assert "error[unknown-step]" in done.err
    assert f"--> {SEQUENCE}:" in done.err


def test_the_project_is_found_from_a_folder_inside_and_names_are_relative_to_there(run, starter, edit):
    edit("failed: linkedin", "failed: linkdin")
    done = run("validate", "--format", "json", folder=starter / "sequences")
    assert [item["file"] for item in done.json["diagnostics"]] == [str(starter / SEQUENCE).split("sequences/")[1]]


def test_outside_of_a_project_it_is_bad_usage(run, tmp_path):
    done = run("validate", folder=tmp_path)
    assert done.code == 2
    assert "runner init" in done.err


@pytest.mark.parametrize("arguments", [("nowhere.yaml",), ("--format", "xml"), ("--no-such-option",)])
def test_bad_usage_is_2(run, starter, arguments):
    assert run("validate", *arguments, folder=starter).code == 2


def test_only_the_named_files_are_reported(run, starter, edit):
    edit("failed: linkedin", "failed: linkdin")
    edit("provider: task", "provder: task", "channel_configs/me_linkedin.yaml")
    assert run("validate", "channel_configs", "--format", "json", folder=starter).slugs == ["unknown-key"]
    assert run("validate", SEQUENCE, "--format", "json", folder=starter).slugs == ["unknown-step"]
    assert len(run("validate", ".", "--format", "json", folder=starter).slugs) == 2
    assert run("validate", "campaigns", folder=starter).code == 0


def test_a_file_outside_of_any_project_is_checked_alone(run, write, tmp_path):
    folder = write({"one.yaml": "version: 1\nname: one\nsteps:\n  - {id: a, wait: 3}\n"}, tmp_path / "alone")
    done = run("validate", "one.yaml", "--format", "json", folder=folder)
    assert (done.code, done.slugs) == (1, ["missing-unit"])


def test_strict_counts_warnings(run, starter, edit):
    edit("if has(lead.linkedin_url)", "if intro.opened")
    relaxed = run("validate", "--format", "json", folder=starter)
    strict = run("validate", "--strict", "--format", "json", folder=starter)
    assert relaxed.code == 0
    assert strict.code == 1
    assert relaxed.slugs == strict.slugs
    assert {item["severity"] for item in strict.json["diagnostics"]} == {"error"}


def test_select_and_ignore_choose_but_an_error_is_not_ignored(run, starter, edit):
    edit("if has(lead.linkedin_url)", "if intro.opened")
    edit("failed: linkedin", "failed: linkdin")
    assert "opened-is-unreliable" in run("validate", "--format", "json", folder=starter).slugs
    chosen = run("validate", "--select", "opened-is-unreliable", "--format", "json", folder=starter)
    assert (chosen.code, set(chosen.slugs)) == (0, {"opened-is-unreliable"})
    assert "(1 not shown)" in run("validate", "--select", "opened-is-unreliable", folder=starter).err
    left = run("validate", "--ignore", "opened-is-unreliable,unknown-step", "--format", "json", folder=starter)
    assert (left.code, left.slugs) == (1, ["unknown-step"])


def test_a_comment_with_a_reason_silences_a_warning(run, starter, edit):
    edit("if has(lead.linkedin_url)", "if intro.opened  # runner: ignore[opened-is-unreliable] our own client")
    done = run("validate", "--strict", "--ignore", "not-always-before", "--format", "json", folder=starter)
    assert "opened-is-unreliable" not in done.slugs
    assert "unused-ignore" not in done.slugs


def test_fix_mends_the_text_and_keeps_the_comments(run, starter, edit):
    path = edit("wait: 3bd ", "wait: 3 ")
    edit("failed: linkedin}          #", "faild: linkdin}          #")
    before = path.read_text(encoding="utf-8")
    done = run("validate", "--fix", folder=starter)
    assert done.code == 0
    assert f"mended {SEQUENCE}" in done.err
    expected = before.replace("wait: 3 ", "wait: 3d ").replace("faild: linkdin", "failed: linkedin")
    assert path.read_text(encoding="utf-8") == expected
    assert run("validate", "--fix", folder=starter).err == ""


def test_fix_keeps_line_ends_and_the_byte_order_mark(run, starter):
    path = starter / SEQUENCE
    text = path.read_text(encoding="utf-8").replace("wait: 3bd", "wait: 3").replace("\n", "\r\n")
    path.write_bytes(b"\xef\xbb\xbf" + text.encode())
    assert run("validate", "--fix", folder=starter).code == 0
    assert path.read_bytes() == b"\xef\xbb\xbf" + text.replace("wait: 3", "wait: 3d").encode()


def test_fix_touches_only_the_named_files(run, starter, edit):
    edit("wait: 3bd", "wait: 3")
    edit("min_gap: 90s", "min_gap: 90", "channel_configs/me.yaml")
    run("validate", "--fix", "channel_configs", folder=starter)
    assert run("validate", "--format", "json", folder=starter).slugs == ["missing-unit"]


@pytest.mark.parametrize("named", [(), ("--stdin-filename", SEQUENCE)])
def test_standard_input_stands_for_a_file(run, starter, named):
    text = (starter / SEQUENCE).read_text(encoding="utf-8").replace("failed: linkedin", "failed: linkdin", 1)
    done = run("validate", "-", *named, "--format", "json", folder=starter, stdin=text.encode())
    assert (done.code, done.slugs) == (1, ["unknown-step"])
    assert done.json["diagnostics"][0]["file"] == (SEQUENCE if named else "<stdin>")


def test_standard_input_can_be_a_template(run, starter):
    text = b"---\nsubject: Hi\n---\nHi {{ lead.frist_name }}!\n"
    name = "sequences/templates/intro.md"
    done = run("validate", "-", "--stdin-filename", name, "--format", "json", folder=starter, stdin=text)
    assert "unknown-field" in done.slugs
    assert {item["file"] for item in done.json["diagnostics"]} == {name}


def test_json_has_the_documented_shape(run, starter, edit):
    edit("failed: linkedin", "failed: linkdin")
    document = run("validate", "--format", "json", folder=starter).json
    assert document["format_version"] == "1.0"
    (item,) = document["diagnostics"]
    assert set(item) >= {"slug", "severity", "summary", "help", "file", "path", "range", "related", "fix", "url"}
    line = (starter / SEQUENCE).read_text(encoding="utf-8").splitlines()[item["range"]["start"]["line"] - 1]
    start, end = item["range"]["start"]["column"], item["range"]["end"]["column"]
    assert line[start - 1 : end - 1] == "linkdin"
    assert item["fix"]["edits"][0]["text"] == "linkedin"


def test_sarif_of_a_broken_project_is_valid(run, starter, edit):
    edit("failed: linkedin", "failed: linkdin")
    done = run("validate", "--format", "sarif", folder=starter)
    Draft202012Validator(json.loads(SARIF_SCHEMA.read_text(encoding="utf-8"))).validate(done.json)
    assert done.code == 1


def test_colour_is_used_when_forced_and_never_by_default(run, starter, edit, monkeypatch):
    edit("failed: linkedin", "failed: linkdin")
    assert "\x1b[" not in run("validate", folder=starter).err
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b[1;31merror" in run("validate", folder=starter).err


def test_a_secret_in_a_file_is_never_printed(run, starter, edit):
    edit("password: {env: SMTP_PASSWORD}", "password: hunter2, nonsense: 1", "channel_configs/me.yaml")
    for arguments in (("validate",), ("validate", "--select", "unknown-key"), ("validate", "--format", "sarif")):
        done = run(*arguments, folder=starter)
        assert done.code == 1
        assert "hunter2" not in done.out + done.err


def test_a_secret_of_several_lines_is_never_printed(run, starter, edit):
    block = "footer: {unsubscribe: mailto}\ndkim:\n  selector: s\n  key: |\n    BEGIN\n    hunter2\n  doman: x\n"
    path = starter / "channel_configs/me.yaml"
    path.write_text(path.read_text(encoding="utf-8").split("footer:")[0] + block, encoding="utf-8")
    done = run("validate", folder=starter)
    assert "literal-secret" in done.err
    assert "hunter2" not in done.err
    assert "BEGIN" not in done.err
