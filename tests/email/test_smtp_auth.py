"""Logging in by every method against servers that check, with tokens from a token server on loopback."""

from __future__ import annotations

import base64
import socket
import threading
import time

import pytest

from runner.channels.email.channel import EmailChannel
from runner.channels.email.config import OAuthSettings
from runner.channels.email.oauth import TokenSource
from runner.engine.outcomes import AccountTrouble, Sent, Trouble
from runner.errors import ChannelUnavailable, MissingSecret
from runner.model.channel import SecretRef
from runner.sandbox.smtp import SmtpSink
from runner.secrets import Secret, read_secret

PASSWORD = SecretRef(env="PASSWORD")


@pytest.fixture
def guarded_sink(clock):
    server = SmtpSink(clock, users={"ada": "correct horse"}, tokens=frozenset({"good", "good-2"})).start()
    yield server
    server.stop()


def oauth(server, **more):
    return {
        "username": "ada",
        "auth": "xoauth2",
        "oauth": {"token_url": server.url, "client_id": "id-1", "refresh_token": SecretRef(env="REFRESH"),
                  "client_secret": SecretRef(env="CLIENT"), "scope": "mail", **more},
    }  # fmt: skip


@pytest.mark.parametrize("method", ["plain", "login", "auto"])
def test_a_password_logs_in(method, guarded_sink, account, job, send):
    login = {"username": "ada", "password": PASSWORD, "auth": method}
    assert isinstance(send(job(account(guarded_sink.port, smtp=login))), Sent)


@pytest.mark.parametrize("method", ["plain", "login"])
def test_a_wrong_password_stops_the_account_and_shows_in_no_text(method, clock, account, job, send):
    server = SmtpSink(clock, users={"ada": "other"}).start()
    outcome = send(job(account(server.port, smtp={"username": "ada", "password": PASSWORD, "auth": method})))
    server.stop()
    assert isinstance(outcome, AccountTrouble)
    assert outcome.kind is Trouble.AUTH
    shown = repr(outcome)
    assert "correct horse" not in shown
    assert base64.b64encode(b"correct horse").decode() not in shown


def test_a_server_that_wants_a_log_in_gets_a_clear_word(guarded_sink, account, job, send):
    outcome = send(job(account(guarded_sink.port)))
    assert isinstance(outcome, AccountTrouble)
    assert (outcome.kind, outcome.reason) == (Trouble.AUTH, "login_needed")


def test_a_method_that_the_server_lacks_is_a_matter_of_settings(scripted, account, job, send):
    server = scripted(ehlo=b"250-x\r\n250 AUTH CRAM-MD5\r\n")
    outcome = send(job(account(server.port, smtp={"username": "ada", "password": PASSWORD})))
    assert isinstance(outcome, AccountTrouble)
    assert (outcome.kind, outcome.reason) == (Trouble.CONFIG, "no_auth_method")
    assert not [line for line in server.script.commands if line.startswith("AUTH")]


def test_a_password_never_crosses_an_unprotected_line_that_should_be_protected(scripted, account, job, send):
    server = scripted(ehlo=b"250-x\r\n250 AUTH PLAIN LOGIN\r\n")
    login = {"username": "ada", "password": PASSWORD, "security": "opportunistic"}
    outcome = send(job(account(server.port, smtp=login)))
    assert isinstance(outcome, AccountTrouble)
    assert outcome.reason == "login_in_clear"
    assert not [line for line in server.script.commands if line.startswith("AUTH")]


def test_a_missing_secret_names_the_variable(clock, scripted, account, job):
    channel = EmailChannel(lambda ref: read_secret(ref, environ={}), clock)
    server = scripted(ehlo=b"250-x\r\n250 AUTH PLAIN\r\n")
    outcome = channel.prepare(job(account(server.port, smtp={"username": "ada", "password": PASSWORD})))
    channel.close()
    assert isinstance(outcome, AccountTrouble)
    assert (outcome.kind, outcome.reason) == (Trouble.CONFIG, "missing_secret")
    assert "PASSWORD" in outcome.explanation
    assert MissingSecret is not None


def test_xoauth2_fetches_a_token_once_and_keeps_it(guarded_sink, token_server, account, job, send):
    server = token_server((200, {"access_token": "good", "expires_in": 3600}))
    config = account(guarded_sink.port, smtp=oauth(server) | {"per_connection": 1})
    assert all(isinstance(send(job(config, key=f"k{n}")), Sent) for n in range(3))
    assert server.requests == [{"grant_type": "refresh_token", "client_id": "id-1", "refresh_token": "refresh-1",
                                "client_secret": "client-secret", "scope": "mail"}]  # fmt: skip


def test_a_token_that_ran_out_is_refreshed(guarded_sink, token_server, account, job, send):
    server = token_server((200, {"access_token": "good", "expires_in": 1}), (200, {"access_token": "good-2"}))
    config = account(guarded_sink.port, smtp=oauth(server) | {"per_connection": 1})
    assert isinstance(send(job(config)), Sent)
    assert isinstance(send(job(config)), Sent)
    assert len(server.requests) == 2


def test_a_token_that_the_server_refuses_is_fetched_anew_once(guarded_sink, token_server, account, job, send):
    server = token_server((200, {"access_token": "revoked"}), (200, {"access_token": "good"}))
    assert isinstance(send(job(account(guarded_sink.port, smtp=oauth(server)))), Sent)
    assert len(server.requests) == 2
    refusing = token_server((200, {"access_token": "revoked"}))
    outcome = send(job(account(guarded_sink.port, smtp=oauth(refusing))))
    assert isinstance(outcome, AccountTrouble)
    assert outcome.kind is Trouble.AUTH
    assert "revoked" not in repr(outcome)


def test_a_refused_refresh_token_asks_for_consent(guarded_sink, token_server, account, job, send):
    server = token_server((400, {"error": "invalid_grant", "error_description": "gone refresh-1"}))
    outcome = send(job(account(guarded_sink.port, smtp=oauth(server))))
    assert isinstance(outcome, AccountTrouble)
    assert (outcome.kind, outcome.reason) == (Trouble.AUTH, "consent_needed")
    assert "refresh-1" not in repr(outcome)


@pytest.mark.parametrize("answer", [(500, {"error": "oops"}), (200, b"<html>"), (200, []), (200, {"token": "x"}),
                                    (302, {}), (200, b"x" * 100_000)])  # fmt: skip
def test_a_token_server_in_trouble_is_trouble_of_the_connection(answer, guarded_sink, token_server, account, job, send):
    outcome = send(job(account(guarded_sink.port, smtp=oauth(token_server(answer)))))
    assert isinstance(outcome, AccountTrouble)
    assert (outcome.kind, outcome.reason) == (Trouble.CONNECTION, "token_server")


@pytest.mark.parametrize("life", [None, "3600", "soon", []])
def test_how_long_a_token_lives_may_be_said_in_any_way(life, guarded_sink, token_server, account, job, send):
    server = token_server((200, {"access_token": "good", "expires_in": life}))
    config = account(guarded_sink.port, smtp=oauth(server) | {"per_connection": 1})
    assert isinstance(send(job(config, key="k1")), Sent)
    assert isinstance(send(job(config, key="k2")), Sent)
    assert len(server.requests) == 1


@pytest.fixture
def dripping():
    """A token server that never comes to the end of its answer."""
    listener, ended = socket.create_server(("127.0.0.1", 0)), threading.Event()

    def serve():
        with listener.accept()[0] as connection:
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
            while not ended.wait(0.05):
                connection.sendall(b" ")

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}/token"
    ended.set()
    thread.join(5)
    listener.close()


def test_a_token_server_that_drips_holds_up_its_own_account_and_not_for_long(dripping, token_server):
    def settings(url):
        return OAuthSettings(url, "id-1", SecretRef(env="REFRESH"))

    source = TokenSource(lambda ref: Secret("refresh-1"), whole=1.0)
    well, told = token_server((200, {"access_token": "good"})), []

    def ask():
        try:
            source.token(settings(dripping))
        except ChannelUnavailable as error:
            told.append(str(error))

    slow = threading.Thread(target=ask)
    started = time.monotonic()
    slow.start()
    assert source.token(settings(well.url)).reveal() == "good"
    assert time.monotonic() - started < 0.8, "another account's token is not waited for"
    slow.join(10)
    assert time.monotonic() - started < 3
    assert "ReadTimeout" in told[0]


@pytest.mark.parametrize(
    ("said", "kind", "reason"),
    [(b"535 5.7.8 Username and Password not accepted\r\n", Trouble.AUTH, "login_refused"),
     (b"534 5.7.9 Application-specific password required\r\n", Trouble.AUTH, "app_password_needed"),
     (b"535 5.7.139 Authentication unsuccessful, disabled\r\n", Trouble.AUTH, "oauth_needed"),
     (b"550 5.7.30 Basic authentication is not supported\r\n", Trouble.AUTH, "oauth_needed"),
     (b"454 4.7.0 Temporary authentication failure\r\n", Trouble.CONNECTION, "login_later"),
     (b"421 4.3.2 closing\r\n", Trouble.CONNECTION, "server_busy"),
     (b"334 VXNlcm5hbWU6\r\n", Trouble.CONNECTION, "server_busy")],
)  # fmt: skip
def test_what_a_server_says_to_a_log_in_is_understood(said, kind, reason, scripted, account, job, send):
    server = scripted(ehlo=b"250-x\r\n250 AUTH PLAIN\r\n", auth=said)
    outcome = send(job(account(server.port, smtp={"username": "ada", "password": PASSWORD})))
    assert isinstance(outcome, AccountTrouble)
    assert (outcome.kind, outcome.reason) == (kind, reason)
    assert len([line for line in server.script.commands if line.startswith("AUTH")]) == 1
