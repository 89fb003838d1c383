"""The official API end to end: a step waits as a task, a person releases it, it passes the gate and goes out once."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from runner.channels.linkedin.channel import LinkedInChannel
from runner.channels.linkedin.official import PERSON_FIELD
from runner.channels.wiring import ChannelSet
from runner.engine.ports import Signal
from runner.errors import NotFound, Refused
from runner.model.channel import ChannelConfig, ChannelType, SecretRef
from runner.model.events import EventKind
from runner.model.linkedin_limits import with_defaults
from runner.model.rates import LimitSet, Rate
from runner.operator import Operator
from runner.sandbox.linkedin_fates import profile_id
from runner.secrets import Secret
from runner.store.claims import rescue
from runner.store.database import open_database
from runner.store.explaining import explain_lead
from runner.store.histories import outreach_history
from runner.store.invariants import broken
from runner.store.operations import pause_rows
from runner.store.releasing import release_task
from runner.store.suppressions import suppress
from runner.store.switching import clear_switch, set_switch
from runner.store.tables import leads, outreach_attempts, tasks
from runner.testing import MONDAY, Play

TOKENS = {"TOKEN": "token-ada"}
SEQUENCE = """\
version: 1
name: play
steps:
  - {id: write, channel: linkedin, action: message, template: hello, expires_after: 5d}
  - {id: mail, channel: email, template: hello, condition: if write_failed}
"""
INVITE = """\
version: 1
name: play
steps:
  - {id: invite, channel: linkedin, action: connect, template: hello}
"""


@pytest.fixture
def official(sandbox, tmp_path):
    """Opens plays whose LinkedIn account is the official API, answered by the stand-in."""
    opened = []

    def make(url=None, source=SEQUENCE, name="already-ada", limits=LimitSet(), **settings):
        own = {"provider": "official", "base_url": url or sandbox.url, "token": SecretRef(env="TOKEN")} | settings
        account = with_defaults(ChannelConfig(ChannelType.LINKEDIN, "ada", limits=limits, settings=own))
        desk = ChannelConfig(ChannelType.EMAIL, "desk")
        db = open_database(f"sqlite:///{tmp_path / 'play.db'}", create=True)
        person = {"first_name": "Ada", "email": "ada@example.com", "linkedin_url": f"https://linkedin.com/in/{name}",
                  "linkedin_key": name, "fields": {PERSON_FIELD: profile_id(name)}}  # fmt: skip
        play = Play(source, [person], db=db, accounts={"ada": account, "desk": desk})
        play.channels[ChannelType.LINKEDIN] = LinkedInChannel(lambda ref: Secret(TOKENS[ref.env]), play.clock)
        opened.append(play)
        play.settle()
        return play

    yield make
    for play in opened:
        play.channels[ChannelType.LINKEDIN].close()
        play.ctx.db.close()


def operator(play):
    return Operator(play.ctx, ChannelSet(play.channels))


def rows(play, table):
    with play.ctx.db.read() as connection:
        return connection.execute(select(table).order_by(table.c.id)).all()


def test_the_task_shows_recipient_and_text_and_how_to_send_it(official, sandbox):
    play = official()
    [task] = operator(play).list_tasks()
    assert (task["lead"], task["link"]) == ("Ada", "https://www.linkedin.com/in/already-ada/")
    assert task["text"] == "Hello Ada"
    assert explain_lead(play.ctx, 1)[0].help == "`runner tasks release 1`"
    assert sandbox.ledger.records() == []


def test_a_release_sends_exactly_that_step_once_and_says_who_did(official, sandbox):
    play = official()
    result = operator(play).release_task(1, by="grace")
    assert result["success"]
    [record] = sandbox.taken("message")
    assert (record.path, record.public_id, record.text) == ("/rest/messages", "already-ada", "Hello Ada")
    assert record.account == "token-ada"
    assert play.path(1) == ["write sent", "mail skipped"]
    [task] = rows(play, tasks)
    assert (task.status, task.closed_by) == ("released", "grace")
    handed_over, sent = rows(play, outreach_attempts)
    assert (handed_over.status, handed_over.outcome, handed_over.resolved_by) == ("cancelled", "released", "grace")
    assert (sent.status, sent.detail["released_by"]) == ("sent", "grace")
    assert "grace" in str(outreach_history(play.ctx, 1))
    assert broken(play.ctx) == []
    play.run()
    assert len(sandbox.taken("message")) == 1


def test_an_invitation_goes_out_with_the_note_that_was_shown(official, sandbox):
    play = official(source=INVITE, name="ada", limits=LimitSet(by_action=(("connect", Rate(1, timedelta(days=1))),)))
    assert operator(play).release_task(1, by="grace")["success"]  # the hand-over's own place is given back first
    [record] = sandbox.taken("invitation")
    assert (record.path, record.text) == ("/v2/invitations", "Hello Ada")
    [lead] = rows(play, leads)
    assert lead.linkedin_status == "connection_requested"


def test_a_second_release_is_refused(official, sandbox):
    play = official()
    operator(play).release_task(1, by="grace")
    with pytest.raises(Refused, match="task 1 is released"):
        operator(play).release_task(1, by="eve")
    assert len(sandbox.taken("message")) == 1


def test_of_many_releases_at_once_one_sends(official, sandbox):
    play = official()
    refused, sent = [], []

    def release():
        try:
            sent.append(operator(play).release_task(1, by="grace"))
        except Refused as error:
            refused.append(str(error))

    threads = [threading.Thread(target=release) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(sent), len(refused)) == (1, 5)
    assert len(sandbox.taken("message")) == 1


def test_an_expired_task_cannot_be_released(official, sandbox):
    play = official()
    play.run(until=MONDAY + timedelta(days=6))
    with pytest.raises(Refused, match="task 1 is expired"):
        operator(play).release_task(1, by="grace")
    assert play.path(1)[0] == "write failed"
    assert sandbox.ledger.records() == []


def test_after_a_reply_there_is_nothing_to_release(official, sandbox):
    play = official()
    reply = Signal(EventKind.REPLIED, play.clock.now(), "linkedin/ada/1", profile="already-ada")
    play.happen(reply, account="linkedin/ada")
    with pytest.raises(Refused, match="task 1 is cancelled"):
        operator(play).release_task(1, by="grace")
    assert play.status(1) == ("stopped", "replied")
    assert sandbox.ledger.records() == []


def test_the_gate_refuses_whoever_opted_out_meanwhile(official, sandbox):
    play = official()
    with play.ctx.db.write() as connection:
        suppress(connection, play.ctx.key, "profile", "https://linkedin.com/in/already-ada", reason="opt_out",
                 actor="test", now=play.clock.now())  # fmt: skip
    result = operator(play).release_task(1, by="grace")
    assert not result["success"]
    assert result["attempts"][0]["status"] == "cancelled"
    assert sandbox.ledger.records() == []
    assert play.path(1)[0] == "write failed"


def test_when_the_gate_defers_nothing_is_queued_and_the_task_comes_back(official, sandbox):
    play = official()
    with play.ctx.db.write() as connection:
        set_switch(connection, "account:linkedin/ada", reason="quiet", actor="test", now=play.clock.now())
    result = operator(play).release_task(1, by="grace")
    assert (result["success"], result["reason"]) == (False, "kill_switch")
    assert result["deferred"]
    with play.ctx.db.write() as connection:
        clear_switch(connection, "account:linkedin/ada")
    play.advance_to(play.clock.now() + timedelta(hours=2))
    play.settle()
    assert sandbox.ledger.records() == []  # LinkedIn's rules: posted at the time of the person's act, or not at all
    assert [task.status for task in rows(play, tasks)] == ["released", "open"]
    assert operator(play).release_task(2, by="grace")["success"]
    assert len(sandbox.taken("message")) == 1


def test_a_process_that_dies_after_the_release_sends_nothing_by_itself(official, sandbox):
    play = official()
    release_task(play.ctx, 1, by="grace")
    play.advance_to(play.clock.now() + timedelta(minutes=5))
    assert rescue(play.ctx) == 1
    play.settle()
    assert sandbox.ledger.records() == []
    assert [task.status for task in rows(play, tasks)] == ["released", "open"]
    assert broken(play.ctx) == []


def test_an_ended_token_stops_the_account_and_the_task_comes_back(official, sandbox):
    sandbox.answer_account("token-ada", 401)
    play = official()
    result = operator(play).release_task(1, by="grace")
    assert not result["success"]
    assert "runner channels resume" in result["attempts"][0]["error"]
    assert sandbox.taken("message") == []


def test_no_answer_is_unknown_and_keeps_who_released_it(official, sandbox):
    play = official(name="already-timeout-after-send-ada")
    result = operator(play).release_task(1, by="grace")
    assert result["attempts"][0]["status"] == "unknown"
    attempt = rows(play, outreach_attempts)[-1]
    assert (attempt.status, attempt.detail["released_by"]) == ("unknown", "grace")
    assert len(sandbox.taken("message")) == 1


def test_a_task_only_a_person_can_do_is_not_released(official):
    play = official(provider="task")
    with pytest.raises(Refused, match="cannot be sent by the machine"):
        operator(play).release_task(1, by="grace")
    with pytest.raises(NotFound):
        operator(play).release_task(7, by="grace")


def test_a_paused_lead_is_not_written_to(official, sandbox):
    play = official()
    with play.ctx.db.write() as connection:
        pause_rows(connection, [1], "on holiday", play.clock.now())
    with pytest.raises(Refused, match="paused"):
        operator(play).release_task(1, by="grace")
    assert sandbox.ledger.records() == []
    assert [task.status for task in rows(play, tasks)] == ["open"]


def test_a_task_of_an_account_that_is_off_is_not_sent_by_another_one(official, sandbox):
    play = official()
    with play.ctx.db.write() as connection:
        connection.execute(update(outreach_attempts).values(account="linkedin/gone"))
    with pytest.raises(Refused, match="switched off"):
        operator(play).release_task(1, by="grace")
    assert sandbox.ledger.records() == []
