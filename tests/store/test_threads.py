"""A follow-up stands in the conversation that its reader has, whatever became of the messages before it here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from runner.channels.email.config import account_of
from runner.channels.email.message import build
from runner.engine.outcomes import Failed, Permit, Sent, Unknown
from runner.engine.ports import Job
from runner.model.channel import ChannelConfig, ChannelType
from runner.model.senders import message_id_of
from runner.store.claims import rescue
from runner.store.explaining import explain_lead
from runner.store.gatekeeping import pass_gate
from runner.store.results import record
from runner.testing import Play

Make = Callable[..., Play]
THREE = """\
version: 1
name: three
steps:
  - {id: first, channel: email, template: hello}
  - {id: rest, wait: 2d}
  - {id: second, channel: email, thread: first, template: bump}
  - {id: pause, wait: 2d}
  - {id: third, channel: email, thread: second, template: bump}
"""
TEXTS = {
    "hello": "---\nsubject: A question\n---\nHello, {{ sender.name }}\n",
    "bump": "Still there? {{ sender.name }}\n",
}
BOB = {"name": "Bob Byte", "address": "bob@Bücher.example"}
DESK = ChannelConfig(
    ChannelType.EMAIL,
    "desk",
    settings={
        "from": {"name": "Ada Lovelace", "address": "ada@Lumen.example"},
        "send_as": {"field": "owner", "identities": {"bob": BOB}},
        "smtp": {"host": "smtp.lumen.example"},
        "footer": {"postal_address": "Here", "unsubscribe": "reply"},
    },
)


@pytest.fixture
def start(play: Make) -> Callable[..., Play]:
    def make(**lead: object) -> Play:
        return play(THREE, [{"email": "ann@example.com", **lead}], templates=TEXTS, accounts={"desk": DESK})

    return make


def next_job(run: Play) -> Job:
    """The next message as its channel gets it, five days later at most."""
    run.advance_to(run.clock.now() + timedelta(days=5))
    return run.open().job


def test_a_follow_up_names_every_message_before_it(start: Callable[..., Play]) -> None:
    run = start()
    run.channel(ChannelType.EMAIL).script("ann@example.com", Sent("<1@lumen.example>"), Sent("<2@lumen.example>"))
    run.settle()
    run.advance_to(run.clock.now() + timedelta(days=2))
    run.settle()
    thread = next_job(run).thread
    assert thread is not None
    assert (thread.message_id, thread.references) == ("<2@lumen.example>", ("<1@lumen.example>",))
    assert thread.subject == "A question"


def test_where_a_relay_replaced_the_message_id_the_readers_own_is_named_too(start: Callable[..., Play]) -> None:
    """Amazon SES does: what the reader's mail program knows is the replaced one, and it threads by that."""
    run = start()
    ses = Sent("<1@lumen.example>", "<0100-abc@email.amazonses.com>")
    run.channel(ChannelType.EMAIL).script("ann@example.com", ses)
    run.settle()
    job = next_job(run)
    assert job.thread is not None
    assert job.thread.message_id == "<0100-abc@email.amazonses.com>"
    assert job.thread.references == ("<1@lumen.example>",)
    content = build(job, account_of(DESK)).content.replace(b"\r\n ", b" ")
    assert b"In-Reply-To: <0100-abc@email.amazonses.com>\r\n" in content
    assert b"References: <1@lumen.example> <0100-abc@email.amazonses.com>\r\n" in content


@pytest.mark.parametrize("lead", [{}, {"fields": {"owner": "bob"}}], ids=["Ada", "Bob"])
def test_after_a_message_of_unknown_fate_the_follow_up_stands_in_its_thread(
    start: Callable[..., Play], lead: dict[str, object]
) -> None:
    """Nobody said that it went out; it counts as sent, and its Message-ID follows from its key."""
    run = start(**lead)
    first = run.open()
    built = build(first.job, account_of(DESK))
    assert isinstance(pass_gate(run.ctx, first.intention()), Permit)
    record(run.ctx, first, Unknown("no_answer_after_dot"))
    run.run(run.clock.now() + timedelta(days=2))
    job = next_job(run)
    assert job.thread is not None
    assert job.thread.message_id == built.message_id == message_id_of(first.job.key, DESK, first.lead)
    assert b"Subject: Re: A question\r\n" in build(job, account_of(DESK)).content


def test_after_a_worker_that_died_at_the_dot_too(start: Callable[..., Play]) -> None:
    run = start()
    first = run.open()
    pass_gate(run.ctx, first.intention())
    run.machine.advance(timedelta(minutes=5))
    assert rescue(run.ctx) == 1
    run.run(run.clock.now() + timedelta(days=2))
    job = next_job(run)
    assert job.thread is not None
    assert job.thread.message_id == f"<{first.job.key}@lumen.example>"


def test_what_never_went_out_is_in_no_thread(start: Callable[..., Play]) -> None:
    run = start()
    run.channel(ChannelType.EMAIL).script("ann@example.com", Failed("policy", "no"))
    run.settle()
    assert next_job(run).thread is None


@pytest.mark.parametrize(("owner", "name"), [("bob", "Bob Byte"), ("nobody", "Ada Lovelace")])
def test_who_signs_the_text_is_who_stands_in_from(start: Callable[..., Play], owner: str, name: str) -> None:
    job = start(fields={"owner": owner}).open().job
    assert job.content.body.strip() == f"Hello, {name}"
    assert f"From: {name} <".encode() in build(job, account_of(DESK)).content


@pytest.mark.parametrize("lead", [{}, {"fields": {"owner": "bob"}}], ids=["Ada", "Bob"])
def test_the_id_that_is_computed_is_the_one_that_is_built(start: Callable[..., Play], lead: dict[str, object]) -> None:
    job = start(**lead).open().job
    for settings in (DESK.settings, {**DESK.settings, "from": "ada@lumen.example"}):
        account = replace(DESK, settings=settings)
        built = build(replace(job, account=account), account_of(account))
        assert built.message_id == message_id_of(job.key, account, job.lead)


def test_why_nobody_writes_to_somebody_whose_field_names_a_stranger_is_explained(start: Callable[..., Play]) -> None:
    run = start(fields={"owner": "eve"})
    run.decide()
    [said] = explain_lead(run.ctx, 1)
    assert (said.state, said.sentence.split(":")[0]) == ("refused", "unknown_sender")
    assert "`eve`" in said.sentence
