"""What every kind of trouble at every phase means, over a real socket: lost, refused, slow, garbled."""

from __future__ import annotations

import time

import pytest

from runner.engine.outcomes import AccountTrouble, Cancelled, Failed, NotNow, Permit, Sent, Trouble, TryAgain, Unknown
from runner.model.channel import SecretRef

DEADLINE_OF = {"greeting": "greeting", "ehlo": "command", "mail": "command", "rcpt": "command", "data": "data"}


def quick(phase):
    """Settings under which one phase may take 0.3 s, and every other as long as it usually may."""
    return {"timeouts": {DEADLINE_OF.get(phase, phase): 0.3}}


BEFORE_THE_DOT = ("greeting", "ehlo", "mail", "rcpt", "data")


@pytest.mark.parametrize("phase", BEFORE_THE_DOT)
@pytest.mark.parametrize("how", ["close", "reset"])
def test_a_connection_lost_before_the_dot_is_the_accounts_trouble(phase, how, scripted, account, job, send):
    server = scripted(**{phase: how})
    outcome = send(job(account(server.port)))
    assert isinstance(outcome, AccountTrouble)
    assert outcome.kind is Trouble.CONNECTION
    assert server.script.messages == []


@pytest.mark.parametrize("phase", BEFORE_THE_DOT)
def test_a_silent_server_is_left_at_the_phases_deadline(phase, scripted, account, job, send):
    server = scripted(**{phase: "silence"})
    started = time.monotonic()
    outcome = send(job(account(server.port, smtp=quick(phase))))
    assert isinstance(outcome, AccountTrouble)
    assert time.monotonic() - started < 10
    assert outcome.kind is Trouble.CONNECTION


@pytest.mark.parametrize("phase", BEFORE_THE_DOT)
def test_a_server_that_drips_bytes_cannot_hold_the_connection(phase, scripted, account, job, send):
    server = scripted(**{phase: ("drip", b"250-" + b"x" * 4000 + b"\r\n", 0.05)})
    started = time.monotonic()
    outcome = send(job(account(server.port, smtp=quick(phase))))
    assert isinstance(outcome, AccountTrouble)
    assert 0.2 < time.monotonic() - started < 10


STARTTLS = b"250-x\r\n250 STARTTLS\r\n"
ENTERING = [
    ({"greeting": "silence"}, {"security": "tls"}, "connect"),
    ({"ehlo": STARTTLS, "starttls": b"220 go\r\n", "mute_after": "starttls"}, {"security": "starttls"}, "connect"),
    ({"ehlo": STARTTLS, "starttls": "silence"}, {"security": "starttls"}, "command"),
    ({"ehlo": b"250-x\r\n250 AUTH PLAIN\r\n", "auth": "silence"}, {"username": "ada"}, "command"),
    ({"ehlo": b"250-x\r\n250 AUTH LOGIN\r\n", "auth": ("drip", b"334 " * 500, 0.05)}, {"username": "ada"}, "command"),
]


@pytest.mark.parametrize(("script", "smtp", "deadline"), ENTERING,
                         ids=["TLS", "TLS after STARTTLS", "STARTTLS", "AUTH", "AUTH by drops"])  # fmt: skip
def test_a_server_that_does_not_let_us_in_is_left_at_the_deadline(script, smtp, deadline, scripted, account, job, send):
    server = scripted(**script)
    password = {"password": SecretRef(env="PASSWORD")} if "username" in smtp else {}
    started = time.monotonic()
    outcome = send(job(account(server.port, smtp=smtp | password | {"timeouts": {deadline: 0.4}})))
    assert isinstance(outcome, AccountTrouble)
    assert outcome.kind is Trouble.CONNECTION
    assert 0.3 < time.monotonic() - started < 5
    assert server.script.messages == []


@pytest.mark.parametrize("phase", BEFORE_THE_DOT)
@pytest.mark.parametrize(
    "noise",
    [b"hello\r\n", b"\0\0\0\r\n", b"99 no\r\n", b"2500 no\r\n", b"-250 no\r\n", b"250-a\r\n550 b\r\n",
     b"250-" + b"x" * 9000 + b"\r\n250 ok\r\n", b"250-again\r\n" * 300, b"\xff\xfe\r\n", b"\r\n"],
)  # fmt: skip
def test_what_is_no_reply_is_never_taken_for_one(phase, noise, scripted, account, job, send):
    outcome = send(job(account(scripted(**{phase: noise}).port)))
    assert isinstance(outcome, AccountTrouble)
    assert outcome.kind is Trouble.CONNECTION


@pytest.mark.parametrize("how", ["close", "reset", "silence", ("drip", b"250 ok" * 500, 0.05), b"hello\r\n",
                                 b"354 more\r\n",
                                 b"251 hm\r\n", b"250-no end\r\n", b"999 what\r\n",
                                 b"250" + b"x" * 9000 + b"\r\n"])  # fmt: skip
def test_after_the_dot_whatever_is_no_clear_answer_is_unknown(how, scripted, account, job, send):
    outcome = send(job(account(scripted(dot=how).port, smtp=quick("dot"))))
    assert isinstance(outcome, Unknown)


@pytest.mark.parametrize(
    ("said", "kind"),
    [(b"250 ok\r\n", Sent), (b"250-two\r\n250 lines\r\n", Sent), (b"250\r\n", Sent), (b"451 4.3.0 later\r\n", TryAgain),
     (b"421 4.3.2 closing\r\n", TryAgain), (b"554 5.7.1 spam\r\n", Failed), (b"550 5.1.1 nobody\r\n", Failed),
     (b"552 5.3.4 too big\r\n", Failed), (b"550 5.4.5 Daily user sending limit exceeded\r\n", AccountTrouble)],
)  # fmt: skip
def test_after_the_dot_only_a_clear_no_means_not_sent(said, kind, scripted, account, job, send):
    assert isinstance(send(job(account(scripted(dot=said).port))), kind)


def test_a_refusal_of_the_gate_leaves_the_message_without_its_dot(scripted, account, job, channel):
    server = scripted()
    prepared = channel.prepare(job(account(server.port)))
    refusal = Cancelled("replied")
    assert prepared.fire(lambda: refusal) is refusal
    deferred = channel.prepare(job(account(server.port))).fire(lambda: NotNow(None, "paused"))
    assert isinstance(deferred, NotNow)
    assert server.script.messages == []


def test_the_gate_is_asked_once_and_only_when_all_else_is_done(scripted, account, job, channel):
    server = scripted()
    asked = []

    def gate() -> Permit:
        asked.append((list(server.script.commands)[-1], list(server.script.messages)))
        return Permit(1)

    assert isinstance(channel.prepare(job(account(server.port))).fire(gate), Sent)
    assert asked == [("DATA", [])]
    assert len(server.script.messages) == 1


def test_a_gate_that_raises_sends_nothing_and_frees_the_connection(scripted, account, job, channel):
    server = scripted()
    config = account(server.port, smtp={"connections": 1})

    def broken() -> Permit:
        raise RuntimeError("database is gone")

    with pytest.raises(RuntimeError, match="database is gone"):
        channel.prepare(job(config)).fire(broken)
    assert server.script.messages == []
    assert isinstance(channel.prepare(job(config)).fire(lambda: Permit(1)), Sent)


def test_an_abandoned_message_is_never_accepted(scripted, account, job, channel):
    server = scripted()
    channel.prepare(job(account(server.port))).abandon()
    assert isinstance(channel.prepare(job(account(server.port))).fire(lambda: Permit(1)), Sent)
    assert len(server.script.messages) == 1


@pytest.mark.parametrize(("said", "kind"), [(b"552 5.3.4 Message too big\r\n", Failed), ("close", AccountTrouble),
                                            ("reset", AccountTrouble), ("silence", AccountTrouble)])  # fmt: skip
def test_what_happens_while_the_body_is_on_its_way_is_no_sending(said, kind, scripted, account, job, send, tmp_path):
    (tmp_path / "deck.pdf").write_bytes(bytes(12_000_000))
    server = scripted(limit=200_000, at_limit=said)
    outcome = send(job(account(server.port, smtp=quick("body")), step={"attachments": ["deck.pdf"]}))
    assert isinstance(outcome, kind)
    assert server.script.messages == []


@pytest.mark.parametrize(
    "early", [b"250 2.0.0 queued\r\n", b"552 5.3.4 too big\r\n", b"421 4.3.2 bye\r\n", b"noise\r\n"]
)
def test_an_answer_that_comes_before_the_dot_is_no_answer_to_it(early, scripted, account, job, send):
    server = scripted(data=b"354 go on\r\n" + early)
    outcome = send(job(account(server.port)))
    assert not isinstance(outcome, Sent | Unknown)
    assert server.script.messages == []


@pytest.mark.parametrize("how", ["close", "reset"])
def test_a_server_that_hung_up_before_the_dot_did_not_get_the_message(how, scripted, account, job, channel):
    server = scripted(limit=10, at_limit=how)
    prepared = channel.prepare(job(account(server.port)))

    def slow_gate() -> Permit:
        assert server.hung_up.wait(10)
        return Permit(1)

    outcome = prepared.fire(slow_gate)
    assert isinstance(outcome, AccountTrouble)
    assert outcome.kind is Trouble.CONNECTION


def test_nothing_listening_is_the_accounts_trouble(account, job, send):
    outcome = send(job(account(1)))
    assert isinstance(outcome, AccountTrouble)
    assert outcome.kind is Trouble.CONNECTION
    assert "127.0.0.1:1" in outcome.explanation


def test_a_blocked_sender_at_the_greeting_is_for_a_person(scripted, account, job, send):
    outcome = send(job(account(scripted(greeting=b"554 5.7.1 no service for you\r\n").port)))
    assert isinstance(outcome, AccountTrouble)
    assert outcome.kind is Trouble.CONFIG


def test_a_busy_server_spends_no_try_of_the_person(scripted, account, job, send):
    for phase in ("greeting", "mail"):
        outcome = send(job(account(scripted(**{phase: b"421 4.3.2 try later\r\n"}).port)))
        assert isinstance(outcome, AccountTrouble), phase
        assert outcome.kind is Trouble.CONNECTION, phase


def test_a_lead_without_an_address_fails_before_any_connection(scripted, account, job, send):
    server = scripted()
    outcome = send(job(account(server.port), to=None))
    assert isinstance(outcome, Failed)
    assert outcome.reason == "no_address"
    assert server.script.connections == 0
