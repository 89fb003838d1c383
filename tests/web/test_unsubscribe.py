"""Opting out on the web: one POST is enough, nothing else changes anything, and nothing can be guessed."""

from __future__ import annotations

import socket
import threading

import pytest

from runner.channels.email.tokens import Purpose
from runner.model.events import EventKind


@pytest.fixture
def link(site):
    return site.links.unsubscribe("key-1")


def test_a_one_click_post_opts_out(site, link, one_click):
    answer = one_click(link)
    assert answer.status_code == 200
    assert [(each.kind, each.key, each.source) for each in site.signals] == [
        (EventKind.UNSUBSCRIBED, "key-1", "web:unsubscribed:key-1")
    ]


def test_it_works_as_multipart_without_cookies_or_redirect(site, link):
    answer = site.ask("POST", link, files={"List-Unsubscribe": (None, "One-Click")})
    assert answer.status_code == 200
    assert "set-cookie" not in answer.headers and "location" not in answer.headers
    assert len(site.signals) == 1


def test_the_page_has_a_button_that_does_the_same(site, link):
    page = site.ask("GET", link)
    assert page.status_code == 200
    assert '<form method="post">' in page.text
    assert 'name="List-Unsubscribe" value="One-Click"' in page.text
    assert site.signals == []


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "PUT", "DELETE", "PATCH"])
@pytest.mark.parametrize("headers", [{}, {"Sec-Purpose": "prefetch"}, {"X-HTTP-Method-Override": "POST"}])
def test_nothing_but_a_post_changes_anything(method, headers, site, link):
    assert site.ask(method, link, headers=headers).status_code in (200, 405)
    assert site.ask(method, link + "?List-Unsubscribe=One-Click", headers=headers).status_code in (200, 405)
    assert site.signals == []


@pytest.mark.parametrize(
    "body",
    [{"data": b""}, {"data": {"List-Unsubscribe": "No"}}, {"json": {"List-Unsubscribe": "One-Click"}},
     {"data": {"other": "One-Click"}}, {"data": b"List-Unsubscribe=One-Click",
     "headers": {"Content-Type": "text/plain"}}],
)  # fmt: skip
def test_a_post_that_says_something_else_asks_again(body, site, link):
    answer = site.ask("POST", link, **body)
    assert answer.status_code == 400
    assert "<form" in answer.text
    assert site.signals == []


def test_opting_out_twice_and_at_once_is_one_opt_out(site, link, one_click):
    statuses = []
    threads = [threading.Thread(target=lambda: statuses.append(one_click(link).status_code)) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [200] * 20
    assert len(site.signals) == 1


@pytest.mark.parametrize("junk", [".", ")", ">", "),", "%3E", "&gt;", "...", "%22"])
def test_junk_that_mail_programs_add_does_no_harm(junk, link, one_click):
    assert one_click(link + junk).status_code == 200


def test_a_link_encoded_twice_still_works(site, link, one_click):
    base, _, token = link.rpartition("/")
    assert one_click(f"{base}/{token.replace('.', '%252E')}").status_code == 200


def changed(token, place):
    other = "A" if token[place] != "A" else "B"
    return token[:place] + other + token[place + 1 :]


def forged(site):
    token = site.keyring.sign(Purpose.UNSUBSCRIBE, "key-1")
    kid, body, mac = token.split(".")
    other = site.keyring.sign(Purpose.UNSUBSCRIBE, "key-2").split(".")
    yield "cut short", token[:-1]
    yield "without a signature", f"{kid}.{body}."
    yield "another's signature", f"{kid}.{body}.{other[2]}"
    yield "unknown key id", f"zz.{body}.{mac}"
    yield "the other key's id", f"k1.{body}.{mac}"
    yield "of another purpose", site.keyring.sign(Purpose.CLICK, "key-1")
    yield "for an open", site.keyring.sign(Purpose.OPEN, "key-1")
    yield "in capitals", token.upper()
    yield "an address", "victim@example.com"
    yield "nothing", "x"
    yield "very long", "a" * 5000
    yield from (
        (f"changed at {place}", changed(token, place)) for place in range(0, len(token) - 1, 3) if token[place] != "."
    )


def test_no_forged_token_works_and_all_look_the_same(site, one_click):
    answers = set()
    for how, token in forged(site):
        answer = one_click(f"{site.base}/u/{token}")
        assert answer.status_code == 404, how
        answers.add(answer.text)
    assert len(answers) == 1
    assert site.signals == []


def test_a_link_signed_with_an_older_key_lives_on(site, one_click):
    old = type(site.keyring)("k1", site.keyring.keys).sign(Purpose.UNSUBSCRIBE, "key-9")
    assert one_click(f"{site.base}/u/{old}").status_code == 200
    assert site.signals[0].key == "key-9"


def test_an_opt_out_that_cannot_be_stored_asks_to_come_back(site, link, one_click):
    site.broken = True
    answer = one_click(link)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "120")
    assert site.ask("GET", f"{site.base}/healthz").status_code == 503
    site.broken = False
    assert one_click(link).status_code == 200
    assert len(site.signals) == 1


def test_every_answer_carries_the_security_headers(site, link):
    for url in (link, f"{site.base}/u/x", f"{site.base}/nothing", f"{site.base}/healthz", f"{site.base}/o/x"):
        headers = site.ask("GET", url).headers
        assert "default-src 'none'" in headers["Content-Security-Policy"], url
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["Cache-Control"] == "no-store"
        assert "server" not in headers


@pytest.mark.parametrize("path", ["docs", "redoc", "openapi.json", "metrics", "debug", ".env", ".git/config",
                                 "runner.db",
                                  "u", "u/", "", "u/a/b", "..%2f..%2fetc/passwd"])  # fmt: skip
def test_there_is_nothing_else(path, site):
    answer = site.ask("GET", f"{site.base}/{path}")
    assert answer.status_code == 404
    assert "Traceback" not in answer.text


def test_the_pages_load_nothing_and_tell_nothing(site, link):
    page = site.ask("GET", link).text
    assert "http" not in page.replace("http-equiv", "")
    assert "key-1" not in page and "@" not in page.replace("@media", "")


@pytest.mark.parametrize("length", [20_000, 10**9])
def test_a_request_that_is_too_large_is_turned_away_unread(length, site, link):
    with socket.create_connection(("127.0.0.1", site.server.port), timeout=5) as conn:
        path = link.removeprefix(site.base)
        conn.sendall(f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\nList-Unsub".encode())
        assert conn.recv(100).startswith(b"HTTP/1.1 413")
    assert site.signals == []


def test_an_endless_body_is_cut_off(site, link):
    with socket.create_connection(("127.0.0.1", site.server.port), timeout=5) as conn:
        path = link.removeprefix(site.base)
        conn.sendall(
            f"POST {path} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
            "Content-Type: application/x-www-form-urlencoded\r\n\r\n".encode()
        )
        chunk = b"400\r\n" + b"a" * 1024 + b"\r\n"
        answer = b""
        try:
            for _ in range(200):
                conn.sendall(chunk)
            answer = conn.recv(100)
        except OSError:
            answer = b"closed"
    assert answer.startswith((b"HTTP/1.1 4", b"closed"))
    assert site.signals == []
