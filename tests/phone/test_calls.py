"""A call from the moment it is due to its disposition, through the engine and the store."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import select

from runner.channels.phone.channel import PhoneChannel
from runner.channels.phone.closing import close_call, is_call
from runner.errors import NotFound, UsageError
from runner.model.channel import ChannelType, SecretRef
from runner.secrets import Secret
from runner.store.suppressions import read_suppressions
from runner.store.tables import tasks
from runner.store.tasking import task_rows
from runner.testing import Play

SEQUENCE = """\
version: 1
name: calls
steps:
  - {id: call, channel: phone, template: script, expires_after: 2bd, next: {failed: mail, expired: mail}}
  - {id: done, end: true}
  - {id: mail, channel: email, template: hello}
"""
ADA = {"email": "ada@example.com", "first_name": "Ada", "phone": "+493023125001"}


def no_secrets(ref: SecretRef) -> Secret:
    raise AssertionError("a call needs no secret")


@pytest.fixture
def play() -> Callable[..., Play]:
    def make(person: dict[str, str] = ADA, source: str = SEQUENCE) -> Play:
        run = Play(source, [person], templates={"script": "Ask {{ lead.first_name }} about the lamp."})
        run.channels[ChannelType.PHONE] = PhoneChannel(no_secrets, run.clock)  # type: ignore[assignment]
        run.settle()
        return run

    return make


def test_a_due_call_is_an_open_task_with_number_and_script(play: Callable[..., Play]) -> None:
    run = play()
    with run.ctx.db.read() as connection:
        (task,) = task_rows(connection)
    assert (task["kind"], task["number"], task["text"].strip()) == ("call", "+493023125001", "Ask Ada about the lamp.")
    assert is_call(run.ctx, task["task"])
    assert not is_call(run.ctx, 99)


def test_a_lead_without_a_number_takes_the_failed_route(play: Callable[..., Play]) -> None:
    run = play({"email": "ada@example.com"})
    run.run()
    assert run.path(1) == ["call failed", "mail sent"]


@pytest.mark.parametrize(
    ("disposition", "result", "path", "status"),
    [
        ("", "done", ["call done"], "completed"),
        ("voicemail", "done", ["call done"], "completed"),
        ("no answer", "failed", ["call failed", "mail sent"], "completed"),
        ("wrong_number", "failed", ["call failed", "mail sent"], "completed"),
    ],
)
def test_the_disposition_decides_where_the_lead_goes(
    play: Callable[..., Play], disposition: str, result: str, path: list[str], status: str
) -> None:
    run = play()
    assert close_call(run.ctx, 1, disposition, by="sam") == result
    run.run()
    assert [step for step in run.path(1) if not step.startswith("done")] == path
    assert run.status(1)[0] == status


def test_who_spoke_with_us_has_replied_and_gets_nothing_more(play: Callable[..., Play]) -> None:
    run = play(source=SEQUENCE.replace("{id: done, end: true}", "{id: rest, wait: 1d}"))
    close_call(run.ctx, 1, "callback", by="sam")
    run.run()
    assert run.status(1)[0] == "stopped"
    assert run.channel(ChannelType.EMAIL).ledger == []


def test_do_not_call_opts_out_on_every_channel(play: Callable[..., Play]) -> None:
    run = play()
    close_call(run.ctx, 1, "do_not_call", by="sam")
    with run.ctx.db.read() as connection:
        assert "address" in {one.kind for one in read_suppressions(connection)}


def test_a_word_that_is_no_disposition_closes_nothing(play: Callable[..., Play]) -> None:
    run = play()
    with pytest.raises(UsageError, match="there are interested"):
        close_call(run.ctx, 1, "gone fishing", by="sam")
    with run.ctx.db.read() as connection:
        assert connection.execute(select(tasks.c.status)).scalar_one() == "open"


def test_a_task_that_is_not_there_is_said(play: Callable[..., Play]) -> None:
    with pytest.raises(NotFound):
        close_call(play().ctx, 99, "", by="sam")


def test_a_call_nobody_makes_expires(play: Callable[..., Play]) -> None:
    run = play()
    run.run()
    assert run.path(1) == ["call expired", "mail sent"]
