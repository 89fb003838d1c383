"""A backup restored where no journal says what went out since: the Sent folder of a real IMAP server does."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from dovecot_server import Dovecot, free_port, needs_dovecot
from two_letters import add_people, put_back, remove_database, write_account, write_two_letters

from runner.clocks import SystemClock
from runner.sandbox.smtp import SmtpSink

pytestmark = needs_dovecot
Run = Callable[..., Any]
PAUSE = 4
"""Seconds between the two letters: longer than two commands that follow each other take on a busy machine."""
ACCOUNT = """\
from: {{name: Ada, address: {who}}}
smtp: {{host: 127.0.0.1, port: {smtp}, security: 'off'}}
imap: {{host: 127.0.0.1, port: {imap}, security: 'off', username: {who}, password: {{env: DESK}}, save_sent: true}}
"""


@dataclass(frozen=True)
class Office:
    """A project whose mail goes to a sink and whose own copies go to a real Sent folder."""

    root: Path
    runner: Run
    sink: SmtpSink
    imap: int

    def account(self, imap: int | None = None) -> None:
        who = f"{hashlib.sha256(str(self.root).encode()).hexdigest()[:12]}@lumen.example"
        write_account(self.root, ACCOUNT.format(who=who, smtp=self.sink.port, imap=imap or self.imap))

    def add(self, *people: str) -> None:
        add_people(self.root, self.runner, *people)

    def serve(self) -> str:
        done = self.runner("serve", "--once")
        assert done.returncode == 0, done.stderr
        return str(done.stdout) + str(done.stderr)

    def sent(self) -> Counter[str]:
        return Counter(each.recipient for each in self.sink.accepted())

    def restore(self, journal: Path | None = None) -> None:
        """On another machine: the copy in the place of the database, and no journal but the one given."""
        put_back(self.root, self.root / "copy.db")
        shutil.rmtree(self.root / ".runner/sent", ignore_errors=True)
        if journal is not None:
            shutil.copytree(journal, self.root / ".runner/sent")

    def says(self, lead: str) -> str:
        [found] = json.loads(self.runner("explain", lead, "--format", "json").stdout)["explanations"]
        return f"{found['state']}: {found['why']}"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return write_two_letters(tmp_path / "project", pause=f"{PAUSE}s")


@pytest.fixture
def office(project: Path, runner: Run, dovecot: Dovecot, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    """One message, to Ada, went out before the backup; her second and Bob's first after it."""
    monkeypatch.setenv("DESK", "secret")
    sink = SmtpSink(SystemClock()).start()
    place = Office(project, runner, sink, dovecot.port)
    place.account()
    assert runner("db", "upgrade").returncode == 0
    place.add("ada@a.example")
    place.serve()
    assert runner("backup", "copy.db").returncode == 0
    shutil.copytree(project / ".runner/sent", project / "sent-then")
    place.add("bob@b.example")
    threading.Event().wait(PAUSE + 0.1)  # the pause between the two steps: `serve` goes by the machine's clock
    place.serve()
    place.serve()
    assert place.sent() == {"ada@a.example": 2, "bob@b.example": 1}
    yield place
    sink.stop()


def test_without_a_journal_the_sent_folder_stops_it_and_nobody_is_written_to_twice(office: Office) -> None:
    office.restore()
    said = office.serve()
    assert "sent_folder.unknown" in said and "messages=2" in said
    assert office.sent() == {"ada@a.example": 2, "bob@b.example": 1}
    assert "restored from a backup" in office.says("ada@a.example")

    shown = office.runner("db", "reconcile", "--format", "json")
    assert shown.returncode == 1
    rows = [(row["campaign"], row["step"], row["account"]) for row in json.loads(shown.stdout)["sends"]]
    assert sorted(rows, key=str) == [("two", "second", "email/desk"), (None, None, "email/desk")]

    accepted = office.runner("db", "reconcile", "--accept")
    assert (accepted.returncode, accepted.stdout) == (0, "2 sends and 0 opt-outs were taken over; sending goes on\n")
    office.add("bob@b.example", "cy@c.example")
    assert "sent_folder.unknown" not in office.serve()
    threading.Event().wait(PAUSE + 0.1)
    office.serve()
    assert office.sent() == {"ada@a.example": 2, "bob@b.example": 1, "cy@c.example": 2}
    doubtful = json.loads(office.runner("attempts", "list", "--format", "json").stdout)["attempts"]
    assert {(row["lead"], row["step"], row["reason"]) for row in doubtful} == {
        ("ada@a.example", "second", "restored"), ("bob@b.example", "first", "restored"),
    }  # fmt: skip
    assert office.runner("db", "reconcile").returncode == 0
    assert office.runner("doctor", "--invariants").returncode == 0


def test_a_machine_restored_as_a_whole_is_noticed_though_its_journal_agrees(office: Office) -> None:
    office.restore(journal=office.root / "sent-then")
    assert "sent_folder.unknown" in office.serve()
    assert office.sent() == {"ada@a.example": 2, "bob@b.example": 1}


def test_without_journal_and_sent_folder_the_account_rests_until_either_is_there(office: Office) -> None:
    office.restore()
    office.account(imap=free_port())
    said = office.serve()
    assert "sent_folder.unreadable" in said
    assert office.sent() == {"ada@a.example": 2, "bob@b.example": 1}
    why = office.says("ada@a.example")
    assert re.search(r"account:email/desk is switched off: no journal .* its Sent folder cannot be read", why), why
    refused = office.runner("db", "reconcile", "--accept")
    assert refused.returncode == 1 and "--leave-out email/desk" in refused.stderr
    assert office.runner("db", "reconcile", "--accept", "--leave-out", "email/nobody").returncode == 1
    office.account()
    said = office.serve()
    assert "sent_folder.unknown" in said
    assert office.sent() == {"ada@a.example": 2, "bob@b.example": 1}
    assert "restored from a backup" in office.says("ada@a.example")


def test_an_account_left_out_by_a_person_sends_again(office: Office) -> None:
    office.account(imap=free_port())
    office.add("cy@c.example")
    shutil.rmtree(office.root / ".runner/sent")
    office.serve()
    assert office.sent()["cy@c.example"] == 0
    assert office.runner("db", "reconcile", "--accept", "--leave-out", "email/desk").returncode == 0
    office.serve()
    assert office.sent()["cy@c.example"] == 1


def test_with_a_journal_an_unreadable_folder_is_told_and_first_messages_go_out(office: Office) -> None:
    office.account(imap=free_port())
    office.add("cy@c.example")
    assert "sent_folder.unreadable" in office.serve()
    assert office.sent()["cy@c.example"] == 1


def test_a_new_database_for_an_old_mailbox_is_no_restored_one(office: Office) -> None:
    remove_database(office.root)
    threading.Event().wait(1.1)  # the server dates mail to the second
    assert office.runner("db", "upgrade").returncode == 0
    office.add("cy@c.example")
    assert "sent_folder" not in office.serve()
    assert office.sent()["cy@c.example"] == 1


def test_a_send_by_hand_looks_into_the_sent_folder_too(office: Office) -> None:
    """Nobody started `serve` since the backup was put back: the first thing anybody does is to send one message."""
    office.restore()
    refused = office.runner("send", "two", "ada@a.example", "--channels", "email")
    assert refused.returncode == 1
    assert "error: the database is older than what was sent" in refused.stderr
    assert "help: `runner db reconcile`" in refused.stderr
    assert office.sent() == {"ada@a.example": 2, "bob@b.example": 1}
    held = office.runner("serve", "--dry-run").stderr
    assert "it was restored from a backup; nothing is sent" in held, "and from now on it holds for everybody"


def test_a_send_by_hand_rests_where_neither_journal_nor_folder_can_be_asked(office: Office) -> None:
    office.restore()
    office.account(imap=free_port())
    put_off = office.runner("send", "two", "ada@a.example", "--channels", "email", "--format", "json")
    assert put_off.returncode == 1
    assert "its Sent folder cannot be read" in json.loads(put_off.stdout)["attempts"][0]["error"]
    assert "sent_folder.unreadable" in put_off.stderr
    assert office.sent() == {"ada@a.example": 2, "bob@b.example": 1}
    office.account()
    assert office.runner("send", "two", "ada@a.example", "--channels", "email").returncode == 1
    assert office.sent() == {"ada@a.example": 2, "bob@b.example": 1}


def test_a_send_by_hand_files_its_copy_and_prints_nothing_but_what_came_of_it(office: Office) -> None:
    office.add("cy@c.example")
    assert office.runner("enroll", "two", "cy@c.example").returncode == 0
    sent = office.runner("send", "two", "cy@c.example", "--channels", "email", "--format", "json")
    assert json.loads(sent.stdout)["success"] is True
    office.restore()
    told = json.loads(office.runner("db", "reconcile", "--format", "json").stdout)
    assert len(told["sends"]) == 3, "the copy is there when the command ends"
