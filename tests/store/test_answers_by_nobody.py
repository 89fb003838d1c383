"""Replies that nothing ties to anybody: told to a person where they answer something of ours, and counted else."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from runner.channels.email.inbox_keys import Own
from runner.channels.email.inbox_signals import Arrival, read_message
from runner.engine.ports import InboxBatch
from runner.model.channel import ChannelConfig, ChannelType
from runner.serve.check_up import check_up
from runner.store.erasing import erase
from runner.store.retention import forget_old
from runner.store.signals import Recorded, record_batch
from runner.store.strangers import MANY
from runner.store.tables import problems
from runner.testing import MONDAY, Play
from sequences import two_steps

Make = Callable[..., Play]
ACCOUNT, BOX = "email/desk", "imap:ada@lumen.example"
SENDER = {"from": {"address": "ada@lumen.example"}, "smtp": {"host": "smtp.lumen.example"}}
DESK = ChannelConfig(ChannelType.EMAIL, "desk", settings=SENDER)
TWO_STEPS = two_steps("1d", "channel: email, template: hello")
OURS = Own(frozenset({"ada@lumen.example"}))
ADA, BOB = {"email": "ada@navy.example"}, {"email": "bob@army.example"}
STRANGER = "From: Grace <grace@gmail.com>"
TEMPLATE = "---\nsubject: A question{}\n---\nHello.\n"
ONE, TWO = "it went to ada@navy.example", "it went to 2 people"


@pytest.fixture
def run(play: Make) -> Play:
    texts = {"hello": TEMPLATE.format("")}
    made = play(TWO_STEPS, [ADA, BOB], templates=texts, accounts={"desk": DESK})
    made.settle()
    return made


def arrive(run: Play, head: str, body: str = "Yes, please call me.", at: datetime | None = None) -> Recorded:
    content = f"{head}\nTo: ada@lumen.example\n\n{body}".encode()
    reading = read_message(Arrival(BOX, "INBOX", at or run.clock.now(), content), OURS, frozenset())
    return record_batch(run.ctx, ACCOUNT, InboxBatch({}, reading.signals, reading.raw, reading.notes))


def told(run: Play) -> list[str]:
    with run.ctx.db.read() as connection:
        return list(connection.execute(select(problems.c.text).where(problems.c.closed_at.is_(None))).scalars())


def said(who: str = "grace@gmail.com", went_to: str = TWO) -> str:
    return f"{who} answers 'A question' and is nobody who was written to: {went_to}"


@pytest.mark.parametrize(
    "subject",
    ["Re: A question", "AW: A question", "SV:  a QUESTION", "RE: [EXT] A question", "[External] Re: Fwd: A question",
     "Re[2]: A question", "Odp: A question", "=?utf-8?q?=E5=9B=9E=E5=A4=8D=EF=BC=9AA_question?="],
)  # fmt: skip
def test_an_answer_to_a_subject_of_ours_is_told(run: Play, subject: str) -> None:
    arrive(run, f"{STRANGER}\nSubject: {subject}")
    assert told(run) == [said()]


@pytest.mark.parametrize(
    "body",
    ["Please call me.\n\n-----Original Message-----\nFrom: Ada\nSent: Monday\nTo: Bob\nSubject: A question\n\nHello.",
     "Bitte rufen Sie an.\n\nVon: Ada\nGesendet: Montag\nAn: Bob\nBetreff: A question\n\nHello."],
)  # fmt: skip
def test_so_is_mail_that_quotes_the_subject_in_the_header_of_what_it_answers(run: Play, body: str) -> None:
    arrive(run, f"{STRANGER}\nSubject: Please call", body)
    assert told(run) == [said()]


def test_our_subject_without_a_prefix_counts_where_the_mail_quotes_something(run: Play) -> None:
    quoted = "On Mon, 1 Jan 2024 at 10:00, Ada Lovelace wrote:\n> Hello. Would you like to talk about engines?\n"
    arrive(run, f"{STRANGER}\nSubject: A question", f"Yes.\n\n{quoted}")
    assert told(run) == [said()]


def test_whom_it_went_to_is_named_where_it_was_one(play: Make) -> None:
    texts = {"hello": TEMPLATE.format(", {{ lead.first_name }}")}
    run = play(TWO_STEPS, [{**ADA, "first_name": "Ann"}], templates=texts, accounts={"desk": DESK})
    run.settle()
    arrive(run, f"{STRANGER}\nSubject: Re: A question, Ann")
    assert told(run) == [f"grace@gmail.com answers 'A question, Ann' and is nobody who was written to: {ONE}"]


@pytest.mark.parametrize(
    "head",
    [f"{STRANGER}\nSubject: Re: Lunch", f"{STRANGER}\nSubject: A question",
     f"{STRANGER}\nSubject: Re: A question\nPrecedence: bulk",
     f"{STRANGER}\nSubject: Re: A question\nList-Id: <x.example>\nIn-Reply-To: <1@x.example>",
     f"{STRANGER}\nSubject: Re: A question\nAuto-Submitted: auto-replied",
     f"{STRANGER}\nSubject: Re: A question\nReturn-Path: <>",
     "From: no-reply@shop.example\nSubject: Re: A question",
     "From: Ada <ada@lumen.example>\nSubject: Re: A question"],
)  # fmt: skip
def test_what_is_nothing_of_ours_or_no_persons_is_not_told(run: Play, head: str) -> None:
    arrive(run, head)
    assert told(run) == []


def test_mail_older_than_the_first_send_answers_nothing_of_ours(run: Play) -> None:
    arrive(run, f"{STRANGER}\nSubject: Re: A question", at=MONDAY - timedelta(days=1))
    assert told(run) == []


def test_a_reply_of_somebody_who_is_known_is_no_problem(run: Play) -> None:
    arrive(run, "From: ada@navy.example\nSubject: Re: A question")
    assert told(run) == []
    assert run.status(1) == ("stopped", "replied")


def test_a_message_is_told_once_and_never_again_by_another_read(run: Play) -> None:
    for _ in range(2):
        arrive(run, f"{STRANGER}\nSubject: Re: A question", at=MONDAY + timedelta(days=1))
    with run.ctx.db.write() as connection:
        connection.execute(problems.delete())
    arrive(run, f"{STRANGER}\nSubject: Re: A question", at=MONDAY + timedelta(days=1))
    assert told(run) == []


def test_a_flood_of_them_is_one_problem_more(run: Play) -> None:
    for number in range(MANY + 5):
        arrive(run, f"From: g{number}@gmail.com\nSubject: Re: A question")
    more = "more mail answers subjects of ours and comes from nobody who was written to"
    assert told(run) == [*(said(f"g{number}@gmail.com") for number in range(MANY)), more]


def test_somebody_who_was_erased_is_not_named(run: Play) -> None:
    erase(run.ctx, 1, actor="ada")
    arrive(run, "From: ada@navy.example\nSubject: Re: A question")
    assert told(run) == []


def test_what_was_told_goes_with_the_mail_it_speaks_of(run: Play) -> None:
    arrive(run, f"{STRANGER}\nSubject: Re: A question")
    run.clock.advance(timedelta(days=89))
    forget_old(run.ctx)
    assert told(run) == [said()]
    run.clock.advance(timedelta(days=2))
    forget_old(run.ctx)
    assert told(run) == []


def test_the_doctor_counts_the_mail_of_strangers_and_finds_nothing_wrong_with_it(run: Play, tmp_path: Path) -> None:
    arrive(run, f"{STRANGER}\nSubject: Lunch")
    arrive(run, f"{STRANGER}\nSubject: Dinner")
    arrive(run, "From: bob@army.example\nSubject: Re: A question")
    [row] = [row for row in check_up(run.ctx, tmp_path, connect=False) if row["check"] == "mail"]
    assert (row["subject"], row["verdict"], row["remedy"].split()[0]) == (ACCOUNT, "ok", "2")
    run.clock.advance(timedelta(days=8))
    assert not [row for row in check_up(run.ctx, tmp_path, connect=False) if row["check"] == "mail"]


def test_only_what_went_out_by_email_is_answered_by_mail(play: Make) -> None:
    run = play("version: 1\nname: form\nsteps:\n  - {id: first, channel: contact_form, template: hello}\n",
               [{**ADA, "website": "https://navy.example"}], templates={"hello": TEMPLATE.format("")})  # fmt: skip
    run.settle()
    assert run.channel(ChannelType.CONTACT_FORM).ledger
    arrive(run, f"{STRANGER}\nSubject: Re: A question")
    assert told(run) == []
