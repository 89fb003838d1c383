"""Addresses that must not be visited and pages that are made to hurt: refused or survived, none over its limit."""

from __future__ import annotations

import errno
import gzip
import socket
import threading
import time
import zlib
from contextlib import suppress
from datetime import UTC, datetime
from typing import NamedTuple

import pytest

from runner.channels.contact_form.attempt import Tools
from runner.channels.contact_form.document import HostilePage, parse
from runner.channels.contact_form.fetch import Broken, Limits, Trouble, Visit
from runner.channels.contact_form.guard import AddressPolicy, AddressRefused
from runner.channels.contact_form.inspection import look
from runner.channels.contact_form.politeness import Pace, Robots
from runner.engine.outcomes import AccountTrouble, Failed, Permit, TryAgain
from runner.engine.outcomes import Trouble as AccountKind

PUBLIC = "93.184.215.14"

ADDRESSES = [
    "http://127.0.0.1/",
    "http://127.1/",
    "http://0/",
    "http://0.0.0.0/",
    "http://2130706433/",
    "http://0x7f000001/",
    "http://0177.0.0.1/",
    "http://0300.0250.0.1/",
    "http://[::1]/",
    "http://[::]/",
    "http://[::ffff:127.0.0.1]/",
    "http://[::127.0.0.1]/",
    "http://[::ffff:7f00:1]/",
    "http://[64:ff9b::a9fe:a9fe]/",
    "http://[2002:7f00:1::]/",
    "http://[2001:0:7f00:1::]/",
    "http://169.254.169.254/latest/meta-data/",
    "http://0xA9FEA9FE/",
    "http://2852039166/",
    "http://192.0.0.192/",
    "http://[fd00:ec2::254]/",
    "http://[fe80::1%25eth0]/",
    "http://100.64.0.1/",
    "http://198.18.0.1/",
    "http://224.0.0.1/",
    "http://255.255.255.255/",
    "http://10.1.2.3/",
    "http://172.16.0.9/",
    "http://192.168.1.1/",
    "http://①②⑦.⓪.⓪.①/",
    "http://127。0。0。1/",
    "http://localhost./",
    "http://LOCALHOST/",
    "http://example.com\\@127.0.0.1/",
    "http://a@127.0.0.1:80@example.com/",
    "http://user:secret@example.com/",
    "http:///127.0.0.1/",
    "file:///etc/passwd",
    "gopher://127.0.0.1:25/_MAIL",
    "ftp://example.com/",
    "dict://127.0.0.1:11211/",
    "data:text/html,hello",
    "javascript:alert(1)",
    "view-source:http://example.com/",
    "http://example.com:25/",
    "http://example.com:6379/",
    "http://example.com:99999/",
    "http://example.com:0/",
    "http://127.0.0.1%00.example.com/",
    "http://exa%6dple.com/",
]


@pytest.fixture
def canary():
    """A listener on loopback that nobody may reach; the test fails when somebody did."""
    reached = []
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(0.05)
    stop = threading.Event()

    def listen():
        while not stop.is_set():
            try:
                reached.append(listener.accept()[1])
            except TimeoutError:
                continue

    thread = threading.Thread(target=listen, daemon=True)
    thread.start()
    yield listener.getsockname()[1]
    stop.set()
    thread.join(1)
    listener.close()
    assert reached == []


def _visit(resolve=lambda host, port: ("127.0.0.1",), **limits):
    return Visit(AddressPolicy(), "test", Limits(**limits), resolve=resolve)


@pytest.mark.parametrize("url", ADDRESSES)
def test_an_address_that_is_not_a_public_web_server_is_never_connected_to(url):
    visit = Visit(AddressPolicy(), "test", resolve=lambda host, port: ("127.0.0.1",))
    answer = visit.get(url)
    assert isinstance(answer, Trouble)
    assert answer.kind is Broken.REFUSED_ADDRESS
    assert not answer.sent


def test_a_lead_s_private_address_fails_and_nothing_is_reached(forms, canary):
    outcome = forms.send(f"http://127.0.0.1:{canary}/contact", allow_private_networks=False)
    assert isinstance(outcome, Failed)
    assert outcome.reason == "refused_address"


@pytest.mark.parametrize(
    "addresses", [(PUBLIC, "127.0.0.1"), ("10.0.0.1",), ("::1", PUBLIC), ("fe80::1%eth0",), ("64:ff9b::7f00:1",)]
)
def test_one_bad_address_of_a_host_refuses_the_host(addresses):
    answer = _visit(lambda host, port: addresses).get("http://mixed.example/")
    assert isinstance(answer, Trouble)
    assert answer.kind is Broken.REFUSED_ADDRESS


def test_a_name_is_resolved_once_a_connection_so_rebinding_gains_nothing():
    asked = []

    def rebind(host: str, port: int) -> tuple[str, ...]:
        asked.append(host)
        return ("127.0.0.1",) if len(asked) > 1 else ("10.0.0.1",)

    assert isinstance(_visit(rebind).get("http://rebind.example/"), Trouble)
    assert asked == ["rebind.example"]


def test_the_proxy_in_the_environment_is_not_used(monkeypatch, sites):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    visit = Visit(AddressPolicy(allow_private=True), "test")
    assert not isinstance(visit.get(sites.url("plain")), Trouble)


class Answer(NamedTuple):
    """Bytes to answer with, the seconds between two of them, and what follows without an end."""

    content: bytes
    drip: float = 0.0
    forever: bytes = b""


class Wild:
    """A server that gives every connection the same answer."""

    def __init__(self, answer: Answer) -> None:
        self.answer, self.drip, self.forever = answer
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.requests: list[bytes] = []
        threading.Thread(target=self._serve, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.listener.getsockname()[1]}/contact"

    def close(self) -> None:
        with suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)  # wakes the thread that accepts
        self.listener.close()

    def _serve(self) -> None:
        while True:
            try:
                peer, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._answer, args=(peer,), daemon=True).start()

    def _answer(self, peer: socket.socket) -> None:
        try:
            request = peer.recv(65_536)
            self.requests.append(request)
            if request.startswith(b"GET /robots.txt"):
                peer.sendall(b"HTTP/1.1 404 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            elif self.drip:
                for place in range(len(self.answer)):
                    peer.sendall(self.answer[place : place + 1])
                    threading.Event().wait(self.drip)
            else:
                peer.sendall(self.answer)
                while self.forever:
                    peer.sendall(self.forever)
        except OSError:
            pass
        finally:
            peer.close()


@pytest.fixture
def wild():
    """Start servers, and close them afterwards."""
    started = []

    def start(answer: Answer, kind: type[Wild] = Wild) -> Wild:
        started.append(kind(answer))
        return started[-1]

    yield start
    for server in started:
        server.close()


def _page(body: bytes, extra: bytes = b"") -> bytes:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\n" + extra
    return head + b"Content-Length: " + str(len(body)).encode() + b"\r\n\r\n" + body


def _redirect(to: bytes) -> bytes:
    return b"HTTP/1.1 302 Found\r\nLocation: " + to + b"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


_FORM = b"<form method=post action=/x><input name=email><textarea name=message></textarea></form>"
_BOMB = gzip.compress(b"<div>" * 20_000_000, 9)

WILD = {
    "a gzip bomb": Answer(_page(_BOMB, b"Content-Encoding: gzip\r\n")),
    "a deflate bomb": Answer(_page(zlib.compress(b"a" * 100_000_000, 9), b"Content-Encoding: deflate\r\n")),
    "a gzip that is none": Answer(_page(b"not gzip", b"Content-Encoding: gzip\r\n")),
    "a body without an end": Answer(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n", forever=b"<p>x</p>" * 8192),
    "chunks without an end": Answer(
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", forever=b"2000\r\n" + b"x" * 8192 + b"\r\n"
    ),
    "headers drip by drip": Answer(b"HTTP/1.1 200 OK\r\n" + b"X-A: b\r\n" * 50, drip=0.2),
    "a body drip by drip": Answer(_page(b"<p>" * 100), drip=0.1),
    "a hundred thousand headers": Answer(b"HTTP/1.1 200 OK\r\n" + b"X-A: b\r\n" * 100_000 + b"\r\n"),
    "a header of megabytes": Answer(b"HTTP/1.1 200 OK\r\nX-A: " + b"b" * 3_000_000 + b"\r\n\r\n"),
    "no HTTP at all": Answer(b"220 smtp.example ESMTP\r\n"),
    "nothing": Answer(b""),
    "a redirect to itself": Answer(_redirect(b"/contact")),
    "a redirect to a file": Answer(_redirect(b"file:///etc/passwd")),
    "a redirect to a script": Answer(_redirect(b"javascript:alert(1)")),
    "a redirect of megabytes": Answer(_redirect(b"/" + b"a" * 60_000)),
    "a redirect with a bomb": Answer(
        b"HTTP/1.1 302 Found\r\nLocation: file:///x\r\nContent-Encoding: gzip\r\nContent-Length: "
        + str(len(_BOMB)).encode() + b"\r\n\r\n" + _BOMB
    ),
    "a zip that says it is a page": Answer(_page(b"PK\x03\x04" + bytes(range(256)) * 4000)),
    "bytes that are no text": Answer(_page(bytes(range(256)) * 5000)),
    "a megabyte of nested tags": Answer(_page(b"<div>" * 200_000)),
    "a tag of 100,000 attributes": Answer(_page(b"<p " + b" ".join(b"a%d=1" % n for n in range(100_000)) + b">")),
    "half a million options": Answer(_page(b"<form><select name=a>" + b"<option>" * 200_000)),
    "a megabyte of brackets": Answer(_page(b"<" * 1_000_000)),
    "a megabyte of ampersands": Answer(_page(b"&" * 1_000_000)),
    "a megabyte of entities": Answer(_page(b"&lt;" * 250_000)),
    "a million quotes": Answer(_page(b"<a '\"" * 200_000)),
    "five thousand hidden fields": Answer(_page(b"<form>" + b"<input type=hidden name=a value=b>" * 5000)),
    "ten thousand forms": Answer(_page(b"<form><input name=q></form>" * 10_000)),
    "a style sheet of hiding rules": Answer(_page(b"<style>" + b".a .b .c{display:none}" * 50_000 + b"</style>" + _FORM)),
    "a label for every word": Answer(_page(b"<form>" + b"<label for=a>Name</label><input id=a>" * 3000)),
    "an attribute of a megabyte": Answer(_page(b'<form class="' + b"contact " * 120_000 + b'">' + _FORM)),
    "a text of a megabyte without a blank": Answer(_page(b"<p>" + b"ab" * 500_000 + b"</p>" + _FORM)),
    "entities that name entities": Answer(
        _page(b'<!DOCTYPE a [<!ENTITY b "bb"><!ENTITY c "&b;&b;&b;&b;"><!ENTITY d "&c;&c;&c;&c;">]><p>&d;</p>' + _FORM)
    ),
    "an entity that is a file": Answer(_page(b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><p>&b;</p>')),
}  # fmt: skip


@pytest.mark.parametrize("kind", WILD)
def test_a_hostile_site_is_refused_or_survived_within_its_limits(kind, forms, wild):
    started = time.monotonic()
    outcome = forms.send(wild(WILD[kind]).url, timeout="2s", submit_timeout="2s", max_pages=3)
    assert time.monotonic() - started < 15
    assert "root:" not in str(outcome)


def test_a_redirect_to_a_private_address_stops_at_the_hop(canary, wild):
    """The first hop is allowed by a policy of its own; the second is not."""
    hop = wild(Answer(_redirect(b"http://127.0.0.1:%d/" % canary)))

    class FirstHop(AddressPolicy):
        def check_url(self, url: str) -> str:
            if "127.0.0.1" in url and f":{canary}" in url:
                raise AddressRefused("the second hop")
            return url

    visit = Visit(FirstHop(allow_private=True), "test")
    answer = visit.get(hop.url)
    assert isinstance(answer, Trouble)
    assert answer.text == "the second hop"


def test_a_meta_refresh_to_a_private_address_is_not_followed(forms, canary, wild):
    page = wild(Answer(_page(b'<meta http-equiv="refresh" content="0; url=ftp://127.0.0.1:%d/">' % canary)))
    outcome = forms.send(page.url)
    assert isinstance(outcome, Failed)


def test_a_form_whose_action_is_private_is_not_sent_from_a_public_page():
    policy = AddressPolicy()
    with pytest.raises(AddressRefused):
        policy.check_url("http://192.168.0.1:8080/x")
    with pytest.raises(AddressRefused):
        policy.check_address("192.168.0.1")


def test_a_submission_redirected_by_307_is_not_sent_again(forms, wild):
    class Twice(Wild):
        def _answer(self, peer: socket.socket) -> None:
            request = peer.recv(65_536)
            self.requests.append(request)
            here = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
            again = _redirect(f"{here}/again".encode()).replace(b"302 Found", b"307 Again")
            peer.sendall(again if request.startswith(b"POST") else _page(_FORM if b"/contact" in request else b""))
            peer.close()

    site = wild(Answer(b""), Twice)
    outcome = forms.send(site.url)
    assert type(outcome).__name__ == "Unknown"
    assert sum(request.startswith(b"POST") for request in site.requests) == 1


def test_the_pages_a_search_may_open_are_limited(sites, forms):
    before = sites.requests
    forms.send(sites.url("none", ""), max_pages=2)
    assert sites.requests - before <= 3


def test_deeply_nested_markup_does_not_break_the_reader():
    finding = look(parse("http://a.example/", b"<div>" * 3000 + _FORM + b"</div>" * 3000))
    assert finding.judged is not None


def test_markup_made_to_be_slow_is_refused_before_it_is_parsed():
    started = time.monotonic()
    with pytest.raises(HostilePage):
        parse("http://a.example/", b"<p " + b" ".join(b"a%d" % n for n in range(200_000)) + b">")
    assert time.monotonic() - started < 2


def test_one_host_is_asked_no_faster_than_the_pace(waits):
    pace = Pace(2.0, waits.pause, waits.tick)
    pace.wait("a.example")
    pace.wait("b.example")
    pace.wait("a.example")
    assert waits.waited == [2.0]


def test_a_crawl_delay_is_kept(waits):
    pace = Pace(1.0, waits.pause, waits.tick)
    pace.slow_down("a.example", 10.0)
    pace.wait("a.example")
    pace.wait("a.example")
    assert waits.waited == [10.0]


def test_a_robots_txt_that_cannot_be_fetched_forbids_and_a_missing_one_allows():
    now = datetime(2026, 11, 23, tzinfo=UTC)
    rules = Robots().rules
    assert not rules("http://a.example/x", lambda url: None, now).allows("http://a.example/x")
    assert not rules("http://b.example/x", lambda url: (503, b""), now).allows("http://b.example/x")
    assert rules("http://c.example/x", lambda url: (404, b""), now).allows("http://c.example/x")
    text = b"User-agent: outreach-runner\nDisallow: /*/contact$\nCrawl-delay: 3\n"
    read = rules("http://d.example/", lambda url: (200, text), now)
    assert not read.allows("http://d.example/en/contact")
    assert read.allows("http://d.example/en/contact/us")
    assert read.delay == 3


def test_the_tools_of_a_channel_start_out_polite():
    assert Tools().pace.gap >= 1.0


def test_an_abandoned_form_is_never_sent(forms, sites):
    count = len(sites.ledger)
    forms.channel.prepare(forms.job(sites.url("plain"))).abandon()
    assert len(sites.ledger) == count


def test_our_own_network_down_is_the_account_s_trouble_and_nobody_else_s(forms, monkeypatch):
    def down(*_arguments: object) -> socket.socket:
        raise OSError(errno.ENETUNREACH, "Network is unreachable")

    monkeypatch.setattr(socket, "create_connection", down)
    outcome = forms.send("http://127.0.0.1:9/contact")
    assert isinstance(outcome, AccountTrouble)
    assert outcome.kind is AccountKind.CONNECTION


def test_a_connection_that_is_refused_may_be_tried_again_before_and_after_the_gate(forms, wild):
    site = wild(Answer(_page(_FORM)))
    url = site.url
    prepared = forms.channel.prepare(forms.job(url))
    site.close()
    assert isinstance(prepared.fire(lambda: Permit(1)), TryAgain)
    assert isinstance(forms.send(url.replace("/contact", "/other")), TryAgain)
