"""Connections are kept, shared within limits, and replaced when they went stale."""

from __future__ import annotations

import threading

import pytest

from runner.engine.outcomes import AccountTrouble, Failed, Permit, Sent, TryAgain

PIPELINED = b"250-scripted\r\n250-PIPELINING\r\n250 ENHANCEDSTATUSCODES\r\n"


@pytest.mark.parametrize("ehlo", [b"250 scripted\r\n", PIPELINED])
def test_messages_share_a_connection_up_to_its_limit(ehlo, scripted, account, job, send):
    server = scripted(ehlo=ehlo)
    config = account(server.port, smtp={"per_connection": 3})
    assert all(isinstance(send(job(config, key=f"k{n}")), Sent) for n in range(7))
    assert server.script.connections == 3
    assert len(server.script.messages) == 7


@pytest.mark.parametrize("ehlo", [b"250 scripted\r\n", PIPELINED])
def test_a_refused_recipient_leaves_the_connection_usable(ehlo, scripted, account, job, send):
    data = [b"354 go on\r\n"] if b"PIPELINING" not in ehlo else [b"554 5.5.1 no valid recipients\r\n", b"354 go on\r\n"]
    server = scripted(ehlo=ehlo, rcpt=[b"550 5.1.1 nobody\r\n", b"250 ok\r\n"], data=data)
    config = account(server.port)
    assert isinstance(send(job(config)), Failed)
    assert isinstance(send(job(config)), Sent)
    assert server.script.connections == 1
    assert "RSET" in server.script.commands


def test_data_accepted_without_a_recipient_is_hung_up_on(scripted, account, job, send):
    server = scripted(ehlo=PIPELINED, rcpt=[b"550 5.1.1 nobody\r\n", b"250 ok\r\n"])
    config = account(server.port)
    outcome = send(job(config))
    assert isinstance(outcome, Failed)
    assert outcome.hard
    assert isinstance(send(job(config)), Sent)
    assert len(server.script.messages) == 1
    assert server.script.connections == 2


@pytest.mark.parametrize("stale", ["close", b"421 4.4.2 idle too long\r\n"])
@pytest.mark.parametrize("ehlo", [b"250 scripted\r\n", PIPELINED])
def test_a_kept_connection_that_went_stale_is_replaced_unseen(stale, ehlo, scripted, account, job, send):
    server = scripted(ehlo=ehlo, mail=[b"250 ok\r\n", stale, b"250 ok\r\n"])
    config = account(server.port)
    assert isinstance(send(job(config)), Sent)
    assert isinstance(send(job(config)), Sent)
    assert server.script.connections == 2


def test_a_word_too_many_never_answers_for_the_next_message(scripted, account, job, send):
    server = scripted(dot=[b"250 ok\r\n250 one more\r\n", b"554 5.7.1 spam\r\n"])
    config = account(server.port)
    assert isinstance(send(job(config)), Sent)
    assert isinstance(send(job(config)), Failed)
    assert server.script.connections == 2


def test_a_new_connection_that_fails_is_not_tried_again(scripted, account, job, send):
    server = scripted(mail="close")
    assert isinstance(send(job(account(server.port))), AccountTrouble)
    assert server.script.connections == 1


def test_a_temporary_refusal_at_the_dot_leaves_the_connection_usable(scripted, account, job, send):
    server = scripted(dot=[b"451 4.3.0 later\r\n", b"250 ok\r\n"])
    config = account(server.port)
    assert isinstance(send(job(config)), TryAgain)
    assert isinstance(send(job(config)), Sent)
    assert server.script.connections == 1


def test_no_more_connections_are_open_than_allowed(scripted, account, job, channel):
    server = scripted()
    config = account(server.port, smtp={"connections": 2, "timeouts": {"command": 1.0}})
    held = [channel.prepare(job(config, key=f"k{n}")) for n in range(2)]
    blocked = channel.prepare(job(config, key="k3"))
    assert isinstance(blocked, AccountTrouble)
    assert server.script.connections == 2
    for each in held:
        each.abandon()
    channel.prepare(job(config, key="k4")).abandon()


def test_changed_settings_do_not_reuse_the_old_connection(scripted, account, job, send):
    first, second = scripted(), scripted()
    assert isinstance(send(job(account(first.port))), Sent)
    assert isinstance(send(job(account(second.port))), Sent)
    assert (len(first.script.messages), len(second.script.messages)) == (1, 1)


def test_an_idle_connection_is_closed_after_its_time(scripted, account, job, send):
    server = scripted()
    config = account(server.port, smtp={"idle": "0s"})
    assert isinstance(send(job(config)), Sent)
    assert isinstance(send(job(config)), Sent)
    assert server.script.connections == 2


def test_many_threads_send_every_message_once(sink, account, job, channel):
    config = account(sink.port, smtp={"connections": 3})
    outcomes = []

    def work(start: int) -> None:
        for number in range(start, start + 10):
            outcomes.append(channel.prepare(job(config, key=f"k{number}")).fire(lambda: Permit(1)))

    threads = [threading.Thread(target=work, args=(start,)) for start in range(0, 60, 10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(isinstance(outcome, Sent) for outcome in outcomes)
    assert sorted(each.key for each in sink.accepted()) == sorted(f"k{number}" for number in range(60))


def test_close_says_goodbye_to_what_is_kept(scripted, account, job, channel):
    server = scripted()
    channel.prepare(job(account(server.port))).fire(lambda: Permit(1))
    channel.close()
    channel.prepare(job(account(server.port))).fire(lambda: Permit(1))
    assert server.script.connections == 2
