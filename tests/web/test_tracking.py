"""Opens and clicks: people and machines apart, and a click leads only where the signed link says."""

from __future__ import annotations

import pytest

from runner.channels.email.tokens import Purpose
from runner.model.events import EventKind
from runner.web.machines import machine_reason
from runner.web.targets import safe_target

TARGET = "https://lumen.example/a?b=1&c=2#d"
PEOPLE = [
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Safari/605.1.15",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148",
    "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Thunderbird/140.0",
    "Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0 Mobile Safari/537.36",
]
MACHINES = [
    "", "Mozilla/5.0", "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)",
    "YahooMailProxy; https://help.yahoo.com/kb/yahoo-mail-proxy-SLN28749.html", "python-requests/2.32", "curl/8.5",
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", "BarracudaCentral",
    "Go-http-client/1.1",
    "Mozilla/4.0 (compatible; ms-office; MSOffice 16) Microsoft Office/16.0", "Slackbot-LinkExpanding 1.0",
    "WhatsApp/2.23",
    "Mozilla/5.0 (compatible; Proofpoint URL Defense)", "HeadlessChrome/120", "facebookexternalhit/1.1", "x" * 2000,
]  # fmt: skip


@pytest.mark.parametrize("agent", PEOPLE)
def test_people_are_people(agent):
    assert machine_reason({"user-agent": agent}) is None


@pytest.mark.parametrize("agent", MACHINES)
def test_machines_are_recognised(agent):
    assert machine_reason({"user-agent": agent}) is not None


@pytest.mark.parametrize("header", ["sec-purpose", "purpose", "x-purpose", "x-moz"])
def test_a_prefetch_is_a_machine(header):
    assert machine_reason({"user-agent": PEOPLE[0], header: "prefetch;prerender"}) == "prefetch"


def test_a_persons_open_is_recorded_once(site):
    for _ in range(3):
        assert site.ask("GET", site.links.opened("key-1")).headers["Content-Type"] == "image/gif"
    assert [(each.kind, each.key) for each in site.signals] == [(EventKind.OPENED, "key-1")]
    assert site.machines == []


def test_a_machines_open_never_reaches_what_drives_people(site):
    site.ask("GET", site.links.opened("key-1"), agent="GoogleImageProxy")
    site.ask("GET", site.links.clicked("key-1", TARGET), headers={"Sec-Purpose": "prefetch"})
    assert site.signals == []
    assert [each.data["machine"] for each in site.machines] == ["gmail_proxy", "prefetch"]


def test_the_picture_is_the_same_for_every_token(site):
    good = site.ask("GET", site.links.opened("key-1"))
    for token in ("x", site.keyring.sign(Purpose.UNSUBSCRIBE, "key-1"), "a.b.c"):
        other = site.ask("GET", f"{site.base}/o/{token}")
        assert (other.status_code, other.content) == (good.status_code, good.content)
    assert good.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert len(site.signals) == 1


def test_a_head_request_records_nothing(site):
    site.ask("HEAD", site.links.opened("key-1"))
    assert site.ask("HEAD", site.links.clicked("key-1", TARGET)).status_code == 302
    assert site.signals == [] and site.machines == []


def test_a_click_goes_where_the_link_says_and_nowhere_else(site):
    link = site.links.clicked("key-1", TARGET)
    for extra in ("", "?url=https://evil.example", "#https://evil.example", "?next=//evil.example"):
        answer = site.ask("GET", link + extra)
        assert (answer.status_code, answer.headers["Location"]) == (302, TARGET)
    [signal] = site.signals
    assert (signal.kind, signal.key, signal.data["target"]) == (EventKind.CLICKED, "key-1", TARGET)


def test_an_unsigned_target_leads_nowhere(site):
    for path in ("c/https://evil.example", "c/?url=https://evil.example", "c//evil.example", "c/x"):
        answer = site.ask("GET", f"{site.base}/{path}")
        assert answer.status_code == 404
        assert "location" not in answer.headers
    unsubscribe = site.keyring.sign(Purpose.UNSUBSCRIBE, f"key-1\n{TARGET}")
    assert site.ask("GET", f"{site.base}/c/{unsubscribe}").status_code == 404


DANGEROUS = ["javascript:alert(1)", "data:text/html,x", "//evil.example", "/\\evil.example", "https:evil", "https:///evil",
             "http://", "ftp://x.example", "https://a@evil.example/", "https://x.example\\@evil.example",
             "https://x y.example",
             "https://x.example/\r\nSet-Cookie: a=b", "https://x.example:99999/", "https://ö.example/", "",
             "x" * 3000]  # fmt: skip


@pytest.mark.parametrize("target", DANGEROUS)
def test_a_signed_but_dangerous_target_is_refused_all_the_same(target, site):
    assert not safe_target(target)
    answer = site.ask("GET", site.links.clicked("key-1", target))
    assert answer.status_code == 404
    assert site.signals == []


def test_a_store_in_trouble_does_not_keep_the_reader_waiting(site):
    site.broken = True
    assert site.ask("GET", site.links.clicked("key-1", TARGET)).status_code == 302
    assert site.ask("GET", site.links.opened("key-1")).status_code == 200
