"""After an unknown end: evidence that it went out, or none, and never a guess."""

from __future__ import annotations

from datetime import timedelta

import pytest

from runner.engine.outcomes import Unknown
from runner.errors import ChannelUnavailable


def test_a_message_without_an_answer_is_found_in_the_conversation(desk):
    doubt = desk.doubt("already-timeout-after-send-ada", "message", "Hello Ada,\n\nline two")
    outcome = desk.message("already-timeout-after-send-ada", "Hello Ada,\n\nline two")
    assert isinstance(outcome, Unknown)
    evidence = desk.reconciler.find(doubt)
    assert evidence.found_in == "conversation"
    assert evidence.detail["message_id"].startswith("urn:li:fs_event:")


def test_a_message_that_never_left_leaves_no_evidence(desk):
    doubt = desk.doubt("already-lost-before-send-ada", "message", "Hello")
    assert isinstance(desk.message("already-lost-before-send-ada", "Hello"), Unknown)
    assert desk.reconciler.find(doubt) is None


def test_white_space_that_linkedin_changes_does_not_hide_it(desk):
    desk.message("already-ada", "Hello   Ada\r\nbye ")
    assert desk.reconciler.find(desk.doubt("already-ada", "message", "Hello Ada\nbye"))


def test_the_same_text_from_long_before_is_no_evidence(desk, clock):
    desk.message("already-ada", "Hello")
    clock.advance(timedelta(hours=1))
    assert desk.reconciler.find(desk.doubt("already-ada", "message", "Hello")) is None


def test_the_persons_own_words_are_no_evidence(desk, clock):
    desk.message("already-replies-later-ada", "Hello")
    doubt = desk.doubt("already-replies-later-ada", "message", "Thanks for writing - tell me more.")
    clock.advance(timedelta(hours=3))
    assert desk.reconciler.find(doubt) is None


def test_an_invitation_without_an_answer_is_found_among_the_open_ones(desk):
    doubt = desk.doubt("timeout-after-send-ada", "connect")
    assert isinstance(desk.connect("timeout-after-send-ada"), Unknown)
    assert desk.reconciler.find(doubt).found_in == "sent invitations"


def test_an_invitation_that_was_accepted_meanwhile_is_found_as_a_connection(desk, clock):
    doubt = desk.doubt("timeout-after-send-ada", "connect")
    desk.connect("timeout-after-send-ada")
    clock.advance(timedelta(hours=2))
    evidence = desk.reconciler.find(doubt)
    assert (evidence.found_in, evidence.detail) == ("network info", {"connected": True})


def test_an_invitation_that_never_left_leaves_no_evidence(desk):
    doubt = desk.doubt("lost-before-send-ada", "connect")
    desk.connect("lost-before-send-ada")
    assert desk.reconciler.find(doubt) is None


def test_a_doubt_is_looked_at_ever_more_rarely(desk, sandbox, clock):
    desk.connect("lost-before-send-ada")
    doubt = desk.doubt("lost-before-send-ada", "connect")
    before = len(sandbox.ledger.records())
    for _ in range(24 * 60):
        desk.reconciler.find(doubt)
        clock.advance(timedelta(minutes=1))
    looks = [record for record in sandbox.ledger.records()[before:] if "sentInvitation" in record.path]
    assert 5 <= len(looks) <= 9


def test_dead_calls_give_no_evidence_and_no_error(desk, sandbox):
    desk.connect("timeout-after-send-ada")
    sandbox.dead |= {"sent_invitations": 410, "networkinfo": 410, "search": 410, "conversations": 410}
    assert desk.reconciler.find(desk.doubt("timeout-after-send-ada", "connect")) is None
    assert desk.reconciler.find(desk.doubt("already-ada", "message", "Hello")) is None


@pytest.mark.parametrize("action", ["connect", "message"])
def test_an_account_in_trouble_is_asked_again_later(action, desk, sandbox):
    sandbox.answer_account("ada", 401)
    with pytest.raises(ChannelUnavailable):
        desk.reconciler.find(desk.doubt("already-ada", action, "Hello"))


def test_tasks_are_not_reconciled(sandbox, open_desk):
    desk = open_desk(sandbox.url, provider="task")
    assert desk.reconciler.find(desk.doubt("ada", "connect")) is None
    assert sandbox.ledger.records() == []
