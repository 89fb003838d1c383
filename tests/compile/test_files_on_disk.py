"""Files as they lie on disk: what is read, from where, and what cannot be."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from runner.compile.files import find_root
from runner.compile.project import load_project
from runner.lang.source import MAX_BYTES

SEQUENCE = "version: 1\nname: {}\nsteps:\n  - {{id: intro, channel: phone, template: hello}}\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "sequences" / "templates").mkdir(parents=True)
    (tmp_path / "runner.yaml").write_text("version: 1\n")
    (tmp_path / "sequences" / "x.yaml").write_text(SEQUENCE.format("x"))
    (tmp_path / "sequences" / "templates" / "hello.md").write_text("Hello.\n")
    return tmp_path


def told(root: Path, **options) -> list[tuple[str, str]]:
    return [(item.slug, item.span.file) for item in load_project(root, **options).diagnostics]


def test_a_project_is_found_from_anywhere_inside(project):
    for inside in (project, project / "sequences", project / "sequences" / "x.yaml"):
        assert find_root(inside) == project


def test_a_file_over_the_limit_is_told_and_not_read(project):
    (project / "sequences" / "x.yaml").write_bytes(b"#" * (MAX_BYTES + 1))
    assert told(project) == [("too-large", "sequences/x.yaml")]


def test_what_is_not_a_file_is_told(project):
    (project / "sequences" / "y.yaml").mkdir()
    os.mkfifo(project / "sequences" / "z.yaml")
    (project / "sequences" / "w.yaml").symlink_to(project / "nowhere")
    assert told(project) == [("unreadable-file", f"sequences/{name}.yaml") for name in "wyz"]


def test_a_template_that_is_not_utf8_is_told(project):
    (project / "sequences" / "templates" / "hello.md").write_bytes(b"caf\xe9\n")
    assert ("not-utf8", "sequences/templates/hello.md") in told(project)


def test_a_template_name_cannot_leave_its_folder(project):
    for name in ("../../etc/passwd", "/etc/passwd", "a/b", "..", "C:\\x"):
        (project / "sequences" / "x.yaml").write_text(SEQUENCE.format("x").replace("hello", f"'{name}'"))
        assert ("bad-value", "sequences/x.yaml") in told(project), name


def test_a_broken_file_leaves_the_project_unborn_but_every_file_checked(project):
    (project / "sequences" / "y.yaml").write_text("version: 1\nname: z\nsteps: []\n")
    result = load_project(project)
    assert result.project is None
    assert [item.slug for item in result.diagnostics] == ["name-mismatch", "bad-value"]


def test_only_the_files_asked_about_are_told_of(project):
    (project / "sequences" / "y.yaml").write_text("nothing: here\n")
    assert told(project, paths=[project / "sequences" / "x.yaml"]) == []
    assert told(project, paths=[project / "sequences" / "y.yaml"]) != []


def test_a_file_outside_of_the_project_is_taken_in(project, tmp_path_factory):
    other = tmp_path_factory.mktemp("elsewhere") / "other.yaml"
    other.write_text(SEQUENCE.format("another").replace("hello", "helo"))
    found = told(project, paths=[other])
    assert [slug for slug, _ in found] == ["name-mismatch", "missing-template"]


def test_a_sequence_on_its_own_needs_no_project(tmp_path):
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "hello.md").write_text("Hello.\n")
    (tmp_path / "x.yaml").write_text(SEQUENCE.format("x"))
    assert told(find_root(tmp_path / "x.yaml"), paths=[tmp_path / "x.yaml"]) == []


def test_two_files_of_one_name_are_both_read(project):
    (project / "sequences" / "x.yml").write_text(SEQUENCE.format("x"))
    assert told(project) == [("name-mismatch", "sequences/x.yml")]


def test_an_empty_folder_is_an_empty_project(tmp_path):
    result = load_project(tmp_path)
    assert result.ok
    assert result.project is not None
    assert result.project.sequences == {}
