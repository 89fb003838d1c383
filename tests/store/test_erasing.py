"""An erased person stands nowhere any more: not in a row, not in a cursor, not in the bytes of the database file."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import insert, select

from runner.engine.outcomes import Failed, HandedOver, Sent, TaskDraft
from runner.engine.ports import InboxBatch, Note, RawMessage, Signal
from runner.model.channel import ChannelType
from runner.model.events import EventKind
from runner.store.database import open_database
from runner.store.erasing import KEPT, NOBODYS, SEARCHED, emptied, erase, rows_of
from runner.store.invariants import broken
from runner.store.signals import record_batch
from runner.store.tables import inbox_cursors, leads, metadata, outreach_attempts, raw_messages
from runner.testing import MONDAY, Play

Make = Callable[..., Play]
SEQUENCE = """\
version: 1
name: all
stop_on: [complained]
steps:
  - {id: intro, channel: email, template: hello}
  - {id: form, channel: contact_form, condition: if email_failed, template: hello}
  - {id: meet, channel: linkedin, action: connect, template: hello}
  - {id: call, channel: phone, template: hello}
  - {id: rest, wait: 3d}
"""
ADA = {
    "email": "zephyrine@quixotic.example", "first_name": "Zephyrine", "last_name": "Wobblethorpe",
    "company": "Quixotic Engines", "phone": "+442079460999", "linkedin_url": "https://www.linkedin.com/in/zephy-w",
    "linkedin_key": "zephy-w", "linkedin_urn": "ACoAAZephyrine", "website": "https://quixotic.example",
    "fields": {"dog": "Bartholomewski"}, "tags": ["met-at-marmaladefair"], "title": "Chief Wobbler",
}  # fmt: skip
TRACES = ("zephy", "wobble", "quixotic engines", "2079460999", "bartholomewski", "marmaladefair", "haberdash")
OTHER = {"email": "grace@navy.example", "first_name": "Grace"}


def lived(play: Make) -> Play:
    """A person with everything that can be stored about one, beside another one."""
    run = play(SEQUENCE, [ADA, OTHER])
    [email] = [key for key in run.ctx.book.project.channels if key.startswith("email")]
    run.channel(ChannelType.EMAIL).script(ADA["email"], Sent(detail={"reply": f"250 queued for {ADA['email']}"}))
    run.channel(ChannelType.LINKEDIN).script(ADA["email"], Failed("gone", "Zephyrine is gone", detail={"x": "Zephy"}))
    task = TaskDraft("call", "Call Zephyrine", "Say haberdash", link="https://x.example/zephy-w", number=ADA["phone"])
    run.channel(ChannelType.PHONE).script(ADA["email"], HandedOver(task))
    run.settle()
    mail = b"From: Zephyrine <ZEPHYRINE@quixotic.example>\r\n\r\nhaberdash"
    batch = InboxBatch(
        {"pending": [pending("zephy-w", "ACoAAZephyrine"), pending("grace", None)], "told": {"zephy-w": "said"},
         "INBOX": {"uid": 7}},
        signals=(
            Signal(EventKind.REPLIED, MONDAY, "imap:x:1", address=ADA["email"], data={"text": "I am Zephyrine"}),
            Signal(EventKind.BOUNCED, MONDAY, "imap:x:2:0", address=ADA["email"], permanent=True),
            Signal(EventKind.AUTO_REPLIED, MONDAY, "li/ACoAAZephyrine/9", profile="ACoAAZephyrine"),
        ),
        raw=(
            RawMessage("imap:x:1", MONDAY, mail, "reply:human"),
            RawMessage("imap:x:2", MONDAY, b"haberdash, and no address", "bounce:words"),
            RawMessage("imap:x:3", MONDAY, b"To: zephyrine@quixotic.example\r\n\r\na list", "other:list"),
            RawMessage("imap:x:4", MONDAY, b"From: grace@navy.example\r\n\r\nhello", "reply:human"),
        ),
        notes=(Note("left_company", f"{ADA['email']} is gone, says Zephyrine", ADA["email"]),),
    )  # fmt: skip
    record_batch(run.ctx, f"email/{email}", batch)
    run.settle()
    return run


def pending(public_id: str, profile_id: str | None) -> dict[str, object]:
    return {"key": profile_id or public_id, "public_id": public_id, "profile_id": profile_id, "first_name": "N"}


def stored(run: Play) -> str:
    """Every row of every table, as text."""
    with run.ctx.db.read() as connection:
        rows = [dict(row._mapping) for table in metadata.sorted_tables for row in connection.execute(select(table))]
    return json.dumps(rows, default=lambda value: value.decode() if isinstance(value, bytes) else str(value)).lower()


def test_every_table_has_its_place() -> None:
    for table in metadata.sorted_tables:
        places = [table.name in KEPT, table.name in SEARCHED, table.name in NOBODYS]
        assert places.count(True) == 1, f"{table.name} has to be placed in runner/store/erasing.py"
        assert (table.name in KEPT) == (rows_of(table, 1) is not None)


def test_what_is_kept_is_there_and_a_new_text_is_emptied() -> None:
    for name, columns in KEPT.items():
        assert columns <= set(metadata.tables[name].c.keys())
    assert {column.name for column in emptied(leads)} >= {"email", "fields", "tags", "source", "email_key"}
    assert "explanation" in {column.name for column in emptied(outreach_attempts)}


def test_the_person_is_in_no_row_and_the_other_one_is_whole(play: Make) -> None:
    run = lived(play)
    before = stored(run)
    assert all(trace in before for trace in TRACES)
    erase(run.ctx, 1, actor="test")
    after = stored(run)
    assert [trace for trace in TRACES if trace in after] == []
    assert "grace@navy.example" in after
    assert broken(run.ctx) == []
    with run.ctx.db.read() as connection:
        assert connection.execute(select(raw_messages.c.source)).scalars().all() == ["imap:x:4"]
        [cursor] = connection.execute(select(inbox_cursors.c.cursor)).scalars()
    assert cursor == {"pending": [pending("grace", None)], "told": {}, "INBOX": {"uid": 7}}


def test_a_read_of_the_same_mail_again_still_counts_nothing_twice(play: Make) -> None:
    run = lived(play)
    erase(run.ctx, 1, actor="test")
    run.happen(Signal(EventKind.REPLIED, MONDAY, "imap:x:1", address=ADA["email"], data={"text": "I am Zephyrine"}))
    assert "zephyrine" not in stored(run)


def test_the_person_is_not_in_the_bytes_of_the_database(tmp_path: Path) -> None:
    def make(source: str, people: list[dict[str, object]]) -> Play:
        return Play(source, people, db=open_database(f"sqlite:///{tmp_path / 'x.db'}", create=True))

    run = lived(make)
    with run.ctx.db.write() as connection:  # an earlier state of the person, overwritten and deleted since
        connection.execute(leads.update().where(leads.c.id == 1).values(title="Wobble" * 900))
        connection.execute(leads.update().where(leads.c.id == 1).values(title="Wobbler"))
        raw = {"account": "email/x", "source": "imap:old", "received_at": MONDAY, "verdict": "reply"}
        connection.execute(insert(raw_messages).values(**raw, content=b"haberdash " * 9000))
        connection.execute(raw_messages.delete().where(raw_messages.c.source == "imap:old"))
    assert found_in(tmp_path)
    erase(run.ctx, 1, actor="test")
    assert found_in(tmp_path) == []
    run.ctx.db.close()


def found_in(folder: Path) -> list[str]:
    """Which traces stand in any file of the database."""
    content = b"".join(path.read_bytes() for path in folder.iterdir()).lower()
    return [trace for trace in TRACES if trace.encode() in content]


@pytest.mark.parametrize("text", ["about zephyrine@quixotic.example", "see linkedin.com/in/zephy-w", "ACoAAZephyrine"])
def test_a_problem_that_names_the_person_loses_its_words(play: Make, text: str) -> None:
    run = play(SEQUENCE, [ADA])
    record_batch(run.ctx, "email/x", InboxBatch({}, notes=(Note("odd", text), Note("odd", "email/zed is slow"))))
    erase(run.ctx, 1, actor="test")
    assert "zephy" not in stored(run)
    assert "email/zed is slow" in stored(run)
