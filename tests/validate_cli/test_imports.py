"""What a command does not import: people wait for `runner validate` in an editor and before each commit."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = (
    "sqlalchemy", "alembic", "apscheduler", "requests", "urllib3", "bs4", "lxml", "linkedin_api", "fastapi", "uvicorn",
    "playwright", "asyncio", "rich", "markdown_it", "structlog", "holidays", "email_validator", "dns", "phonenumbers",
    "runner.store", "runner.engine.decide", "runner.channels.email", "runner.serve",
)  # fmt: skip
NOT_FOR_VERSION = (*HEAVY, "yaml", "jinja2", "jsonschema", "jsonschema_rs", "runner.compile", "runner.lang")
COUNT = """
import sys
from runner.cli.main import main
try:
    main(sys.argv[1:])
except SystemExit as ended:
    assert not ended.code, ended.code
print("imported", *sys.modules)
"""


def imported(*arguments: str, folder: Path) -> set[str]:
    """The names of all modules that a command ends with, in a process of its own."""
    command = [sys.executable, "-c", COUNT, *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.splitlines()[-1].split()[1:])


def test_the_version_is_told_without_the_language(tmp_path):
    assert imported("--version", folder=tmp_path) & set(NOT_FOR_VERSION) == set()


@pytest.mark.parametrize(
    "arguments",
    [
        ("validate",),
        ("validate", "--format", "json"),
        ("validate", "--format", "sarif"),
        ("graph", "first"),
        ("schema", "sequence"),
    ],
    ids=" ".join,
)
def test_the_files_are_checked_without_database_scheduler_and_network(arguments, starter):
    assert imported(*arguments, folder=starter) & set(HEAVY) == set()


def test_one_sound_file_is_checked_without_the_template_engine_and_the_explaining_validator(starter):
    modules = imported("validate", "sequences/first.yaml", folder=starter)
    assert modules & {*HEAVY, "jinja2", "jsonschema"} == set()
    assert "jsonschema_rs" in modules
