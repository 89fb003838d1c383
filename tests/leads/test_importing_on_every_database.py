"""Imports on SQLite in memory, SQLite in a file and PostgreSQL: the same people come of them."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import func, select

from runner.clocks import ManualClock
from runner.errors import NotFound
from runner.leads.importer import BATCH, ImportReport, import_leads
from runner.model.lead import Lead
from runner.model.lead_draft import Fate, RejectedRow
from runner.store.database import Database, open_database
from runner.store.leads import LeadFilter, SqlLeads, find_lead, read_leads
from runner.store.tables import leads
from runner.testing import make_tables

TakeIn = Callable[..., ImportReport]


@pytest.fixture
def db(tables_url: str) -> Iterator[Database]:
    """An empty database of each kind."""
    database = open_database(tables_url, create=True)
    make_tables(database)
    yield database
    database.close()


def counts(report: ImportReport) -> tuple[int, int, int, int]:
    return tuple(report.counts[fate] for fate in Fate)  # type: ignore[return-value]


def everybody(db: Database, wanted: LeadFilter = LeadFilter()) -> list[Lead]:
    with db.read() as connection:
        return list(read_leads(connection, wanted))


def lead(db: Database, name: str) -> Lead:
    with db.read() as connection:
        return find_lead(connection, name)


def test_every_row_is_new_updated_duplicate_or_rejected(take_in: TakeIn) -> None:
    take_in("email,first_name\nold@x.example,Old\nsame@x.example,Same\n")
    report = take_in(
        "email,first_name\nnew@x.example,N\nold@x.example,Older\nsame@x.example,Same\nbad,B\nnew@x.example,M\n"
    )
    assert counts(report) == (1, 1, 2, 1)
    assert report.total == 5
    assert report.rejected == [RejectedRow(5, "email: `bad` is not an e-mail address: it has no @")]
    assert report.duplicates == [RejectedRow(6, "the same person is in an earlier row")]


def test_a_re_import_updates_what_it_says_and_forgets_nothing(db: Database, take_in: TakeIn) -> None:
    take_in(
        "email,first_name,title,tags,plan\na@x.example,Ada,CTO,one,gold\n", lead_fields={"plan": "text", "n": "integer"}
    )
    take_in("email,first_name,title,tags,n\nA@X.example,,CEO,two,3\n", lead_fields={"plan": "text", "n": "integer"})
    ada = lead(db, "a@x.example")
    assert (ada.first_name, ada.title, ada.tags, ada.fields) == ("Ada", "CEO", ("one", "two"), {"plan": "gold", "n": 3})


def test_a_file_larger_than_a_batch_is_stored_whole_with_progress(db: Database, clock: ManualClock) -> None:
    total = 2 * BATCH + 7
    content = "email,first_name\n" + "".join(f"p{number}@x{number % 90}.example,P\n" for number in range(total))
    seen: list[tuple[int, int]] = []
    report = import_leads(
        io.BytesIO(content.encode()), SqlLeads(db, clock), "all", progress=lambda done, of: seen.append((done, of))
    )
    assert counts(report) == (total, 0, 0, 0)
    assert seen == [(0, total), (BATCH, total), (2 * BATCH, total), (total, total), (total, total)]
    with db.read() as connection:
        assert connection.execute(select(func.count()).select_from(leads)).scalar_one() == total
    assert len({one.id for one in everybody(db)}) == total


def test_two_imports_at_once_store_everybody_once(db: Database, clock: ManualClock) -> None:
    if str(db.engine.url) == "sqlite://":
        pytest.skip("one connection cannot be used by two")
    content = ("email,first_name\n" + "".join(f"p{number}@x.example,P\n" for number in range(3000))).encode()
    reports: list[ImportReport] = []

    def run() -> None:
        reports.append(import_leads(io.BytesIO(content), SqlLeads(db, clock), "all"))

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(counts(report)[0] + counts(report)[2] for report in reports) == [3000, 3000]
    assert sum(counts(report)[0] for report in reports) == 3000
    with db.read() as connection:
        assert connection.execute(select(func.count()).select_from(leads)).scalar_one() == 3000


def test_people_are_found_by_every_name_they_have(db: Database, take_in: TakeIn) -> None:
    take_in("email,linkedin_url,first_name,company\nAda@x.example,linkedin.com/in/ada-l,Ada,Lumen_Engines\n")
    for name in ("1", "ADA@X.example", "https://www.linkedin.com/in/ada-l/?x=1", "ada-l"):
        assert lead(db, name).id == 1
    with pytest.raises(NotFound, match=r"no lead `nobody@x\.example`"):
        lead(db, "nobody@x.example")
    assert [one.id for one in everybody(db, LeadFilter(text="lumen_"))] == [1]
    assert everybody(db, LeadFilter(text="lumen%")) == []
