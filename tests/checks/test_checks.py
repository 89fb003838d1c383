"""Every check: a project on which it speaks, to the letter, and one of the same kind on which nobody does."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from runner.compile.project import ProjectResult, load_project
from runner.compile.registry import CHECKS
from runner.render.json import report
from runner.render.text import render_text

HERE = Path(__file__).parent
SLUGS = sorted(path.name for path in HERE.iterdir() if (path / "bad").is_dir())
ELSEWHERE = {"too-large", "unreadable-file"}
"""What cannot lie in a repository as a file: in tests/compile."""


def compiled(case: Path, folder: Path) -> ProjectResult:
    """A case, laid over the files that all share, compiled."""
    shutil.copytree(HERE / "shared", folder, dirs_exist_ok=True)
    shutil.copytree(case, folder, dirs_exist_ok=True)
    named = b"".join(path.read_bytes() for path in folder.glob("sequences/*.yaml"))
    hello = case / "sequences" / "templates" / "hello.md"
    if b"hello" not in named and not hello.exists():
        (folder / "sequences" / "templates" / "hello.md").unlink()
    return load_project(folder, git_commit="0" * 40)


def shown(result: ProjectResult, folder: Path) -> str:
    """What `runner validate` prints about a project."""

    def text(name: str) -> str | None:
        return (folder / name).read_bytes().decode("utf-8", "replace")

    return render_text(report(result.diagnostics), text)


@pytest.mark.parametrize("slug", SLUGS)
def test_a_bad_project_is_told_what_is_wrong_to_the_letter(slug, tmp_path, golden):
    result = compiled(HERE / slug / "bad", tmp_path)
    assert slug in {diagnostic.slug for diagnostic in result.diagnostics}
    golden(HERE / slug / "bad.out", shown(result, tmp_path))


@pytest.mark.parametrize("slug", SLUGS)
def test_a_good_project_is_told_nothing(slug, tmp_path):
    result = compiled(HERE / slug / "ok", tmp_path)
    assert shown(result, tmp_path) == ""
    assert result.ok


def test_every_check_has_its_cases():
    assert {check.SLUG for check in CHECKS} == set(SLUGS) | ELSEWHERE


def test_every_check_says_what_it_finds():
    for check in CHECKS:
        assert check.__doc__
        assert check.__name__.rpartition(".")[2] == check.SLUG.replace("-", "_")
