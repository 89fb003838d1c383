"""Imports into a database: every row is accounted for, people are known again, and lists are filled."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence

import pytest

from runner.clocks import ManualClock
from runner.errors import NotFound, UsageError
from runner.leads.importer import ImportReport, import_leads
from runner.model.lead import Lead
from runner.model.lead_draft import Fate, LeadDraft, Result
from runner.store.database import Database
from runner.store.leads import LeadFilter, count_leads, find_lead, list_names, read_leads

TakeIn = Callable[..., ImportReport]


def counts(report: ImportReport) -> tuple[int, int, int, int]:
    return tuple(report.counts[fate] for fate in Fate)  # type: ignore[return-value]


def everybody(db: Database, wanted: LeadFilter = LeadFilter()) -> list[Lead]:
    with db.read() as connection:
        return list(read_leads(connection, wanted))


def lead(db: Database, name: str) -> Lead:
    with db.read() as connection:
        return find_lead(connection, name)


def test_importing_the_same_file_twice_changes_nothing(db: Database, take_in: TakeIn) -> None:
    content = 'email,first_name,tags\na@x.example,A,"x, y"\nb@x.example,B,z\n'
    take_in(content)
    before = everybody(db)
    assert counts(take_in(content)) == (0, 0, 2, 0)
    assert everybody(db) == before


def test_a_person_is_known_by_address_or_profile(db: Database, take_in: TakeIn) -> None:
    take_in("email,linkedin_url\na@x.example,linkedin.com/in/ada\n")
    assert counts(take_in("email,linkedin_url\nnew@x.example,https://www.linkedin.com/in/Ada/\n")) == (0, 1, 0, 0)
    assert counts(take_in("email,linkedin_url\nnew@x.example,linkedin.com/in/ada-2\n")) == (0, 1, 0, 0)
    (ada,) = everybody(db)
    assert (ada.email, ada.linkedin_url) == ("new@x.example", "https://www.linkedin.com/in/ada-2/")


def test_two_keys_of_two_people_are_rejected(db: Database, take_in: TakeIn) -> None:
    take_in("email,linkedin_url\na@x.example,\n,linkedin.com/in/bob\n")
    report = take_in("email,linkedin_url\na@x.example,linkedin.com/in/bob\n")
    assert counts(report) == (0, 0, 0, 1)
    assert "belong to two leads (1 and 2)" in report.rejected[0].reason
    assert lead(db, "a@x.example").linkedin_url is None


def test_an_address_that_one_row_gives_away_is_free_for_the_next(db: Database, take_in: TakeIn) -> None:
    take_in("email,linkedin_url\na@x.example,linkedin.com/in/ada\n")
    report = take_in("email,linkedin_url\nb@x.example,linkedin.com/in/ada\n,linkedin.com/in/carl\n")
    assert counts(report) == (1, 1, 0, 0)
    assert lead(db, "b@x.example").id == 1


def test_a_lead_with_only_a_form_is_known_again(db: Database, take_in: TakeIn) -> None:
    content = "email,contact_form_url,company\n,lumen.example/contact,Lumen\n"
    assert counts(take_in(content)) == (1, 0, 0, 0)
    assert counts(take_in(content)) == (0, 0, 1, 0)


def test_everybody_in_the_file_is_on_the_list_also_those_already_stored(db: Database, take_in: TakeIn) -> None:
    take_in("email\na@x.example\nb@x.example\n", list_name="first")
    take_in("email\nb@x.example\nc@x.example\n", list_name="second")
    with db.read() as connection:
        assert list_names(connection) == [("first", 2), ("second", 2)]
        assert count_leads(connection, LeadFilter("second")) == 2
    assert [one.email for one in everybody(db, LeadFilter("second"))] == ["b@x.example", "c@x.example"]
    assert lead(db, "b@x.example").lists == ("first", "second")


def test_a_list_needs_a_name(take_in: TakeIn) -> None:
    with pytest.raises(UsageError, match="a list needs a name"):
        take_in("email\na@x.example\n", list_name=" ")


def test_a_store_is_asked_for_one_person_once(clock: ManualClock) -> None:
    class Store:
        def __init__(self) -> None:
            self.asked: list[str | None] = []

        def upsert(self, batch: Sequence[LeadDraft], list_name: str) -> Sequence[Result]:
            self.asked += [draft.email_key for draft in batch]
            return [Result(Fate.NEW, 1) for _ in batch]

    store = Store()
    content = b"email,linkedin_url\na@x.example,linkedin.com/in/ada\nA@X.EXAMPLE,\nb@x.example,linkedin.com/in/ADA\n"
    report = import_leads(io.BytesIO(content), store, "all")
    assert store.asked == ["a@x.example"]
    assert counts(report) == (1, 0, 2, 0)


def test_an_unknown_list_is_an_error(db: Database) -> None:
    with pytest.raises(NotFound, match="no list `nope`"):
        everybody(db, LeadFilter("nope"))
