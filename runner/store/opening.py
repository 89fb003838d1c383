"""Opening a project for work: files compiled, database connected, key checked, definitions published."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from runner.clocks import SystemClock
from runner.compile.project import load_project
from runner.engine.ports import Clock
from runner.errors import ProjectError, UsageError
from runner.model.project import Project, ProjectSettings
from runner.store.context import Context
from runner.store.database import Database, open_database
from runner.store.definitions import open_book, publish
from runner.store.journal import Journal
from runner.store.keys import bind_key, load_key
from runner.store.restoring import database_id
from runner.store.schema import check_schema

DATABASE_VARIABLE = "RUNNER_DATABASE"
KEPT = f"write `database: sqlite:///runner.db` in runner.yaml, or the like in {DATABASE_VARIABLE}"


def compile_or_raise(root: Path) -> Project:
    """The project at `root`. Raises ProjectError with every diagnostic when it does not compile."""
    result = load_project(root)
    if result.project is None:
        count = sum(1 for diagnostic in result.diagnostics if diagnostic.is_error)
        noun = "error" if count == 1 else "errors"
        raise ProjectError(f"the project has {count} {noun}", result.diagnostics, help="`runner validate` shows them")
    return result.project


def open_store(settings: ProjectSettings, root: Path, *, create: bool = False) -> Database:
    """The project's database; the environment's RUNNER_DATABASE overrides what runner.yaml says.

    Raises UsageError for one in memory: the next command would find nothing of what this one wrote.
    """
    url = os.environ.get(DATABASE_VARIABLE) or settings.database
    opened = open_database(url, root=root, create=create)
    if opened.in_memory:
        opened.close()
        raise UsageError(f"the database {url} is in memory and ends with this command", help=KEPT)
    return opened


def open_context(
    root: Path,
    *,
    project: Project | None = None,
    clock: Clock | None = None,
    machine: Clock | None = None,
    db: Database | None = None,
    publish_files: bool = True,
) -> Context:
    """Open the project at `root`; without `publish_files` the database's definitions stay as they are.

    The project's own database has its journal beside it; another one, given as `db`, has none.

    Raises ProjectError for a broken project, DatabaseUnavailable for a database that is not ready, and MissingSecret
    when the key is gone.
    """
    project = project or compile_or_raise(root)
    machine = machine or SystemClock()
    clock = clock or machine
    opened = db or open_store(project.settings, root)
    try:
        check_schema(opened)
        key = load_key(root)
        with opened.write() as connection:
            bind_key(connection, key)
            database = database_id(connection)
        book = publish(opened, project, clock.now()) if publish_files else open_book(opened, project)
    except BaseException:
        if db is None:
            opened.close()
        raise
    ctx = Context(db=opened, book=book, clock=clock, machine=machine, key=key)
    return replace(ctx, journal=Journal(root, database)) if db is None else ctx
