"""Invitations and messages against the stand-in: what its ledger says is what happened."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta

import pytest

from runner.channels.linkedin.channel import LinkedInChannel
from runner.engine.outcomes import (
    AccountTrouble,
    AlreadyConnected,
    Cancelled,
    Failed,
    HandedOver,
    NotConnected,
    NotNow,
    Permit,
    Sent,
    Trouble,
    Unknown,
)
from runner.model.lead import Lead, LinkedInConnectionStatus
from runner.sandbox.linkedin import LinkedInSandbox
from runner.secrets import Secret

CONNECTED = LinkedInConnectionStatus.CONNECTED


def test_an_invitation_reaches_the_person_once(desk, sandbox):
    outcome = desk.connect("ada-lovelace", "Hi Ada")
    assert isinstance(outcome, Sent)
    [record] = sandbox.taken("invitation")
    assert (record.public_id, record.text, record.account) == ("ada-lovelace", "Hi Ada", "ada")
    assert outcome.detail["linkedin_urn"]


def test_a_message_to_a_connection_arrives_and_its_id_is_kept(desk, sandbox):
    outcome = desk.message("already-ada", "Hello  Ada\n\nline two")
    assert isinstance(outcome, Sent)
    assert outcome.message_id.startswith("urn:li:fs_event:")
    assert outcome.provider_ref.startswith("urn:li:fs_conversation:")
    assert [record.text for record in sandbox.taken("message")] == ["Hello  Ada\n\nline two"]


def test_already_connected_is_seen_before_the_gate_and_costs_nothing(desk, sandbox):
    assert isinstance(desk.connect("already-ada"), AlreadyConnected)
    assert desk.gates == []
    assert {record.kind for record in sandbox.ledger.records()} == {"read"}


def test_a_stored_connection_needs_no_call_at_all(desk, sandbox):
    lead = Lead(1, linkedin_url="https://linkedin.com/in/ada", linkedin_status=CONNECTED)
    assert isinstance(desk.run(lead, "connect"), AlreadyConnected)
    assert sandbox.ledger.records() == []


def test_a_message_to_a_stranger_is_not_even_tried(desk, sandbox):
    assert isinstance(desk.message("never-accepts-ada"), NotConnected)
    assert desk.gates == []
    assert sandbox.taken("message") == []


def test_a_stored_connection_is_written_to_without_looking_again(desk, sandbox):
    lead = Lead(1, linkedin_urn="ACoAAYWxyZWFkeS1hZGE", linkedin_status=CONNECTED)  # the id of `already-ada`
    assert isinstance(desk.run(lead, "message", "Hello"), Sent)
    assert [record.kind for record in sandbox.ledger.records()] == ["message"]


def test_a_pending_invitation_counts_as_sent(desk, sandbox):
    outcome = desk.connect("pending-ada")
    assert isinstance(outcome, Sent)
    assert outcome.detail["already_pending"] is True
    assert sandbox.taken("invitation") == []


@pytest.mark.parametrize("refusal", [NotNow(None, "window"), Cancelled("replied")])
@pytest.mark.parametrize("act", ["connect", "message"])
def test_nothing_is_posted_when_the_gate_refuses(refusal, act, desk, sandbox):
    desk.gate_answer = refusal
    outcome = desk.connect("ada") if act == "connect" else desk.message("already-ada")
    assert outcome is refusal
    assert {record.kind for record in sandbox.ledger.records()} == {"read"}


@pytest.mark.parametrize("fate", ["timeout-after-send", "lost-before-send"])
def test_no_answer_is_unknown_whether_it_arrived_or_not(fate, desk, sandbox):
    outcome = desk.connect(f"{fate}-ada")
    assert isinstance(outcome, Unknown)
    assert len(sandbox.taken("invitation")) == (1 if fate == "timeout-after-send" else 0)


def test_an_answer_of_five_megabytes_is_cut_and_its_status_still_counts(desk, sandbox):
    assert isinstance(desk.message("already-huge-ada"), Sent)
    assert isinstance(desk.connect("huge-ada"), Unknown)
    assert len(sandbox.taken("message")) == len(sandbox.taken("invitation")) == 1


@pytest.mark.parametrize(
    ("fate", "kind"),
    [
        ("401", Trouble.AUTH), ("html", Trouble.AUTH), ("redirect", Trouble.AUTH), ("ends-session", Trouble.AUTH),
        ("999", Trouble.CHALLENGE), ("challenge", Trouble.CHALLENGE), ("checkpoint", Trouble.CHALLENGE),
        ("429", Trouble.LIMITED), ("weekly-limit", Trouble.LIMITED), ("retry-after", Trouble.LIMITED),
        ("406", Trouble.CONFIG), ("410", Trouble.CONFIG),
    ],
)  # fmt: skip
def test_the_accounts_trouble_is_told_from_the_persons(fate, kind, desk, sandbox):
    outcome = desk.connect(f"{fate}-ada")
    assert isinstance(outcome, AccountTrouble)
    assert outcome.kind is kind
    assert sandbox.taken("invitation") == []
    assert sum(record.kind == "invitation" for record in sandbox.ledger.records()) == 1


@pytest.mark.parametrize(("fate", "reason"), [("403", "profile_inaccessible"), ("404", "profile_not_found")])
def test_a_person_who_cannot_be_reached_fails_alone(fate, reason, desk):
    outcome = desk.connect(f"{fate}-ada")
    assert isinstance(outcome, Failed)
    assert outcome.reason == reason
    assert isinstance(desk.connect("bob"), Sent)


def test_a_message_that_is_refused_fails_for_this_person(desk, clock):
    desk.connect("refuses-message-ada")
    clock.advance(timedelta(hours=2))
    outcome = desk.message("refuses-message-ada")
    assert isinstance(outcome, Failed)
    assert outcome.reason == "profile_inaccessible"


def test_a_note_without_quota_is_dropped_and_the_log_says_so(desk, sandbox):
    outcome = desk.connect("429note-ada", "Hi Ada")
    assert isinstance(outcome, Sent)
    assert outcome.detail["note_dropped"] is True
    assert [record.text for record in sandbox.taken("invitation")] == [""]
    assert len(desk.gates) == 1


def test_a_note_is_left_out_when_the_gate_permits_only_the_bare_invitation(desk, sandbox):
    desk.gate_answer = Permit(1, without_note=True)
    outcome = desk.connect("ada", "Hi Ada")
    assert outcome.detail["note_dropped"] is True
    assert [record.text for record in sandbox.taken("invitation")] == [""]


def test_a_required_note_without_quota_limits_the_account(sandbox, open_desk):
    desk = open_desk(sandbox.url, note="required")
    outcome = desk.connect("429note-ada", "Hi Ada")
    assert isinstance(outcome, AccountTrouble)
    assert (outcome.kind, outcome.reason) == (Trouble.LIMITED, "note_limit")
    assert sandbox.taken("invitation") == []


@pytest.mark.parametrize("emoji", [False, True])
@pytest.mark.parametrize(("premium", "longest"), [(False, 200), (True, 300)])
def test_a_note_is_measured_before_anything_is_asked(premium, longest, emoji, sandbox, open_desk):
    desk = open_desk(sandbox.url, premium=premium)
    unit = "\N{ROCKET}" if emoji else "x"
    fits = unit * (longest // (2 if emoji else 1))
    assert isinstance(desk.connect("ada", fits), Sent)
    outcome = desk.connect("bob", fits + "x")
    assert isinstance(outcome, Failed)
    assert outcome.reason == "note_too_long"
    assert f"{longest + 1} characters" in outcome.explanation
    assert [record.public_id for record in sandbox.taken("invitation")] == ["ada"]


def test_the_line_break_at_the_end_of_a_template_is_neither_counted_nor_sent(desk, sandbox):
    assert isinstance(desk.connect("ada", "x" * 200 + "\n"), Sent)
    assert [record.text for record in sandbox.taken("invitation")] == ["x" * 200]


def test_a_message_is_measured_before_anything_is_asked(sandbox, open_desk):
    desk = open_desk(sandbox.url, message_limit=20)
    assert isinstance(desk.message("already-ada", "x" * 20), Sent)
    outcome = desk.message("already-bob", "x" * 21)
    assert isinstance(outcome, Failed)
    assert outcome.reason == "message_too_long"
    assert len(sandbox.taken("message")) == 1


def test_an_empty_message_is_refused(desk):
    outcome = desk.message("already-ada", " \n")
    assert isinstance(outcome, Failed)
    assert outcome.reason == "empty_message"


@pytest.mark.parametrize("lead", [Lead(1), Lead(1, linkedin_url="https://linkedin.com.evil.example/in/ada")])
def test_a_lead_without_a_profile_has_no_address(lead, desk, sandbox):
    outcome = desk.run(lead, "connect")
    assert isinstance(outcome, Failed)
    assert outcome.reason == "no_address"
    assert sandbox.ledger.records() == []


def test_an_id_that_nobody_tells_becomes_a_task(clock, open_desk):
    sandbox = LinkedInSandbox(clock, dead={"networkinfo": 404, "profile": 410}).start()
    try:
        outcome = open_desk(sandbox.url).connect("ada", "Hi")
        assert isinstance(outcome, HandedOver)
        assert (outcome.task.kind, outcome.task.text) == ("linkedin_connect", "Hi")
        assert outcome.task.link == "https://www.linkedin.com/in/ada/"
        assert "does not tell" in outcome.task.detail["why"]
        assert sandbox.taken("invitation") == []
    finally:
        sandbox.stop()


def test_an_id_is_resolved_once_and_kept(desk, sandbox):
    desk.connect("ada")
    desk.message("ada")
    desk.run(Lead(1, linkedin_url="https://linkedin.com/in/ada", linkedin_status=CONNECTED), "message", "Hi")
    paths = [record.path for record in sandbox.ledger.records() if record.kind == "read"]
    assert len(paths) == 2  # the first look told the id; the second was for the standing; the third needed neither


def test_the_old_profile_call_still_resolves_where_it_lives(clock, open_desk):
    sandbox = LinkedInSandbox(clock, dead={"networkinfo": 410}).start()
    try:
        assert isinstance(open_desk(sandbox.url).connect("ada"), Sent)
    finally:
        sandbox.stop()


def test_too_many_open_invitations_hold_new_ones_back(sandbox, open_desk, clock):
    desk = open_desk(sandbox.url, max_pending=2)
    desk.providers.open_invitations["linkedin/ada"] = 2
    outcome = desk.connect("ada")
    assert isinstance(outcome, NotNow)
    assert outcome.reason == "too_many_pending"
    assert outcome.until > clock.now()
    assert isinstance(desk.message("already-ada"), Sent)


def test_one_account_never_has_two_requests_in_flight(desk, sandbox):
    outcomes = []
    threads = [threading.Thread(target=lambda n=n: outcomes.append(desk.connect(f"ada-{n}"))) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [type(outcome) for outcome in outcomes] == [Sent] * 8
    assert sorted(record.public_id for record in sandbox.taken("invitation")) == [f"ada-{n}" for n in range(8)]


@pytest.mark.parametrize("fate", ["challenge", "401", "999", "410"])
def test_what_is_under_way_when_the_account_stops_makes_no_call(fate, desk, sandbox, clock):
    under_way = [desk.channel.prepare(desk.job(Lead(n, linkedin_url=f"linkedin.com/in/ada-{n}"), "connect"))
                 for n in range(3)]  # fmt: skip
    stopped = desk.connect(f"{fate}-eve")
    before = len(sandbox.ledger.records())
    outcomes = [prepared.fire(desk.gate) for prepared in under_way] + [desk.connect("ada-9")]
    assert {outcome.reason for outcome in outcomes} == {stopped.reason}
    assert desk.reconciler.providers.find("voyager").canary(desk.account)[0].verdict.value == "problem"
    assert len(sandbox.ledger.records()) == before
    assert len(desk.gates) == 1
    clock.advance(timedelta(minutes=1))  # a person has resumed the account
    assert isinstance(desk.connect("ada-9"), Sent)


def test_new_cookies_are_read_after_the_session_ended(sandbox, clock, open_desk):
    known = {"LI_AT": "expired-ada", "JSESSIONID": "ajax:1"}
    channel = LinkedInChannel(lambda ref: Secret(known[ref.env]), clock)
    job = open_desk(sandbox.url).job(Lead(1, linkedin_url="linkedin.com/in/ada"), "connect")
    outcome = channel.prepare(job)
    assert isinstance(outcome, AccountTrouble)
    assert outcome.kind is Trouble.AUTH
    known["LI_AT"] = "ada"
    clock.advance(timedelta(minutes=1))
    job = replace(job, now=clock.now())
    assert isinstance(channel.prepare(job).fire(lambda: Permit(1)), Sent)
    channel.close()
