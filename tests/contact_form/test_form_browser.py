"""The channel in a real browser: forms that only a script makes, eyes that see what styles hide, one click."""

from __future__ import annotations

import http.server
import socket
import threading

import pytest

from runner.channels.contact_form.guard import AddressPolicy
from runner.channels.contact_form.proxy import GuardedProxy
from runner.engine.outcomes import Cancelled, Failed, HandedOver, Sent, Unconfirmed, Unknown

pytest.importorskip("playwright")


@pytest.fixture
def browser(forms, program):
    """Forms sent with the machine's Chromium."""
    forms.settings |= {"browser": program("chromium"), "mode": "browser", "submit_timeout": "6s"}
    return forms


class Pages:
    """A site of hand-written pages; every POST is kept and answered with `answer`."""

    def __init__(self, inner: str, answer: str = "<p>Thank you, your message has been sent.</p>") -> None:
        self.posts: list[bytes] = []
        pages = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                known = self.path == "/contact"
                self._send(f"<!doctype html><title>Contact</title>{inner}" if known else "", 200 if known else 404)

            def do_POST(self) -> None:
                pages.posts.append(self.rfile.read(int(self.headers["content-length"])))
                self._send(f"<!doctype html><title>Sent</title>{answer}", 200)

            def _send(self, text: str, status: int) -> None:
                self.send_response(status)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.send_header("Content-Length", str(len(text.encode())))
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, *args: object) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/contact"


@pytest.fixture
def pages():
    """Make sites of hand-written pages, and close them afterwards."""
    made = []

    def make(inner: str) -> Pages:
        made.append(Pages(inner))
        return made[-1]

    yield make
    for page in made:
        page.close()


def test_a_form_made_and_sent_by_a_script_is_sent_once(sites, browser, tmp_path):
    count = len(sites.ledger)
    outcome = browser.send(sites.url("javascript"), mode="auto", evidence="proof")
    assert isinstance(outcome, Sent), outcome
    assert [entry.value("email") for entry in sites.ledger[count:]] == ["ada@lumen.example"]
    assert outcome.detail["plugin"] == "browser"
    assert (tmp_path / "proof" / "key1-1.png").read_bytes().startswith(b"\x89PNG")


def test_auto_takes_the_cheap_way_where_it_works(sites, browser):
    outcome = browser.send(sites.url("plain"), mode="auto")
    assert isinstance(outcome, Sent)
    assert outcome.detail["plugin"] == "page"


def test_without_a_browser_a_scripted_form_becomes_a_task(browser, pages):
    page = pages("<form class=contact><input name=email><textarea name=message></textarea><button>Send</button></form>")
    outcome = browser.send(page.url, mode="http")
    assert isinstance(outcome, HandedOver)
    assert outcome.task.detail["reason"] == "needs_browser"
    outcome = browser.send(page.url, mode="browser", browser="/no/such/browser")
    assert isinstance(outcome, HandedOver)


def test_the_gate_stands_before_the_click(sites, browser):
    count = len(sites.ledger)
    outcome = browser.fire(browser.job(sites.url("plain")), lambda: Cancelled("replied"))
    assert outcome == Cancelled("replied")
    assert sites.ledger[count:] == ()


SCRIPTED_STYLES = """<script>
  const style = document.createElement("style"); document.head.append(style);
  style.sheet.insertRule(".extra { position: absolute; left: -9999px }");
  style.sheet.insertRule(".thin { overflow: hidden; height: 1px; width: 1px; position: absolute }");
</script>"""


def _trapped(attributes: str = "") -> str:
    return (
        f"{SCRIPTED_STYLES}<form method=post class=contact><p>"
        "Name <input name=name></p><p>E-mail <input name=email></p>"
        f"<p class=extra>Phone <input name=phone {attributes}></p><p class=thin>Company <input name=company></p>"
        "<p>Message <textarea name=message></textarea></p><button>Send</button></form>"
    )


def test_traps_that_only_a_browser_sees_through_stay_empty(browser, pages):
    page = pages(_trapped())
    assert isinstance(browser.send(page.url), Sent)
    assert b"phone=&company=&" in page.posts[0]


@pytest.mark.slow
def test_a_trap_that_is_required_makes_a_task(browser, pages):
    page = pages(_trapped("required"))
    assert isinstance(browser.send(page.url), HandedOver)
    assert page.posts == []


@pytest.mark.slow
def test_a_form_in_a_frame_is_filled_there(sites, browser):
    assert isinstance(browser.send(sites.url("iframe")), Sent)


@pytest.mark.slow
def test_a_plugin_s_script_is_judged_by_its_answer(sites, browser):
    count = len(sites.ledger)
    assert isinstance(browser.send(sites.url("json")), Sent)
    assert sites.ledger[-1].content_type.startswith("multipart/form-data")
    assert len(sites.ledger) - count == 1


@pytest.mark.slow
def test_errors_in_the_page_are_a_refusal_and_silence_is_unconfirmed(sites, browser):
    refused = browser.send(sites.url("strict"))
    assert isinstance(refused, Failed)
    assert refused.reason == "validation"
    assert isinstance(browser.send(sites.url("silent")), Unconfirmed)


@pytest.mark.slow
def test_an_answer_that_never_comes_is_unknown_and_one_submission(sites, browser):
    count = len(sites.ledger)
    sites.memory.slow_seconds = 30.0
    try:
        outcome = browser.send(sites.url("slow"), submit_timeout="1s")
    finally:
        sites.memory.slow_seconds = 3.0
    assert isinstance(outcome, Unknown)
    assert len(sites.ledger) - count == 1


@pytest.mark.slow
def test_a_script_that_keeps_the_form_back_sends_nothing(browser, pages):
    page = pages(
        "<form method=post class=contact onsubmit='return false'><input name=email>"
        "<textarea name=message></textarea><button>Send</button></form>"
    )
    outcome = browser.send(page.url)
    assert isinstance(outcome, Failed)
    assert outcome.reason == "nothing_sent"
    assert page.posts == []


@pytest.mark.slow
def test_dialogs_pop_ups_and_downloads_do_not_hold_it_up(browser, pages):
    page = pages(
        "<script>alert('hi'); window.open('about:blank'); window.onbeforeunload = () => 'stay';"
        "navigator.geolocation.getCurrentPosition(() => {});</script><form method=post class=contact>"
        "<input name=email><textarea name=message></textarea><button>Send</button></form>"
    )
    assert isinstance(browser.send(page.url), Sent)
    assert len(page.posts) == 1


def test_the_browser_reaches_no_address_that_the_guard_refuses(browser):
    with socket.create_server(("127.0.0.1", 0)) as canary:
        canary.settimeout(0.2)
        place = f"127.0.0.1:{canary.getsockname()[1]}"
        outcome = browser.send(f"http://{place}/contact", allow_private_networks=False)
        assert isinstance(outcome, Failed)
        assert outcome.reason == "refused_address"
        with pytest.raises(TimeoutError):
            canary.accept()


def test_the_proxy_connects_to_what_the_guard_allows_and_nothing_else():
    proxy = GuardedProxy(AddressPolicy(), lambda host, port: ("127.0.0.1",))
    try:
        for host, port in (("rebind.example", 80), ("127.0.0.1", 443), ("public.example", 25), ("[::1]", 80)):
            assert proxy.connect(host, port) is None
        assert len(proxy.refused) == 4
    finally:
        proxy.close()
