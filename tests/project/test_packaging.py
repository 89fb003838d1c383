"""What is shipped: the licence, the types, the schemas; and a lock file that pins by hash and names no address."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
import zipfile
from email.parser import HeaderParser

import pytest
import tree

LOCK = tree.ROOT / "requirements.lock"


def declared() -> set[str]:
    """The names of every dependency in pyproject.toml: the package's, its extras' and the development tools'."""
    project = tomllib.loads((tree.ROOT / "pyproject.toml").read_text())
    groups = [project["project"]["dependencies"], *project["project"]["optional-dependencies"].values()]
    groups += project["dependency-groups"].values()
    return {normal(re.split(r"[\[<>=~! ;]", line, maxsplit=1)[0]) for group in groups for line in group}


def normal(name: str) -> str:
    """A distribution's name as PEP 503 compares them."""
    return re.sub(r"[-_.]+", "-", name).lower()


def test_the_lock_pins_every_dependency_with_hashes():
    blocks = re.split(r"^(?=[a-z0-9])", LOCK.read_text(), flags=re.MULTILINE)[1:]
    pinned = {normal(block.split("==", 1)[0]) for block in blocks}
    assert declared() <= pinned
    assert not [block.split()[0] for block in blocks if "--hash=sha256:" not in block or "==" not in block]


def test_the_lock_names_no_address_and_no_option():
    lines = [line for line in LOCK.read_text().splitlines() if "://" in line or line.startswith("-")]
    assert not lines


def test_the_lock_agrees_with_what_the_plan_fixes():
    text = LOCK.read_text()
    assert re.search(r"^linkedin-api==2\.3\.1 ", text, re.MULTILINE)
    assert re.search(r"^lxml==5\.", text, re.MULTILINE)  # linkedin-api 2.3.1 wants lxml 5; resolvers fall back silently
    assert re.search(r"^apscheduler==3\.", text, re.MULTILINE)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel as it would be published, built without a network."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "--no-index", "-q"]
    subprocess.run([*command, "-w", folder, tree.ROOT], check=True, capture_output=True)
    return next(folder.glob("outreach_runner-*.whl"))


def test_the_wheel_holds_the_package_the_types_the_schemas_and_the_licence(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    modules = {str(path.relative_to(tree.ROOT)) for path in tree.tracked() if path.is_relative_to(tree.ROOT / "runner")}
    schemas = {f"runner/schemas/{path.name}" for path in (tree.ROOT / "schemas").glob("*.json")}
    assert modules | schemas | {"runner/py.typed"} <= names
    assert schemas
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert not [name for name in names if name.startswith(("tests/", "docs/", "sequences/"))]


def test_the_wheel_says_who_it_is(wheel):
    archive = zipfile.ZipFile(wheel)
    metadata = next(name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
    headers = HeaderParser().parsestr(archive.read(metadata).decode())
    assert (headers["Name"], headers["License-Expression"]) == ("outreach-runner", "MIT")
    assert headers["Requires-Python"] == ">=3.11"
    entry = next(name for name in archive.namelist() if name.endswith("entry_points.txt"))
    assert "runner = runner.cli.main:main" in archive.read(entry).decode()


def test_an_installed_wheel_starts_a_project_that_validates(wheel, tmp_path):
    target = tmp_path / "site"
    install = [sys.executable, "-m", "pip", "install", "--no-deps", "--no-index", "-q", "--target", target, wheel]
    subprocess.run(install, check=True, capture_output=True)
    environment = {"PYTHONPATH": str(target), "PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}

    def runner(*arguments, cwd=tmp_path):
        command = [sys.executable, "-m", "runner", *arguments]
        return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)

    started = runner("init", "project")
    assert (started.returncode, started.stderr) == (0, "")
    validated = runner("validate", cwd=tmp_path / "project")
    assert validated.returncode == 0, validated.stderr
    where = [sys.executable, "-c", "import runner; print(runner.__file__)"]
    place = subprocess.run(where, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True).stdout
    assert place.startswith(str(target))
