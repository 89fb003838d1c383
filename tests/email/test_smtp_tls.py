"""TLS in all its ways, over real handshakes: what is required is never given up silently."""

from __future__ import annotations

from pathlib import Path

import pytest

from runner.engine.outcomes import AccountTrouble, Failed, Sent, Trouble
from runner.sandbox.smtp import SmtpSink


@pytest.fixture
def tls_sink(clock, certificate):
    """`tls_sink(cert, implicit=False, **more)`: a sandbox sink that speaks TLS."""
    servers = []

    def make(cert, implicit=False, **more):
        servers.append(SmtpSink(clock, tls_context=cert.context, implicit_tls=implicit, **more).start())
        return servers[-1]

    yield make
    for server in servers:
        server.stop()


def smtp(security, cert=None, **more):
    return {"host": "localhost", "security": security, "ca_file": cert.ca_file if cert else None} | more


@pytest.mark.parametrize(("security", "implicit"), [("tls", True), ("starttls", False), ("opportunistic", False)])
def test_a_message_goes_out_over_tls(security, implicit, tls_sink, certificate, account, job, send):
    cert = certificate()
    server = tls_sink(cert, implicit)
    assert isinstance(send(job(account(server.port, smtp=smtp(security, cert)))), Sent)
    assert len(server.accepted()) == 1


def test_required_starttls_that_is_not_offered_sends_nothing(sink, account, job, send):
    outcome = send(job(account(sink.port, smtp=smtp("starttls"))))
    assert isinstance(outcome, AccountTrouble)
    assert (outcome.kind, outcome.reason) == (Trouble.CONFIG, "no_starttls")
    assert sink.ledger.records() == []


def test_opportunistic_tls_goes_on_in_clear_text_where_none_is_offered(sink, account, job, send):
    assert isinstance(send(job(account(sink.port, smtp=smtp("opportunistic")))), Sent)


def test_opportunistic_tls_takes_an_unknown_certificate_only_without_a_log_in(
    tls_sink, certificate, account, job, send
):
    server = tls_sink(certificate())
    assert isinstance(send(job(account(server.port, smtp=smtp("opportunistic")))), Sent)
    login = {"username": "ada", "password": None}
    outcome = send(job(account(server.port, smtp=smtp("opportunistic", **login))))
    assert isinstance(outcome, AccountTrouble)
    assert outcome.reason == "certificate"


@pytest.mark.parametrize("security", ["tls", "starttls"])
@pytest.mark.parametrize(
    ("name", "days", "trusted", "words"),
    [("localhost", -1, True, "expired"), ("localhost", 1, False, "self-signed"),
     ("other.example", 1, True, "Hostname mismatch")],
)  # fmt: skip
def test_a_wrong_certificate_stops_the_account(
    security, name, days, trusted, words, tls_sink, certificate, account, job, send
):
    cert = certificate(name, days)
    server = tls_sink(cert, security == "tls")
    outcome = send(job(account(server.port, smtp=smtp(security, cert if trusted else None))))
    assert isinstance(outcome, AccountTrouble)
    assert (outcome.kind, outcome.reason) == (Trouble.CONFIG, "certificate")
    assert words.lower() in outcome.explanation.lower().replace("self signed", "self-signed")
    assert server.ledger.records() == []


def test_bytes_sent_ahead_of_tls_are_an_attack(scripted, account, job, send):
    server = scripted(ehlo=b"250-x\r\n250 STARTTLS\r\n")
    server.script.starttls = b"220 go\r\n250 injected\r\n"
    outcome = send(job(account(server.port, smtp=smtp("starttls", host="127.0.0.1"))))
    assert isinstance(outcome, AccountTrouble)
    assert (outcome.kind, outcome.reason) == (Trouble.CONFIG, "starttls_injection")


def test_tls_that_breaks_off_is_trouble_of_the_connection(scripted, account, job, send):
    server = scripted(greeting=b"220 this is no TLS\r\n")
    outcome = send(job(account(server.port, smtp=smtp("tls", timeout=1))))
    assert isinstance(outcome, AccountTrouble)
    assert outcome.kind is Trouble.CONNECTION


def test_a_refused_starttls_is_not_ignored(scripted, account, job, send):
    server = scripted(ehlo=b"250-x\r\n250 STARTTLS\r\n")
    server.script.starttls = b"454 4.7.0 TLS not available\r\n"
    for security in ("starttls", "opportunistic"):
        outcome = send(job(account(server.port, smtp=smtp(security, host="127.0.0.1"))))
        assert isinstance(outcome, AccountTrouble)
    assert server.script.messages == []


def test_ipv6_works_like_ipv4(scripted, account, job, send):
    server = scripted(host="::1")
    assert isinstance(send(job(account(server.port, smtp={"host": "::1"}))), Sent)


def test_a_host_that_does_not_resolve_is_trouble_of_the_connection(account, job, send):
    outcome = send(job(account(25, smtp={"host": "no-such-host.invalid."})))
    assert isinstance(outcome, AccountTrouble)
    assert outcome.kind is Trouble.CONNECTION


@pytest.mark.parametrize("address", ["jürgen@example.com", "用户@example.com"])
def test_an_address_outside_ascii_needs_smtputf8(address, scripted, sink, account, job, send):
    outcome = send(job(account(scripted().port), to=address))
    assert isinstance(outcome, Failed)
    assert outcome.reason == "smtputf8"
    assert isinstance(send(job(account(sink.port, name="b"), to=address)), Sent)
    assert sink.accepted()[0].recipient == address
    assert f"<{address}>".encode() in sink.accepted()[0].content


def test_a_domain_outside_ascii_goes_out_in_its_ascii_form(scripted, account, job, send):
    server = scripted()
    assert isinstance(send(job(account(server.port), to="anna@Müller.Example")), Sent)
    assert "RCPT TO:<anna@xn--mller-kva.example>" in server.script.commands


def test_size_is_announced_and_a_message_over_the_servers_limit_is_not_even_tried(scripted, account, job, send):
    server = scripted(ehlo=b"250-x\r\n250 SIZE 1000000\r\n")
    assert isinstance(send(job(account(server.port))), Sent)
    mail = next(line for line in server.script.commands if line.startswith("MAIL"))
    assert f"SIZE={len(server.script.messages[0])}" in mail
    small = scripted(ehlo=b"250-x\r\n250 SIZE 1000\r\n")
    outcome = send(job(account(small.port), body="word " * 500))
    assert isinstance(outcome, Failed)
    assert outcome.reason == "message_too_large"
    assert not [line for line in small.script.commands if line.startswith("MAIL")]


def test_8bitmime_is_asked_for_only_where_eight_bits_are_sent(scripted, account, job, send):
    server = scripted(ehlo=b"250-x\r\n250-8BITMIME\r\n250 SMTPUTF8\r\n")
    assert isinstance(send(job(account(server.port))), Sent)
    assert isinstance(send(job(account(server.port), to="jürgen@example.com")), Sent)
    mails = [line for line in server.script.commands if line.startswith("MAIL")]
    assert "BODY=8BITMIME" not in mails[0]
    assert "BODY=8BITMIME" in mails[1] and "SMTPUTF8" in mails[1]


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_a_certificate_that_runs_out_between_two_messages_stops_the_account(
    security, tls_sink, certificate, account, job, send
):
    good, late = certificate(), certificate(days=-1)
    both = Path(good.ca_file).with_name("both.crt")
    both.write_text(Path(good.ca_file).read_text() + Path(late.ca_file).read_text())
    server = tls_sink(good, security == "tls")
    config = account(server.port, smtp=smtp(security, per_connection=1) | {"ca_file": str(both)})
    assert isinstance(send(job(config)), Sent)
    good.context.load_cert_chain(late.ca_file, late.key_file)
    outcome = send(job(config, key="k2"))
    assert isinstance(outcome, AccountTrouble)
    assert (outcome.kind, outcome.reason) == (Trouble.CONFIG, "certificate")
    assert "expired" in outcome.explanation
    assert len(server.accepted()) == 1


def test_a_renewed_authority_is_believed_without_a_restart_and_kept_connections_stay(
    tls_sink, certificate, account, job, send
):
    old, new = certificate(), certificate(days=2)
    handshakes: list[str] = []
    old.context.sni_callback = lambda _socket, name, _context: handshakes.append(name)
    server = tls_sink(old)
    config = account(server.port, smtp=smtp("starttls", old, per_connection=2))
    assert isinstance(send(job(config, key="k1")), Sent)
    old.context.load_cert_chain(new.ca_file, new.key_file)
    assert isinstance(send(job(config, key="k2")), Sent), "by the connection that is open already"
    refused = send(job(config, key="k3"))
    assert isinstance(refused, AccountTrouble)
    assert refused.reason == "certificate"
    Path(old.ca_file).write_text(Path(new.ca_file).read_text())
    assert isinstance(send(job(config, key="k4")), Sent)
    assert isinstance(send(job(config, key="k5")), Sent)
    assert len(handshakes) == 3, "two messages a connection, and one that was refused"


@pytest.mark.parametrize("content", [None, "-----BEGIN CERTIFICATE-----\nhalf"], ids=["gone", "half written"])
def test_an_authority_that_cannot_be_read_just_now_backs_off_and_stops_nothing(
    content, tls_sink, certificate, account, job, send
):
    cert = certificate()
    server = tls_sink(cert)
    kept = Path(cert.ca_file).read_text()
    Path(cert.ca_file).unlink() if content is None else Path(cert.ca_file).write_text(content)
    config = account(server.port, smtp=smtp("starttls", cert))
    outcome = send(job(config))
    assert isinstance(outcome, AccountTrouble)
    assert outcome.kind is Trouble.CONNECTION
    assert cert.ca_file in outcome.explanation
    Path(cert.ca_file).write_text(kept)
    assert isinstance(send(job(config)), Sent)
