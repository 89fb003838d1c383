"""The stand-in itself: its vocabulary, its clock, its ledger."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.engine.outcomes import Sent
from runner.sandbox import linkedin_fates
from runner.sandbox.linkedin import LinkedInSandbox
from runner.sandbox.linkedin_fates import Fate, Fault, Temper, fate_of, profile_id, public_id


@pytest.mark.parametrize(
    ("name", "fate"),
    [
        ("ada-lovelace", Fate()),
        ("accepts-later-3", Fate()),
        ("accepts-nowhere", Fate()),
        ("never-accepts", Fate(Temper.NEVER_ACCEPTS)),
        ("429-ada", Fate(fault=Fault.TOO_MANY)),
        ("429note-ada", Fate(fault=Fault.NOTE_LIMIT)),
        ("4290-ada", Fate()),
        ("already-429-ada", Fate(fault=Fault.TOO_MANY, connected=True)),
        ("already-replies-later-ada", Fate(Temper.REPLIES_LATER, connected=True)),
        ("pending-ada", Fate(Temper.NEVER_ACCEPTS, invited=True)),
        ("once-timeout-after-send-7", Fate(fault=Fault.TIMEOUT_AFTER_SEND, once=True)),
        ("Accepts-Now-404-x", Fate(Temper.ACCEPTS_NOW, Fault.NOT_FOUND)),
    ],
)
def test_a_public_id_says_what_happens(name, fate):
    assert fate_of(name) == fate


def test_every_word_is_in_the_vocabulary_of_the_docstring():
    for word in (*Temper, *Fault):
        assert word.value in linkedin_fates.__doc__


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=80))
def test_a_profile_id_leads_back_to_the_public_id(name):
    assert public_id(profile_id(name)) == name


def test_an_id_of_another_making_stands_for_itself():
    assert public_id("ACoAAB!!") == "ACoAAB!!"


def test_a_fault_that_comes_once_is_gone_the_second_time(desk, sandbox):
    assert not isinstance(desk.connect("once-500-ada"), Sent)
    assert isinstance(desk.connect("once-500-ada"), Sent)
    assert len(sandbox.taken("invitation")) == 1


def test_the_next_event_is_the_next_thing_that_can_be_seen(desk, sandbox, clock):
    assert sandbox.next_event_at() is None
    started = clock.now()
    desk.connect("replies-later-ada")
    assert sandbox.next_event_at() == started + timedelta(hours=1)
    clock.advance(timedelta(hours=1))
    assert sandbox.next_event_at() is None
    desk.message("replies-later-ada")
    assert sandbox.next_event_at() == started + timedelta(hours=3)


def test_the_ledger_is_also_a_file_that_another_process_can_read(clock, tmp_path, open_desk):
    path = tmp_path / "linkedin.jsonl"
    sandbox = LinkedInSandbox(clock, ledger_path=path).start()
    open_desk(sandbox.url).connect("ada", "Hi \N{ROCKET}")
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    sandbox.stop()
    assert [(line["kind"], line["taken"]) for line in lines] == [("read", False), ("invitation", True)]
    assert lines[1]["text"] == "Hi \N{ROCKET}"


def test_two_accounts_do_not_share_their_connections(sandbox, clock):
    sandbox.world.invite("ada", "accepts-now-bob", "")
    assert sandbox.world.connected("ada", "accepts-now-bob")
    assert not sandbox.world.connected("grace", "accepts-now-bob")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"Cookie": "li_at=ada; JSESSIONID=ajax:1"}, 403),
        ({"Cookie": "li_at=ada; JSESSIONID=ajax:1", "csrf-token": "ajax:2"}, 403),
        ({"Cookie": "li_at=expired; JSESSIONID=ajax:1", "csrf-token": "ajax:1"}, 401),
        ({"Cookie": 'li_at=ada; JSESSIONID="ajax:1"', "csrf-token": "ajax:1"}, 200),
    ],
)
def test_a_session_is_checked_as_linkedin_does(headers, status, sandbox):
    import requests

    assert requests.get(f"{sandbox.url}/voyager/api/me", headers=headers, timeout=5).status_code == status
