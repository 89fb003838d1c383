"""The table of responses, every row through the real package over HTTP."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from runner.channels.linkedin.exchange import Exchange
from runner.channels.linkedin.provider import Standing
from runner.channels.linkedin.responses import TABLE, Act, judge
from runner.engine.outcomes import (
    AccountTrouble,
    AlreadyConnected,
    Failed,
    NotConnected,
    Sent,
    Trouble,
    Unknown,
)
from runner.model.lead import Lead, LinkedInConnectionStatus

HTML = {"Content-Type": "text/html"}
LOGIN = b"<!doctype html><form action=/uas/login-submit><input name=session_password></form>"
CAPTCHA = b"<html><body>security verification <div id=captcha></div></body></html>"
API = "/voyager/api/voyagerRelationshipsDashMemberRelationships"


@dataclass(frozen=True)
class Case:
    """An answer, and the row and outcome it must come to."""

    row: str
    act: str
    status: int
    body: Any
    outcome: type
    detail: Any = None
    headers: tuple[tuple[str, str], ...] = ()


def code(status: int, name: str) -> dict[str, object]:
    return {"data": {"code": name, "status": status}, "status": status}


CASES = [
    Case("broken", "connect", 0, b"", Unknown, "connection_lost"),
    Case("session_ended", "connect", 302, b"", AccountTrouble, Trouble.AUTH,
         (("Location", "/feed"), ("Set-Cookie", "li_at=delete me; Path=/"))),
    Case("session_ended", "message", 403, {"status": 403}, AccountTrouble, Trouble.AUTH,
         (("Set-Cookie", 'li_at="delete me"; Path=/'),)),
    Case("redirect_challenge", "connect", 302, b"", AccountTrouble, Trouble.CHALLENGE,
         (("Location", "https://www.linkedin.com/checkpoint/challenge/AgF"),)),
    Case("redirect_login", "message", 302, b"", AccountTrouble, Trouble.AUTH, (("Location", "/uas/login?x=1"),)),
    Case("redirect_loop", "connect", 302, b"", AccountTrouble, Trouble.AUTH, (("Location", API),)),
    Case("redirect_other", "connect", 303, b"", Unknown, "redirected", (("Location", "/feed"),)),
    Case("redirect_other", "connect", 302, b"", Unknown, "redirected", (("Location", "/feed"),)),
    Case("denied", "connect", 999, b"<html>Request denied</html>", AccountTrouble, Trouble.CHALLENGE),
    Case("denied", "message", 999, b"", AccountTrouble, Trouble.CHALLENGE),
    Case("challenge_body", "connect", 403, CAPTCHA, AccountTrouble, Trouble.CHALLENGE),
    Case("challenge_body", "connect", 200, CAPTCHA, AccountTrouble, Trouble.CHALLENGE),
    Case("challenge_code", "message", 403, {"message": "CHALLENGE"}, AccountTrouble, Trouble.CHALLENGE),
    Case("challenge_code", "connect", 400, {"challenge_url": "https://x"}, AccountTrouble, Trouble.CHALLENGE),
    Case("login_page", "connect", 200, LOGIN, AccountTrouble, Trouble.AUTH),
    Case("login_page", "message", 201, LOGIN, AccountTrouble, Trouble.AUTH),
    Case("unauthorized", "connect", 401, {"status": 401}, AccountTrouble, Trouble.AUTH),
    Case("unauthorized", "message", 401, b"", AccountTrouble, Trouble.AUTH),
    Case("csrf", "connect", 403, b"CSRF check failed.", AccountTrouble, Trouble.AUTH),
    Case("pending", "connect", 400, code(400, "CANT_RESEND_YET"), Sent, "already_pending"),
    Case("pending", "connect", 200, code(400, "CANT_RESEND_YET"), Sent, "already_pending"),
    Case("connected", "connect", 400, code(400, "ALREADY_CONNECTED"), AlreadyConnected),
    Case("note_limit", "connect", 429, code(429, "CUSTOM_INVITE_LIMIT_REACHED"), AccountTrouble, Trouble.LIMITED),
    Case("note_limit", "connect", 500, code(500, "CUSTOM_INVITE_LIMIT_REACHED"), AccountTrouble, Trouble.LIMITED),
    Case("weekly_limit", "connect", 429, code(429, "CANT_INVITE_CONNECTION_LIMIT_REACHED"), AccountTrouble,
         Trouble.LIMITED),
    Case("weekly_limit", "connect", 400, code(400, "MAX_INVITATION_SENT"), AccountTrouble, Trouble.LIMITED),
    Case("restricted", "connect", 400, code(400, "PRIMARY_HANDLE_NOT_CONFIRMED"), AccountTrouble, Trouble.LIMITED),
    Case("too_many", "message", 429, {"status": 429}, AccountTrouble, Trouble.LIMITED),
    Case("too_many", "connect", 429, b"<html>slow down</html>", AccountTrouble, Trouble.LIMITED),
    Case("gone", "connect", 410, {"status": 410}, AccountTrouble, Trouble.CONFIG),
    Case("gone", "message", 410, b"", AccountTrouble, Trouble.CONFIG),
    Case("not_acceptable", "connect", 406, b"", AccountTrouble, Trouble.CONFIG),
    Case("version_gone", "message", 426, {"code": "NONEXISTENT_VERSION"}, AccountTrouble, Trouble.CONFIG),
    Case("no_permission", "message", 403,
         {"serviceErrorCode": 100, "message": "Not enough permissions to access: POST /messages", "status": 403},
         AccountTrouble, Trouble.CONFIG),
    Case("invited", "connect", 200, {"data": {"value": {"invitationUrn": "urn:li:fsd_invitation:7"}}}, Sent),
    Case("invited", "connect", 201, {}, Sent),
    Case("invited_created", "connect", 201, b"", Sent),
    Case("messaged", "message", 201, {"value": {"eventUrn": "urn:li:fs_event:(2-x,5-y)"}}, Sent),
    Case("messaged", "message", 201, b"", Sent),
    Case("not_connected", "message", 403, code(403, "RECIPIENT_NOT_CONNECTED"), NotConnected),
    Case("inaccessible", "connect", 403, {"message": "This profile can't be accessed"}, Failed, "profile_inaccessible"),
    Case("inaccessible", "message", 403, {"message": "This profile can't be accessed"}, Failed, "profile_inaccessible"),
    Case("no_profile", "connect", 404, {"status": 404}, Failed, "profile_not_found"),
    Case("note_too_long", "connect", 400, code(400, "CUSTOM_MESSAGE_TOO_LONG"), Failed, "note_too_long"),
    Case("message_too_long", "message", 413, code(413, "MESSAGE_TOO_LONG"), Failed, "message_too_long"),
    Case("refused", "connect", 400, {"status": 400}, Failed, "refused"),
    Case("refused", "message", 422, {"status": 422}, Failed, "refused"),
    Case("unknown", "connect", 500, {"status": 500}, Unknown, "unexpected_answer"),
    Case("unknown", "message", 502, b"<html>Bad gateway</html>", Unknown, "unexpected_answer"),
    Case("unknown", "connect", 200, b"<html>Welcome</html>", Unknown, "unexpected_answer"),
    Case("unknown", "connect", 200, b"no json", Unknown, "unexpected_answer"),
    Case("unknown", "connect", 200, b"", Unknown, "unexpected_answer"),
    Case("unknown", "message", 200, {"value": {}}, Unknown, "unexpected_answer"),
    Case("unknown", "message", 202, {}, Unknown, "unexpected_answer"),
]  # fmt: skip


def _id(case: Case) -> str:
    return f"{case.row}-{case.act}-{case.status}"


@pytest.mark.parametrize("case", CASES, ids=_id)
def test_what_linkedin_answers_decides_the_outcome(case, scripted, open_desk):
    scripted.post = (case.status, dict(case.headers), case.body)
    desk = open_desk(scripted.url)
    lead = Lead(1, linkedin_urn="ACoAAAbcdefgh1", linkedin_status=LinkedInConnectionStatus.CONNECTED)
    if case.act == "connect":
        lead = Lead(1, linkedin_urn="ACoAAAbcdefgh1")
    outcome = desk.run(lead, case.act, "" if case.act == "connect" else "Hello")

    assert type(outcome) is case.outcome, outcome
    assert outcome.detail["row"] == case.row
    assert len(desk.gates) == 1
    assert sum(method == "POST" for method, *_ in scripted.seen) == 1
    match outcome:
        case AccountTrouble(kind=kind, explanation=text):
            assert kind is case.detail
            assert "LinkedIn answered" in text
        case Failed(reason=reason) | Unknown(reason=reason):
            assert reason == case.detail
        case Sent(detail=detail) if case.detail:
            assert detail[case.detail] is True


def test_every_row_has_a_test_of_its_own():
    elsewhere = {"unreached", "timeout", "read", "unreadable"}
    assert {case.row for case in CASES} | elsewhere == {row.name for row in TABLE}


def test_a_server_that_is_not_there_was_surely_not_reached(scripted, open_desk):
    desk = open_desk("http://127.0.0.1:9")
    outcome = desk.run(Lead(1, linkedin_urn="ACoAAAbcdefgh1"), "connect")
    assert isinstance(outcome, AccountTrouble)
    assert (outcome.kind, outcome.reason) == (Trouble.CONNECTION, "unreached")


@pytest.mark.parametrize(
    ("status", "body", "row"),
    [
        (200, {"data": {"distance": {"value": "DISTANCE_2"}}}, "read"),
        (404, {"status": 404}, "unreadable"),
        (403, {"message": "no"}, "unreadable"),
    ],
)
def test_reading_calls_have_rows_too(status, body, row, scripted, open_desk):
    scripted.get = (status, {}, body)
    desk = open_desk(scripted.url)
    reader = desk.providers.find("voyager").reader(desk.account)
    answer = reader.network_info("ada")
    assert answer.row.name == row


@pytest.mark.parametrize("status", [401, 429, 999])
def test_trouble_that_a_look_shows_stops_before_the_gate(status, scripted, open_desk):
    scripted.get = (status, {}, {"status": status})
    desk = open_desk(scripted.url)
    lead = Lead(1, linkedin_url="https://linkedin.com/in/ada")
    assert isinstance(desk.run(lead, "connect"), AccountTrouble)
    assert desk.gates == []
    assert [method for method, *_ in scripted.seen] == ["GET"]


def test_a_dead_look_is_no_trouble_and_the_next_call_is_tried(scripted, open_desk):
    scripted.get = (410, {}, {"status": 410})
    desk = open_desk(scripted.url)
    reader = desk.providers.find("voyager").reader(desk.account)
    seen = reader.standing(_profile("ada", "ACoAAAbcdefgh1"), ("Ada", "Lovelace"))
    assert (seen.standing, seen.trouble) == (Standing.UNREADABLE, None)
    assert set(seen.dead) == {"network info", "connections search"}


def test_what_no_row_knows_is_never_taken_for_a_refusal():
    for status in (100, 202, 204, 206, 408, 418, 451, 502, 503, 504):
        for act in (Act.CONNECT, Act.MESSAGE):
            assert judge(act, Exchange("POST", "/", status=status)).name == "unknown", status


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "7200"}, 7200),
        ({"Retry-After": "Mon, 02 Mar 2026 10:00:00 GMT"}, 3600),
        ({"Retry-After": "nonsense"}, 5 * 3600),
        ({"Retry-After": "99999999"}, 8 * 86400),
        ({}, 5 * 3600),
    ],
)
def test_a_limit_says_how_long_to_rest(headers, seconds, scripted, open_desk):
    scripted.post = (429, headers, {"status": 429})
    outcome = open_desk(scripted.url).run(Lead(1, linkedin_urn="ACoAAAbcdefgh1"), "connect")
    assert outcome.after.total_seconds() == seconds
    assert not outcome.stops


@pytest.mark.parametrize("status", [401, 406, 410, 999])
def test_what_cannot_get_better_stops_the_account_at_once(status, scripted, open_desk):
    scripted.post = (status, {}, {"status": status})
    outcome = open_desk(scripted.url).run(Lead(1, linkedin_urn="ACoAAAbcdefgh1"), "connect")
    assert outcome.stops
    assert "runner channels resume" in outcome.explanation


def _profile(public_id, profile_id):
    from runner.channels.linkedin.identity import Profile

    return Profile(public_id, profile_id)
