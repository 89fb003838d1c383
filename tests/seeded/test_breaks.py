"""The engine broken on purpose: every break in the table is caught by the test it names."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from breaks import BREAKS, Break

ROOT = Path(__file__).parents[2]
SKIP = shutil.ignore_patterns("__pycache__", "*.pyc")
FAILED = 1
"""What pytest exits with when tests failed; anything else would mean that they did not run."""


def table() -> str:
    """The table of docs/proofs.md."""
    lines = ["| break | what it does to people | caught by |", "| --- | --- | --- |"]
    for each in BREAKS:
        path, _, name = each.test.partition("::")
        lines.append(f"| {each.id} | {each.says} | `{name}` in `{path}` |")
    return "\n".join(lines)


@pytest.mark.parametrize("each", BREAKS, ids=lambda each: each.id)
def test_a_break_still_fits_the_source_and_names_a_test_that_exists(each: Break) -> None:
    source = (ROOT / "runner" / each.file).read_text()
    assert source.count(each.old) == 1, f"{each.file} has changed: adapt the break"
    path, _, name = each.test.partition("::")
    assert f"def {name.partition('[')[0]}(" in (ROOT / path).read_text()


def test_the_table_is_in_the_documentation() -> None:
    assert table() in (ROOT / "docs" / "proofs.md").read_text()


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("broken")
    for name in ("runner", "schemas", "tests"):
        shutil.copytree(ROOT / name, folder / name, ignore=SKIP)
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


def _run(folder: Path, *tests: str) -> subprocess.CompletedProcess[str]:
    """Run tests over the copy; PostgreSQL and files add nothing here."""
    command = [sys.executable, "-B", "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "-p", "no:randomly"]
    command += ["-k", "not postgres and not sqlite-file", *tests]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_the_named_tests_pass_on_the_engine_as_it_is(copy: Path) -> None:
    ran = _run(copy, *dict.fromkeys(each.test for each in BREAKS))
    assert ran.returncode == 0, ran.stdout[-3000:]


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("each", BREAKS, ids=lambda each: each.id)
def test_a_break_is_caught(each: Break, copy: Path) -> None:
    path = copy / "runner" / each.file
    whole = path.read_text()
    path.write_text(whole.replace(each.old, each.new))
    try:
        ran = _run(copy, each.test)
    finally:
        path.write_text(whole)
    assert ran.returncode == FAILED, ran.stdout[-3000:]
