"""What the package does not do: deadlines, no second request, no trace on disk or in the log."""

from __future__ import annotations

import logging
import socket
import threading
import time
from contextlib import contextmanager

import pytest

from runner.channels.linkedin.session import Pacer, VoyagerSession
from runner.channels.linkedin.settings import Timeouts, read_settings
from runner.engine.outcomes import AccountTrouble, Sent, Trouble, Unknown
from runner.model.lead import Lead, LinkedInConnectionStatus
from runner.secrets import Secret

CONNECTED = LinkedInConnectionStatus.CONNECTED
LEAD = Lead(1, linkedin_urn="ACoAAAbcdefgh1")


@contextmanager
def raw_server(answer):
    """Accepts connections and lets `answer(socket, stop)` do the rest in a thread; yields its address."""
    stop = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.05)

        def serve():
            while not stop.is_set():
                try:
                    connection, _ = server.accept()
                except OSError:
                    continue
                threading.Thread(target=_guarded, args=(answer, connection, stop), daemon=True).start()

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        stop.set()
        thread.join(5)


def _guarded(answer, connection, stop):
    with connection:
        try:
            answer(connection, stop)
        except OSError:
            return


def drip_headers(connection, stop):
    connection.recv(65536)
    connection.sendall(b"HTTP/1.1 201 Created\r\nX-Long: ")
    while not stop.wait(0.03):
        connection.sendall(b".")


def drip_status(connection, stop):
    connection.recv(65536)
    connection.sendall(b"HTTP/1.1")
    while not stop.wait(0.03):
        connection.sendall(b" ")


def drip_body(connection, stop):
    connection.recv(65536)
    connection.sendall(b"HTTP/1.1 201 Created\r\nContent-Length: 100000\r\n\r\n")
    while not stop.wait(0.03):
        connection.sendall(b"{")


def silence(connection, stop):
    connection.recv(65536)
    stop.wait(30)


def hasty(monkeypatch, **seconds):
    """Time-outs short enough for a test; the account's file counts in whole seconds."""
    import runner.channels.linkedin.settings as module

    chosen = Timeouts(**({"connect": 1, "read": 0.3, "total": 0.5} | seconds))
    monkeypatch.setattr(module, "_timeouts", lambda value: chosen)


@pytest.mark.parametrize("answer", [drip_status, silence])
def test_a_server_that_never_answers_is_cut_at_the_deadline_and_the_end_is_unknown(answer, open_desk, monkeypatch):
    hasty(monkeypatch)
    lead = Lead(1, linkedin_urn="ACoAAAbcdefgh1", linkedin_status=CONNECTED)
    with raw_server(answer) as url:
        began = time.monotonic()
        outcome = open_desk(url).run(lead, "message", "Hello")
        assert time.monotonic() - began < 5
    assert isinstance(outcome, Unknown)
    assert outcome.reason == "timeout_after_send"


@pytest.mark.parametrize("answer", [drip_headers, drip_body])
def test_an_answer_that_never_ends_is_cut_and_its_status_counts(answer, open_desk, monkeypatch):
    """Only the deadline can cut here. Where this machine was too busy to begin the answer in time, it gets longer."""
    lead = Lead(1, linkedin_urn="ACoAAAbcdefgh1", linkedin_status=CONNECTED)
    for seconds in (0.5, 2, 8):
        hasty(monkeypatch, read=60, total=seconds)
        answered = []

        def told(connection, stop, answered=answered):
            answer(_Told(connection, answered), stop)

        with raw_server(told) as url:
            began = time.monotonic()
            outcome = open_desk(url).run(lead, "message", "Hello")
            lasted = time.monotonic() - began
        assert seconds <= lasted < seconds + 20
        if answered and answered[0] < began + seconds:
            break
    assert isinstance(outcome, Sent)


class _Told:
    """A connection that notes when something was sent on it."""

    def __init__(self, connection, answered):
        self.recv, self._connection, self._answered = connection.recv, connection, answered

    def sendall(self, data):
        self._connection.sendall(data)
        self._answered.append(time.monotonic())


def test_without_the_deadline_the_drip_would_not_end(monkeypatch, open_desk):
    hasty(monkeypatch, total=60)
    with raw_server(drip_headers) as url:
        done = threading.Event()
        session = VoyagerSession(read_settings(open_desk(url).account), {"JSESSIONID": Secret("a")})
        thread = threading.Thread(target=lambda: (session.call(lambda api: api.get_user_profile()), done.set()))
        thread.daemon = True
        thread.start()
        assert not done.wait(1.0)
    thread.join(10)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_never_followed_so_nothing_is_posted_twice(status, scripted, open_desk):
    scripted.post = (status, {"Location": scripted.url + "/voyager/api/elsewhere"}, b"")
    open_desk(scripted.url).run(LEAD, "connect")
    assert [method for method, *_ in scripted.seen].count("POST") == 1
    assert not [path for _, path, *_ in scripted.seen if "elsewhere" in path]


def test_the_request_is_what_the_package_sends_signed_with_our_cookies(scripted, open_desk):
    open_desk(scripted.url).run(LEAD, "connect", "Hi")
    [(_, path, headers, body)] = [seen for seen in scripted.seen if seen[0] == "POST"]
    assert path.startswith("/voyager/api/voyagerRelationshipsDashMemberRelationships?action=verifyQuotaAndCreateV2")
    assert headers["csrf-token"] == "ajax:123"
    assert "li_at=ada" in headers["Cookie"]
    assert b'"customMessage": "Hi"' in body
    assert b"urn:li:fsd_profile:ACoAAAbcdefgh1" in body


def test_a_response_never_changes_the_accounts_own_cookies(scripted, open_desk):
    scripted.post = (201, {"Set-Cookie": "li_at=stolen; Path=/"}, {})
    desk = open_desk(scripted.url)
    desk.run(LEAD, "connect")
    desk.run(LEAD, "connect")
    assert all("li_at=ada" in headers["Cookie"] for _, _, headers, _ in scripted.seen)


def test_cookies_of_the_edge_are_kept(scripted, open_desk):
    scripted.post = (201, {"Set-Cookie": "lidc=b42; Path=/"}, {})
    desk = open_desk(scripted.url)
    desk.run(LEAD, "connect")
    desk.run(LEAD, "connect")
    assert "lidc=b42" in scripted.seen[-1][2]["Cookie"]


def test_proxies_and_netrc_of_the_environment_are_ignored(scripted, open_desk, monkeypatch, tmp_path):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login eve password evil\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    assert isinstance(open_desk(scripted.url).run(LEAD, "connect"), Sent)
    assert all("Authorization" not in headers for _, _, headers, _ in scripted.seen)


def test_the_package_leaves_no_file_and_no_log_handler(scripted, open_desk, monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    desk = open_desk(scripted.url)
    desk.run(LEAD, "connect")
    assert (list(root.handlers), root.level) == (before, level)
    assert list(tmp_path.rglob("*")) == []


def test_the_packages_own_sleep_is_replaced(scripted, open_desk):
    began = time.monotonic()
    for _ in range(3):
        open_desk(scripted.url).run(LEAD, "connect")
    assert time.monotonic() - began < 2


def test_calls_keep_a_gap_and_none_lies_between_gate_and_post(scripted, open_desk):
    waited = []
    desk = open_desk(scripted.url)
    pacer = Pacer(2.0, 2.0, wait=waited.append)
    session = VoyagerSession(read_settings(desk.account), {"JSESSIONID": Secret("a"), "li_at": Secret("b")}, pacer)
    session.call(lambda api: api.get_user_profile())
    session.pace()
    assert [round(seconds) for seconds in waited] == [2]


def test_a_real_host_is_paced_and_a_server_on_this_machine_is_not(open_desk):
    from runner.channels.linkedin.session import _pacer

    near = _pacer(read_settings(open_desk("http://127.0.0.1:1").account))
    far = _pacer(read_settings(open_desk("https://www.linkedin.com").account))
    assert near._range == (0, 0)
    assert far._range[0] >= 1


def test_odd_json_is_never_an_error(scripted, open_desk):
    desk = open_desk(scripted.url)
    for body in ([], [1], "x", 7, None, {"data": None}, {"data": {"distance": 3}}, {"elements": [1, {"events": 2}]}):
        scripted.get = (200, {}, body)
        reader = desk.providers.find("voyager").reader(desk.account)
        reader.recent(None)
        reader.open_invitations()
        reader.conversation("ACoAAAbcdefgh1")
        assert isinstance(desk.run(LEAD, "connect"), Sent | Unknown)


def test_a_refused_connection_is_no_doubt(open_desk):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    outcome = open_desk(f"http://127.0.0.1:{port}").run(LEAD, "connect")
    assert isinstance(outcome, AccountTrouble)
    assert outcome.kind is Trouble.CONNECTION
