"""Reading CSV text in a line, and a database of people."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest

from runner.clocks import ManualClock
from runner.leads.importer import ImportOptions, ImportReport, import_leads, read_leads
from runner.model.lead_draft import Row
from runner.store.database import Database, open_database
from runner.store.leads import SqlLeads
from runner.testing import make_tables

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)


@pytest.fixture
def read() -> Callable[..., list[Row]]:
    """Reads CSV given as text or bytes."""

    def run(content: str | bytes, **options: object) -> list[Row]:
        data = content.encode() if isinstance(content, str) else content
        return list(read_leads(io.BytesIO(data), ImportOptions(**options)))  # type: ignore[arg-type]

    return run


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW)


@pytest.fixture
def db() -> Iterator[Database]:
    """An empty database with every table."""
    database = open_database("sqlite://", create=True)
    make_tables(database)
    yield database
    database.close()


@pytest.fixture
def take_in(db: Database, clock: ManualClock) -> Callable[..., ImportReport]:
    """Imports CSV text onto a list."""

    def run(content: str, list_name: str = "all", **options: object) -> ImportReport:
        store = SqlLeads(db, clock)
        return import_leads(io.BytesIO(content.encode()), store, list_name, ImportOptions(**options))  # type: ignore[arg-type]

    return run
