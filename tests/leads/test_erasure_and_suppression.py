"""Who opted out or was erased is not written to again: under no spelling, on no channel, after no re-import."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from sqlalchemy import insert, select

from runner.clocks import ManualClock
from runner.errors import NotFound
from runner.leads.importer import ImportReport
from runner.model.channel import ChannelType
from runner.model.identity import company_key, mailbox_key, parent_domains, suppressible
from runner.model.lead import Lead
from runner.model.lead_draft import Fate
from runner.model.project import Project, ProjectSettings
from runner.store.book import Book
from runner.store.context import Context
from runner.store.database import Database
from runner.store.dossier import dossier
from runner.store.erasing import erase
from runner.store.keys import Key
from runner.store.leads import find_lead
from runner.store.suppressions import read_suppressions, suppress, suppressed_by, unsuppress
from runner.store.tables import events, leads, problems, raw_messages, suppressions

TakeIn = Callable[..., ImportReport]
NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
KEY = Key(b"k" * 32)


@pytest.fixture
def ctx(db: Database, clock: ManualClock, tmp_path: object) -> Context:
    project = Project(tmp_path, ProjectSettings(), {}, {}, {})  # type: ignore[arg-type]
    return Context(db=db, book=Book(project), clock=clock, machine=clock, key=KEY)


def add(db: Database, kind: str, value: str, reason: str = "manual", key: Key = KEY) -> bool:
    with db.write() as connection:
        return suppress(connection, key, kind, value, reason=reason, actor="test", now=NOW)


def why(db: Database, lead: Lead, channel: ChannelType = ChannelType.EMAIL, key: Key = KEY) -> str | None:
    with db.read() as connection:
        return suppressed_by(connection, key, lead, channel)


@pytest.mark.parametrize(
    ("kind", "value", "lead"),
    [
        ("address", "ada@x.example", Lead(1, email="ADA@X.example")),
        ("address", "ada+news@x.example", Lead(1, email="ada@x.example")),
        ("address", "ada@x.example", Lead(1, email="ada+other@x.example")),
        ("address", "a.d.a@gmail.com", Lead(1, email="ada+x@googlemail.com")),
        ("address", "x@müller.example", Lead(1, email="x@xn--mller-kva.example")),
        ("domain", "X.example", Lead(1, email="ada@mail.x.example")),
        ("domain", "@x.example", Lead(1, website="https://shop.x.example/a")),
        ("domain", "x.example", Lead(1, contact_form_url="http://x.example/contact")),
        ("company", "Lumen Engines GmbH", Lead(1, company="lumen  engines")),
        ("profile", "https://www.linkedin.com/in/Ada-L/?x", Lead(1, linkedin_url="https://www.linkedin.com/in/ada-l/")),
        ("phone", "+49 30 23125-001", Lead(1, phone="+493023125001")),
    ],
)
def test_a_suppression_holds_under_every_spelling_on_every_channel(
    db: Database, kind: str, value: str, lead: Lead
) -> None:
    assert add(db, kind, value)
    for channel in ChannelType:
        assert "is suppressed: manual" in (why(db, lead, channel) or "")


@pytest.mark.parametrize(
    ("kind", "value", "lead"),
    [
        ("address", "ada@x.example", Lead(1, email="ad.a@x.example")),
        ("domain", "x.example", Lead(1, email="ada@ax.example")),
        ("domain", "a.x.example", Lead(1, email="ada@x.example")),
        ("company", "Lumen", Lead(1, company="Lumenta")),
        ("profile", "ada-l", Lead(1, linkedin_url="https://www.linkedin.com/in/ada-l2/")),
    ],
)
def test_a_suppression_does_not_hold_for_others(db: Database, kind: str, value: str, lead: Lead) -> None:
    add(db, kind, value)
    assert why(db, lead) is None


def test_a_dead_address_closes_only_email(db: Database) -> None:
    add(db, "address", "ada@x.example", "hard_bounce")
    ada = Lead(1, email="ada@x.example")
    assert why(db, ada) is not None
    assert why(db, ada, ChannelType.LINKEDIN) is None


def test_suppressing_twice_is_one_suppression_and_lifting_it_keeps_the_record(db: Database) -> None:
    assert add(db, "address", "ada@x.example")
    assert not add(db, "address", "Ada+x@X.example")
    with db.write() as connection:
        assert unsuppress(connection, KEY, "address", "ada@x.example", actor="sam", now=NOW)
        assert not unsuppress(connection, KEY, "address", "ada@x.example", actor="sam", now=NOW)
    assert why(db, Lead(1, email="ada@x.example")) is None
    with db.read() as connection:
        assert list(read_suppressions(connection)) == []
        (old,) = read_suppressions(connection, removed=True)
    assert (old.label, old.removed_by) == ("a***@x.example", "sam")
    assert add(db, "address", "ada@x.example")


def test_the_list_holds_no_address(db: Database) -> None:
    add(db, "address", "ada@x.example")
    with db.read() as connection:
        row = connection.execute(select(suppressions)).one()
    assert "ada@" not in " ".join(str(value) for value in row)
    assert why(db, Lead(1, email="ada@x.example"), key=Key(b"o" * 32)) is None


def test_an_erased_person_is_gone_and_stays_suppressed_after_a_re_import(
    ctx: Context, db: Database, take_in: TakeIn
) -> None:
    content = (
        "email,first_name,company,phone,linkedin_url\nada@x.example,Ada,Lumen,+442079460001,linkedin.com/in/ada-l\n"
    )
    take_in(content)
    with db.write() as connection:
        seen = {"at": NOW, "recorded_at": NOW, "lead_id": 1, "permanent": False, "hard": False, "pending": False}
        connection.execute(insert(events).values(kind="replied", source="box/1", data={"text": "I am Ada"}, **seen))
        raw = {"account": "email/a", "received_at": NOW, "verdict": "reply", "content": b"From: ada@x.example"}
        trouble = {"scope": "inbox:a", "kind": "left_company", "text": "ada@x.example is no longer there"}
        connection.execute(insert(problems).values(**trouble, opened_at=NOW))
        connection.execute(insert(raw_messages).values(source="box/1", **raw))
    erase(ctx, 1, actor="test")
    with db.read() as connection:
        everything = str(dossier(connection, 1)) + str(connection.execute(select(raw_messages)).all())
        everything += str(connection.execute(select(problems)).all())
        with pytest.raises(NotFound):
            find_lead(connection, "ada@x.example")
    for trace in ("ada", "Ada", "Lumen", "4420"):
        assert trace not in everything
    assert take_in(content.replace("ada@", "ADA+back@")).counts[Fate.NEW] == 1
    with db.read() as connection:
        again = find_lead(connection, "ada+back@x.example")
        assert connection.execute(select(leads.c.erased_at).where(leads.c.id == 1)).scalar_one() == NOW
    for channel in ChannelType:
        assert "is suppressed: erased" in (why(db, again, channel) or "")


def test_keys_of_people() -> None:
    assert mailbox_key("+@x.example") == "+@x.example"
    assert company_key("Acme, Inc.") == company_key("ACME") == "acme"
    assert company_key("GmbH") == "gmbh"
    assert list(parent_domains("A.b.Example.")) == ["a.b.example", "b.example"]
    assert dict(suppressible(Lead(1))) == {}
