"""What a person gets who asks what is stored about them (GDPR Art. 15): all of it, and nothing of others."""

from __future__ import annotations

import json
from collections.abc import Callable

from runner.engine.ports import InboxBatch, RawMessage, Signal
from runner.model.events import EventKind
from runner.store.dossier import dossier
from runner.store.erasing import KEPT
from runner.store.signals import record_batch
from runner.testing import MONDAY, Play

ONE = "version: 1\nname: one\nsteps:\n  - {id: first, channel: email, template: hello}\n"
ADA, BOB = {"email": "ada@navy.example", "first_name": "Ada"}, {"email": "bob@army.example", "first_name": "Bob"}


def test_it_holds_every_table_the_kept_mail_and_the_suppressions_of_one_person(play: Callable[..., Play]) -> None:
    run = play(ONE, [ADA, BOB])
    run.settle()
    said = Signal(EventKind.UNSUBSCRIBED, MONDAY, "imap:1", address="ada@navy.example", data={"text": "no more"})
    raw = (
        RawMessage("imap:1", MONDAY, b"From: Ada <ada@navy.example>\r\n\r\nno more \xff", "opt_out:words"),
        RawMessage("imap:2", MONDAY, b"To: ADA@navy.example\r\n\r\na list", "other:list"),
        RawMessage("imap:3", MONDAY, b"From: bob@army.example\r\n\r\nyes", "reply:human"),
    )
    record_batch(run.ctx, "email/email_test", InboxBatch({}, (said,), raw))
    with run.ctx.db.read() as connection:
        found = dossier(connection, 1, run.ctx.key)
    assert found["lead"]["email"] == "ada@navy.example"
    assert [mail["source"] for mail in found["mail"]] == ["imap:1", "imap:2"]
    assert "no more \\xff" in found["mail"][0]["content"]
    assert [row["reason"] for row in found["suppressions"]] == ["opt_out"]
    assert [event["kind"] for event in found["events"]] == ["unsubscribed"]
    assert len(found["messages"]) == len(found["attempts"]) == 1
    assert "bob" not in json.dumps(found, default=str).lower()


def test_no_table_that_holds_something_of_a_person_is_left_out() -> None:
    shown = {"leads", "list_members", "enrollments", "step_runs", "outreach_messages", "outreach_attempts", "events",
             "tasks", "transitions"}  # fmt: skip
    of_the_machine = {"claims", "timers", "reservations"}
    assert set(KEPT) == shown | of_the_machine, "a new table has to be shown by runner/store/dossier.py"
