"""Acceptances and replies, polled from whatever LinkedIn still answers."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest

from runner.channels.linkedin.optout import is_opt_out
from runner.channels.linkedin.polling import AT_ONCE
from runner.engine.outcomes import Sent, Trouble
from runner.errors import ChannelUnavailable
from runner.model.events import EventKind
from runner.model.lead import Lead, LinkedInConnectionStatus
from runner.sandbox.linkedin import LinkedInSandbox
from runner.sandbox.linkedin_fates import profile_id

CONNECTED = LinkedInConnectionStatus.CONNECTED
REQUESTED = LinkedInConnectionStatus.CONNECTION_REQUESTED
HOUR = timedelta(hours=1)


def invited(name, number=1):
    return Lead(
        number, first_name=name.title(), linkedin_url=f"https://linkedin.com/in/{name}", linkedin_status=REQUESTED
    )


def connected(name, number=1):
    return replace(invited(name, number), linkedin_status=CONNECTED)


def read(desk, cursor, *watched):
    """One read, with a cursor that went through the database as JSON."""
    return desk.inbox.read(desk.account, json.loads(json.dumps(cursor)), watched, desk.clock.now())


@pytest.fixture
def dead_sandbox(clock):
    """Opens stand-ins with dead calls, and closes them."""
    opened = []

    def open_one(**dead):
        opened.append(LinkedInSandbox(clock, dead={"profile": 410} | dead).start())
        return opened[-1]

    yield open_one
    for sandbox in opened:
        sandbox.stop()


def test_an_acceptance_is_seen_when_it_happened_and_once(desk, clock):
    desk.connect("accepts-later-ada")
    lead = invited("accepts-later-ada")
    first = read(desk, {}, lead)
    assert first.signals == ()
    clock.advance(2 * HOUR)
    second = read(desk, first.cursor, lead)
    [signal] = second.signals
    assert (signal.kind, signal.profile) == (EventKind.ACCEPTED, "accepts-later-ada")
    assert signal.data["linkedin_urn"] == profile_id("accepts-later-ada")
    assert read(desk, second.cursor, connected("accepts-later-ada")).signals == ()


def test_an_invitation_whose_answer_was_lost_is_watched_too(desk, clock):
    desk.connect("timeout-after-send-ada")
    clock.advance(2 * HOUR)
    lead = replace(invited("timeout-after-send-ada"), linkedin_status=LinkedInConnectionStatus.NOT_CONNECTED)
    assert [signal.kind for signal in read(desk, {}, lead).signals] == [EventKind.ACCEPTED]


def test_a_person_who_never_accepts_gives_no_signal(desk, clock):
    desk.connect("never-accepts-ada")
    batch = read(desk, {}, invited("never-accepts-ada"))
    clock.advance(10 * HOUR)
    assert read(desk, batch.cursor, invited("never-accepts-ada")).signals == ()


def test_a_reply_is_seen_once_with_its_text(desk, clock):
    desk.connect("replies-later-ada")
    clock.advance(2 * HOUR)
    assert isinstance(desk.message("replies-later-ada"), Sent)
    lead = connected("replies-later-ada")
    batch = read(desk, {}, lead)
    assert batch.signals == ()
    clock.advance(3 * HOUR)
    batch = read(desk, batch.cursor, lead)
    [signal] = batch.signals
    assert (signal.kind, signal.profile) == (EventKind.REPLIED, "replies-later-ada")
    assert "tell me more" in signal.data["text"]
    again = read(desk, batch.cursor, lead)
    assert {other.source for other in again.signals} <= {signal.source}
    clock.advance(HOUR)
    assert read(desk, again.cursor, lead).signals == ()


def test_what_we_wrote_ourselves_is_no_reply(desk):
    desk.message("already-ada")
    assert read(desk, {}, connected("already-ada")).signals == ()


def test_a_reply_of_somebody_else_is_ignored(desk, clock):
    desk.message("already-replies-later-eve")
    clock.advance(3 * HOUR)
    assert read(desk, {}, connected("already-ada")).signals == ()


def test_an_opt_out_is_told_from_a_reply(desk, clock):
    desk.connect("opts-out-ada")
    clock.advance(2 * HOUR)
    desk.message("opts-out-ada")
    clock.advance(3 * HOUR)
    [signal] = read(desk, {}, connected("opts-out-ada")).signals
    assert signal.kind is EventKind.UNSUBSCRIBED


@pytest.mark.parametrize("text", ["STOP", "Unsubscribe.", "Please remove me!", "don't contact me", "Désabonner"])
def test_words_that_only_mean_stop(text):
    assert is_opt_out(text)


@pytest.mark.parametrize("text", ["Please stop by on Monday", "How do I unsubscribe my team from X?", "", "ok"])
def test_words_that_a_person_has_to_read(text):
    assert not is_opt_out(text)


def test_an_old_conversation_from_before_is_no_reply(desk, clock):
    desk.message("already-replies-later-ada")
    clock.advance(timedelta(days=3))
    assert read(desk, {}, connected("already-replies-later-ada")).signals == ()


def test_a_lead_known_by_its_urn_is_matched_by_it(desk, clock):
    urn = profile_id("accepts-later-ada")
    desk.connect("accepts-later-ada")
    clock.advance(2 * HOUR)
    lead = replace(invited("accepts-later-ada"), linkedin_urn=urn)
    [signal] = read(desk, {}, lead).signals
    assert signal.profile == urn


def test_open_invitations_are_told_by_one_call_for_all(desk, sandbox):
    names = [f"never-accepts-{n}" for n in range(12)]
    for name in names:
        desk.connect(name)
    before = len(sandbox.ledger.records())
    read(desk, {}, *[invited(name, n) for n, name in enumerate(names)])
    calls = [record.path.rpartition("/")[2] for record in sandbox.ledger.records()[before:]]
    assert calls.count("networkinfo") == 0
    assert calls.count("sentInvitationViewsV2") == 1


def test_looks_are_spread_grow_rarer_and_are_bounded(dead_sandbox, open_desk, clock):
    sandbox = dead_sandbox(sent_invitations=410)
    desk = open_desk(sandbox.url, poll="4h")
    leads = [invited(f"never-accepts-{n}", n) for n in range(30)]
    cursor, looks = {}, []
    for _ in range(24 * 7):
        before = len(sandbox.ledger.records())
        cursor = read(desk, cursor, *leads).cursor
        paths = [record.path for record in sandbox.ledger.records()[before:] if "networkinfo" in record.path]
        looks.append(len(paths))
        clock.advance(HOUR)
    assert max(looks) < 30  # never all at once
    assert sum(looks[:3]) == 0
    assert sum(looks[:48]) > sum(looks[-48:]) > 0
    per_person = sum(looks) / 30
    assert 5 <= per_person <= 12  # a week: at 4 h, then rarer, at most every 36 h


def test_one_read_makes_a_bounded_number_of_looks(dead_sandbox, open_desk, monkeypatch):
    monkeypatch.setattr("runner.channels.linkedin.settings.LinkedInSettings.is_loopback", lambda self, url: False)
    monkeypatch.setattr("runner.channels.linkedin.session._PACE", (0, 0))
    sandbox = dead_sandbox(sent_invitations=410)
    desk = open_desk(sandbox.url, poll="0s")
    leads = [invited(f"never-accepts-{n}", n) for n in range(30)]
    cursor, looked = {}, set()
    for _ in range(3):
        before = len(sandbox.ledger.records())
        cursor = read(desk, cursor, *leads).cursor
        names = [record.public_id for record in sandbox.ledger.records()[before:] if "networkinfo" in record.path]
        assert len(names) == AT_ONCE
        looked |= set(names)
        desk.clock.advance(timedelta(hours=1))
    assert len(looked) == 30


def test_search_takes_over_where_network_info_is_dead(dead_sandbox, open_desk, clock):
    sandbox = dead_sandbox(networkinfo=410)
    desk = open_desk(sandbox.url)
    lead = replace(invited("accepts-later-ada"), linkedin_urn=profile_id("accepts-later-ada"))
    assert isinstance(desk.run(replace(lead, linkedin_status=LinkedInConnectionStatus.NOT_CONNECTED), "connect"), Sent)
    batch = read(desk, {}, lead)
    clock.advance(2 * HOUR)
    batch = read(desk, batch.cursor, lead)
    [signal] = batch.signals
    assert signal.data["found_in"] == "connections search"


def test_when_nothing_tells_any_more_a_person_is_asked_once(dead_sandbox, open_desk, clock):
    sandbox = dead_sandbox(networkinfo=410, search=410, sent_invitations=410)
    desk = open_desk(sandbox.url)
    lead = replace(invited("accepts-later-ada"), linkedin_urn=profile_id("accepts-later-ada"))
    batch = read(desk, {}, lead)
    [note] = batch.notes
    assert note.kind == "linkedin_acceptance_unreadable"
    assert "network info and connections search" in note.text
    assert "linkedin.com/in/accepts-later-ada" in note.text
    clock.advance(timedelta(days=2))
    assert read(desk, batch.cursor, lead).notes == ()


def test_dead_conversations_are_said_once_a_day_and_acceptance_goes_on(dead_sandbox, open_desk, clock):
    sandbox = dead_sandbox(conversations=410)
    desk = open_desk(sandbox.url)
    desk.connect("accepts-later-ada")
    clock.advance(2 * HOUR)
    batch = read(desk, {}, invited("accepts-later-ada"))
    assert [signal.kind for signal in batch.signals] == [EventKind.ACCEPTED]
    assert [note.kind for note in batch.notes] == ["linkedin_replies_unreadable"]
    assert batch.complete  # there is nothing more to read just now; the question stands as a note
    clock.advance(HOUR)
    assert batch.blind == "LinkedIn does not answer: conversations"
    eve = connected("eve", 2)
    later = read(desk, batch.cursor, eve)
    assert later.notes == ()
    clock.advance(timedelta(days=1))
    assert [note.kind for note in read(desk, later.cursor, eve).notes] == ["linkedin_replies_unreadable"]


def test_where_a_person_watches_the_conversations_they_are_not_read(dead_sandbox, open_desk):
    sandbox = dead_sandbox(conversations=410)
    batch = read(open_desk(sandbox.url, replies="manual"), {})
    assert (batch.complete, batch.notes) == (True, ())
    assert sandbox.ledger.records() == []


def test_more_replies_than_one_page_holds_are_all_read(desk, clock):
    cursor = read(desk, {}).cursor
    names = [f"already-replies-later-{n}" for n in range(45)]
    for name in names:
        desk.message(name)
        clock.advance(timedelta(seconds=1))
    clock.advance(3 * HOUR)
    batch = read(desk, cursor, *[connected(name, n) for n, name in enumerate(names)])
    assert sorted(signal.profile for signal in batch.signals) == sorted(names)


def test_replies_are_not_lost_while_conversations_cannot_be_read(desk, sandbox, clock):
    desk.connect("replies-later-ada")
    clock.advance(2 * HOUR)
    desk.message("replies-later-ada")
    lead = connected("replies-later-ada")
    cursor = read(desk, {}, lead).cursor
    sandbox.dead["conversations"] = 410
    for _ in range(5):
        clock.advance(10 * HOUR)
        cursor = read(desk, cursor, lead).cursor
    del sandbox.dead["conversations"]
    assert [signal.kind for signal in read(desk, cursor, lead).signals] == [EventKind.REPLIED]


@pytest.mark.parametrize(("status", "kind"), [(302, Trouble.CHALLENGE), (401, Trouble.AUTH), (999, Trouble.CHALLENGE)])
def test_a_challenge_while_reading_stops_within_one_call(status, kind, desk, sandbox):
    desk.connect("accepts-later-ada")
    before = len(sandbox.ledger.records())
    sandbox.answer_account("ada", status)
    batch = read(desk, {}, invited("accepts-later-ada"), invited("accepts-later-bob", 2))
    assert len(sandbox.ledger.records()) == before + 1
    assert batch.trouble.kind is kind
    assert batch.trouble.stops
    assert not batch.complete
    assert batch.notes[-1].hold


def test_nothing_is_read_when_nobody_answers(open_desk):
    desk = open_desk("http://127.0.0.1:9")
    with pytest.raises(ChannelUnavailable, match="linkedin/ada"):
        read(desk, {}, invited("ada"))


def test_too_many_open_invitations_are_said_and_stop_new_ones(sandbox, open_desk):
    desk = open_desk(sandbox.url, max_pending=2)
    for name in ("never-accepts-1", "never-accepts-2"):
        desk.connect(name)
    batch = read(desk, {}, invited("never-accepts-1", 1), invited("never-accepts-2", 2))
    assert [note.kind for note in batch.notes] == ["linkedin_too_many_pending"]
    assert desk.connect("never-accepts-3").reason == "too_many_pending"


def test_a_cursor_of_another_version_is_met_without_an_error(desk):
    odd = {"since": None, "pending": [{"key": "x"}, 7, {"since": "x"}], "told": [1]}
    assert read(desk, odd, invited("ada")).complete


def test_nothing_is_asked_of_linkedin_for_nobody(desk, sandbox):
    batch = read(desk, {})
    assert (batch.complete, batch.fresh) == (True, True)
    assert sandbox.ledger.records() == []


def test_an_invitation_that_is_open_no_more_is_told_once_and_not_counted(desk, sandbox, clock):
    desk.connect("never-accepts-ada")
    lead = invited("never-accepts-ada")
    cursor = read(desk, {}, lead).cursor
    sandbox.world.withdraw("ada", "never-accepts-ada")
    gone, counts = [], []
    for _ in range(4):
        clock.advance(timedelta(hours=40))
        batch = read(desk, cursor, lead)
        cursor = batch.cursor
        gone += batch.gone
        counts.append(desk.providers.open_invitations["linkedin/ada"])
    assert gone == ["never-accepts-ada"]
    assert counts[-1] == 0


def test_a_list_that_is_not_whole_proves_nothing(desk, sandbox, clock):
    for number in range(120):
        sandbox.world.invite("ada", f"never-accepts-{number}", "")
    clock.advance(timedelta(minutes=1))
    for number in range(100):
        sandbox.world.invite("ada", f"never-accepts-later-{number}", "")
    lead, cursor = invited("never-accepts-3"), {}
    for _ in range(4):
        clock.advance(timedelta(hours=40))
        batch = read(desk, cursor, lead)
        cursor = batch.cursor
        assert batch.gone == ()


def test_an_account_is_read_like_a_person_looks_in(open_desk, sandbox, clock, monkeypatch):
    monkeypatch.setattr("runner.channels.linkedin.settings.LinkedInSettings.is_loopback", lambda self, url: False)
    monkeypatch.setattr("runner.channels.linkedin.session._PACE", (0, 0))
    desk, cursor, reads = open_desk(sandbox.url), {}, []
    lead = connected("already-ada")
    for _ in range(24 * 60):
        batch = read(desk, cursor, lead)
        cursor = batch.cursor
        if batch.fresh:
            reads.append(clock.now())
        clock.advance(timedelta(minutes=1))
    gaps = [(later - earlier).total_seconds() / 60 for earlier, later in pairwise(reads)]
    assert 35 <= len(reads) <= 70
    assert min(gaps) >= 6 and max(gaps) <= 39
    assert gaps[0] < gaps[8]
    assert len(set(gaps)) > 8  # never like a clock


def test_a_provider_that_reads_nothing_leaves_the_cursor(sandbox, open_desk, clock):
    desk = open_desk(sandbox.url, provider="task")
    assert read(desk, {"kept": 1}, invited("ada")).cursor == {"kept": 1}
    assert sandbox.ledger.records() == []
