"""The standard three-channel campaign, judged by what the servers received."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

Play = Callable[..., Any]


def _person(email: str, profile: str = "", form: str = "", **more: str) -> dict[str, str]:
    person = {"email": email, "first_name": "Ada", "country": "GB", "legal_basis": "legitimate_interest"} | more
    person["timezone"] = "Europe/London"
    if profile:
        person["linkedin_url"] = f"https://www.linkedin.com/in/{profile}"
    if form:
        person["contact_form_url"] = f"http://{form}.sites.example/contact"
    return person


def test_every_fate_takes_the_path_it_demands(play: Play) -> None:
    run = play(
        "standard",
        [
            _person("ok@a.example", "accepts-now-a", "plain-a"),
            _person("bounce550@b.example", "accepts-now-b", "plain-b"),
            _person("bounce550@c.example", "404-c", "plain-c"),
            _person("bounce550@d.example", "", "plain-d"),
            _person("tempfail@e.example", "accepts-now-e", "plain-e"),
            _person("latebounce@f.example", "accepts-now-f", "plain-f"),
            _person("reply@g.example", "accepts-now-g", "plain-g"),
        ],
    )
    assert len(run.accepted("ok@a.example")) == 1
    assert run.linkedin("invitation", "accepts-now-a") == [] and run.forms("plain-a") == []
    assert len(run.linkedin("invitation", "accepts-now-b")) == len(run.linkedin("message", "accepts-now-b")) == 1
    assert run.forms("plain-b") == []
    assert len(run.forms("plain-c")) == 1
    assert len(run.forms("plain-d")) == 1
    refused, taken = run.mails("tempfail@e.example")
    assert (refused.verdict, taken.verdict) == ("refused", "accepted")
    assert taken.at - refused.at >= timedelta(hours=24)
    assert len(run.accepted("latebounce@f.example")) == 1
    assert len(run.linkedin("message", "accepts-now-f")) == 1
    assert run.ended("reply@g.example") == ("stopped", "replied")
    assert run.linkedin("invitation", "accepts-now-g") == []


def test_an_email_that_bounces_ten_seconds_later_still_reaches_linkedin_the_same_day(play: Play) -> None:
    run = play("standard", [_person("latebounce@f.example", "accepts-now-f", "plain-f")])
    [mail] = run.accepted("latebounce@f.example")
    [invitation] = run.linkedin("invitation", "accepts-now-f")
    assert timedelta(seconds=10) <= invitation.at - mail.at < timedelta(minutes=15)


def test_what_goes_out_can_be_answered_and_left(play: Play) -> None:
    run = play("standard", [_person("ok@a.example")])
    [mail] = run.accepted("ok@a.example")
    text = mail.content.decode("utf-8", "replace")
    assert "List-Unsubscribe:" in text and "List-Unsubscribe-Post: List-Unsubscribe=One-Click" in text
    assert "multipart/alternative" in text and "Alte Str. 1" in text
    assert mail.message_id.endswith("@lumen.example>")


def test_an_opt_out_by_reply_closes_every_channel(play: Play) -> None:
    run = play("standard", [_person("optout@h.example", "accepts-now-h", "plain-h")])
    assert run.ended("optout@h.example") == ("stopped", "unsubscribed")
    assert run.linkedin("invitation", "accepts-now-h") == [] and run.forms("plain-h") == []
