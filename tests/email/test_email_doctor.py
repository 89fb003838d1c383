"""The doctor's checks of an account: log-ins over real connections, DNS over a real server on loopback."""

from __future__ import annotations

import base64
import contextlib
import datetime as dt
import socket
import threading
from pathlib import Path

import dns.flags
import dns.message
import dns.rcode
import dns.resolver
import dns.rrset
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from runner.channels.checks import remote_checks
from runner.channels.email.channel import EmailChannel
from runner.channels.email.config import account_of
from runner.channels.email.doctor import (
    Check,
    Verdict,
    check_inbox,
    check_limits,
    check_login,
    check_unsubscribe,
    worst,
)
from runner.channels.email.doctor_dns import check_domain
from runner.channels.email.inbox import EmailInbox
from runner.model.channel import ChannelConfig, ChannelType, SecretRef
from runner.model.project import Project, ProjectSettings
from runner.model.rates import LimitSet, Ramp, Rate
from runner.sandbox.imap import ImapServer
from runner.sandbox.mailbox import Mailboxes
from runner.sandbox.smtp import SmtpSink
from runner.secrets import Secret

GOOD_ZONE = {
    ("lumen.example.", "TXT"): ['"v=spf1 ip4:192.0.2.1 -all"'],
    ("_dmarc.lumen.example.", "TXT"): ['"v=DMARC1; p=none; rua=mailto:dmarc@lumen.example"'],
    ("google._domainkey.lumen.example.", "TXT"): ['"v=DKIM1; k=rsa; p=MIGf"'],
    ("lumen.example.", "MX"): ["10 mx.lumen.example."],
    ("mx.lumen.example.", "A"): ["192.0.2.1"],
    ("smtp.lumen.example.", "A"): ["192.0.2.1"],
    ("1.2.0.192.in-addr.arpa.", "PTR"): ["smtp.lumen.example."],
}


class DnsServer:
    """Answers from a zone; a name that is not in it does not exist. `silent` never answers."""

    def __init__(self, zone, silent=False):
        self.zone, self._silent = zone, silent
        self._sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._sock.bind(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()
        self.resolver = dns.resolver.Resolver(configure=False)
        self.resolver.nameservers = ["127.0.0.1"]
        self.resolver.port = self._sock.getsockname()[1]
        self.resolver.lifetime = 1.0

    def stop(self):
        with contextlib.suppress(OSError):
            self._sock.shutdown(socket.SHUT_RDWR)
        self._sock.close()
        self._thread.join(5)

    def _serve(self):
        while True:
            try:
                data, peer = self._sock.recvfrom(4096)
                if not data:
                    return
            except OSError:
                return
            query = dns.message.from_wire(data)
            answer = dns.message.make_response(query)
            answer.flags |= dns.flags.AA | dns.flags.RA
            question = query.question[0]
            name, kind = question.name.to_text().lower(), dns.rdatatype.to_text(question.rdtype)
            records = self.zone.get((name, kind))
            if records:
                answer.answer.append(dns.rrset.from_text(question.name, 60, "IN", kind, *records))
            elif not any(known == name for known, _ in self.zone):
                answer.set_rcode(dns.rcode.NXDOMAIN)
            if not self._silent:
                self._sock.sendto(answer.to_wire(), peer)


@pytest.fixture
def dns_server():
    servers = []

    def make(zone, **more):
        servers.append(DnsServer(zone, **more))
        return servers[-1]

    yield make
    for server in servers:
        server.stop()


def verdicts(checks):
    return {check.name: check.verdict for check in checks}


def lumen(account, **settings):
    return account_of(account(587, smtp={"host": "smtp.lumen.example", "security": "starttls"}, **settings))


def test_a_domain_in_order_passes_every_check(dns_server, account):
    checks = check_domain(lumen(account), dns_server(GOOD_ZONE).resolver)
    assert verdicts(checks) == dict.fromkeys(("spf", "dkim", "dmarc", "mx", "ptr"), Verdict.OK)
    assert worst(checks) is Verdict.OK


@pytest.mark.parametrize(
    ("missing", "check", "verdict", "remedy"),
    [(("lumen.example.", "TXT"), "spf", Verdict.FAILED, "v=spf1"),
     (("_dmarc.lumen.example.", "TXT"), "dmarc", Verdict.FAILED, "_dmarc.lumen.example"),
     (("google._domainkey.lumen.example.", "TXT"), "dkim", Verdict.WARNING, "DKIM"),
     (("lumen.example.", "MX"), "mx", Verdict.FAILED, "MX record"),
     (("1.2.0.192.in-addr.arpa.", "PTR"), "ptr", Verdict.FAILED, "5.7.25")],
)  # fmt: skip
def test_what_is_missing_is_named_with_its_remedy(missing, check, verdict, remedy, dns_server, account):
    zone = {key: value for key, value in GOOD_ZONE.items() if key != missing}
    checks = check_domain(lumen(account), dns_server(zone).resolver)
    found = {each.name: each for each in checks}
    assert found[check].verdict is verdict
    assert remedy in found[check].remedy
    assert {each.name for each in checks if each.verdict is not Verdict.OK} == {check}


@pytest.mark.parametrize("record", ['"v=spf1 ip4:nonsense -all"', '"v=spf1 include:lumen.example -all"'])
def test_a_broken_spf_record_fails(record, dns_server, account):
    zone = GOOD_ZONE | {("lumen.example.", "TXT"): [record]}
    assert verdicts(check_domain(lumen(account), dns_server(zone).resolver))["spf"] is Verdict.FAILED


def test_the_accounts_own_dkim_selector_is_looked_for(dns_server, account):
    signing = {"dkim": {"selector": "s9", "key": SecretRef(env="DKIM")}}
    server = dns_server(GOOD_ZONE)
    assert verdicts(check_domain(lumen(account, **signing), server.resolver))["dkim"] is Verdict.FAILED
    server.zone = GOOD_ZONE | {("s9._domainkey.lumen.example.", "TXT"): ['"v=DKIM1; p=MIGf"']}
    assert verdicts(check_domain(lumen(account, **signing), server.resolver))["dkim"] is Verdict.OK
    server.zone = GOOD_ZONE | {("s9._domainkey.lumen.example.", "TXT"): ['"v=DKIM1; p="']}
    assert verdicts(check_domain(lumen(account, **signing), server.resolver))["dkim"] is Verdict.FAILED


@pytest.fixture(scope="module")
def pairs():
    """Two DKIM keys: the private one as PEM, and what DNS holds of it."""

    def made():
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        pem, der = serialization.Encoding.PEM, serialization.Encoding.DER
        private = key.private_bytes(pem, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption())
        public = key.public_key().public_bytes(der, serialization.PublicFormat.SubjectPublicKeyInfo)
        text = "v=DKIM1; k=rsa; p=" + base64.b64encode(public).decode()
        return private.decode(), " ".join(f'"{text[start : start + 200]}"' for start in range(0, len(text), 200))

    return made(), made()


def test_the_published_key_has_to_be_the_other_half_of_the_one_that_signs(pairs, dns_server, account):
    (ours, published), (others, _) = pairs
    signing = {"dkim": {"selector": "s9", "key": SecretRef(env="DKIM")}}
    server = dns_server(GOOD_ZONE | {("s9._domainkey.lumen.example.", "TXT"): [published]})

    def found(key):
        checks = check_domain(lumen(account, **signing), server.resolver, lambda: Secret(key))
        [check] = [each for each in checks if each.name == "dkim"]
        return check

    assert found(ours).verdict is Verdict.OK
    assert found(others).verdict is Verdict.FAILED
    assert "another key" in found(others).text
    broken = found("-----BEGIN RSA PRIVATE KEY-----\nc2VjcmV0\n-----END RSA PRIVATE KEY-----")
    assert broken.verdict is Verdict.FAILED
    assert "c2VjcmV0" not in repr(broken)


def test_the_doctor_reads_the_key_of_the_account(pairs, dns_server, account, clock):
    (ours, published), (others, _) = pairs
    config = account(1, smtp={"host": "127.0.0.1"}, dkim={"selector": "s9", "key": SecretRef(env="DKIM")}, imap=None)
    project = Project(Path(), ProjectSettings(), {}, {"ada": config}, {})
    resolver = dns_server(GOOD_ZONE | {("s9._domainkey.lumen.example.", "TXT"): [published]}).resolver
    for key, verdict in ((ours, "ok"), (others, "failed: s9._domainkey.lumen.example holds another key")):
        rows = remote_checks(project, lambda ref, key=key: Secret(key), clock, resolver)
        [said] = [row[2] for row in rows if row[0] == "dkim"]
        assert said.startswith(verdict)


def test_a_subdomain_is_covered_by_the_dmarc_record_of_its_organisation(dns_server, account):
    sender = {"from": {"name": "Ada", "address": "ada@mail.lumen.example"}}
    zone = GOOD_ZONE | {("mail.lumen.example.", "MX"): ["10 mx.lumen.example."]}
    assert verdicts(check_domain(lumen(account, **sender), dns_server(zone).resolver))["dmarc"] is Verdict.OK


def test_a_reverse_name_that_leads_elsewhere_is_none(dns_server, account):
    zone = GOOD_ZONE | {("1.2.0.192.in-addr.arpa.", "PTR"): ["host-1.cheap.example."],
                        ("host-1.cheap.example.", "A"): ["192.0.2.77"]}  # fmt: skip
    found = {each.name: each for each in check_domain(lumen(account), dns_server(zone).resolver)}
    assert found["ptr"].verdict is Verdict.FAILED
    assert "lead back" in found["ptr"].remedy


def test_every_domain_that_is_written_from_is_looked_at_and_spf_where_bounces_go(dns_server, account):
    identities = {"bob": {"address": "bob@bytes.example"}, "cy": {"address": "cy@lumen.example"}}
    settings = {"send_as": {"field": "owner", "identities": identities}, "return_path": "b@bounces.example"}
    checks = check_domain(lumen(account, **settings), dns_server(GOOD_ZONE).resolver)
    failed = sorted((each.name, each.text) for each in checks if each.verdict is Verdict.FAILED)
    assert failed == [
        ("dmarc", "bytes.example has no DMARC record"), ("mx", "bytes.example takes no mail"),
        ("spf", "bounces.example has no SPF record"),
    ]  # fmt: skip


def test_a_resolver_that_does_not_answer_is_no_verdict_on_the_domain(dns_server, account, monkeypatch):
    monkeypatch.setattr("runner.channels.email.doctor_dns.SECONDS", 0.2)
    found = verdicts(check_domain(lumen(account), dns_server(GOOD_ZONE, silent=True).resolver))
    assert Verdict.OK not in found.values()
    assert (found["mx"], found["dkim"], found["ptr"]) == (Verdict.WARNING,) * 3


def test_a_good_log_in_is_ok_and_sends_nothing(clock, account, secrets):
    sink = SmtpSink(clock, users={"ada": "correct horse"}).start()
    channel = EmailChannel(secrets, clock)
    login = {"username": "ada", "password": SecretRef(env="PASSWORD")}
    good = check_login(channel, account(sink.port, smtp=login))
    bad = check_login(channel, account(sink.port, smtp=login | {"username": "eve"}))
    channel.close()
    sink.stop()
    assert good.verdict is Verdict.OK
    assert bad.verdict is Verdict.FAILED
    assert bad.remedy.startswith("check user name")
    assert sink.ledger.records() == []


@pytest.mark.parametrize(
    ("smtp", "words"),
    [({"port": 1}, "check host, port"), ({"security": "starttls"}, "587 starttls"),
     ({"username": "ada", "password": SecretRef(env="PASSWORD")}, "help page")],
)  # fmt: skip
def test_a_log_in_that_fails_comes_with_a_remedy(smtp, words, scripted, account, channel):
    check = check_login(channel, account(scripted().port, smtp=smtp))
    assert check.verdict is Verdict.FAILED
    assert words in check.remedy


def test_the_inbox_is_opened_or_its_trouble_told(clock, account, secrets):
    server = ImapServer(Mailboxes(clock), clock)
    server.start()
    inbox = EmailInbox(secrets, clock)
    at = {"host": "127.0.0.1", "port": server.port, "security": "off", "username": "ada@lumen.example",
          "password": SecretRef(env="PASSWORD")}  # fmt: skip
    assert check_inbox(inbox, account(25, imap=at)).verdict is Verdict.OK
    server.stop()
    assert check_inbox(inbox, account(25, imap=at)).verdict is Verdict.FAILED
    assert check_inbox(inbox, account(25, imap=None)).verdict is Verdict.WARNING


@pytest.mark.parametrize(
    ("rates", "host", "verdict"),
    [((), "smtp.lumen.example", Verdict.WARNING), (((40, 1),), "smtp.lumen.example", Verdict.OK),
     (((200, 1),), "smtp.lumen.example", Verdict.WARNING), (((5000, 1),), "smtp.gmail.com", Verdict.FAILED),
     (((40, 1),), "smtp.gmail.com", Verdict.OK)],
)  # fmt: skip
def test_limits_are_compared_with_the_providers(rates, host, verdict):
    limits = LimitSet(rates=tuple(Rate(count, dt.timedelta(days=days)) for count, days in rates))
    settings = {"from": "ada@lumen.example", "smtp": {"host": host}}
    config = ChannelConfig(ChannelType.EMAIL, "ada", limits=limits, settings=settings)
    assert check_limits(config).verdict is verdict


@pytest.mark.parametrize(
    ("limits", "verdict", "words"),
    [(LimitSet(rates=(Rate(45, dt.timedelta(days=1)),)), Verdict.WARNING, "45 may go out within a minute"),
     (LimitSet(rates=(Rate(45, dt.timedelta(days=1)),), min_gap=dt.timedelta(seconds=1)), Verdict.WARNING, "within a"),
     (LimitSet(rates=(Rate(45, dt.timedelta(days=1)),), min_gap=dt.timedelta(seconds=90)), Verdict.OK, "45 a day"),
     (LimitSet(rates=(Rate(45, dt.timedelta(days=1)), Rate(20, dt.timedelta(hours=1)))), Verdict.OK, "45 a day"),
     (LimitSet(ramp=Ramp(10, 5, 40), min_gap=dt.timedelta(seconds=90)), Verdict.OK, "40 a day")],
)  # fmt: skip
def test_what_may_go_out_within_a_minute_is_compared_too(limits, verdict, words):
    settings = {"from": "ada@lumen.example", "smtp": {"host": "smtp.office365.com"}}
    check = check_limits(ChannelConfig(ChannelType.EMAIL, "ada", limits=limits, settings=settings))
    assert check.verdict is verdict
    assert words in check.text


def test_an_hourly_limit_counts_for_the_day():
    limits = LimitSet(rates=(Rate(1, dt.timedelta(hours=1)),))
    settings = {"from": "ada@lumen.example", "smtp": {"host": "smtp.lumen.example"}}
    config = ChannelConfig(ChannelType.EMAIL, "ada", limits=limits, settings=settings)
    assert check_limits(config) == Check("limits", Verdict.OK, "24 a day")


def test_the_opt_out_address_is_asked_whether_it_lives():
    def down(url):
        raise ConnectionRefusedError("refused")

    asked = []
    assert check_unsubscribe("https://go.x", lambda url: asked.append(url) or (200, "ok")).verdict is Verdict.OK
    assert asked == ["https://go.x/healthz"]
    assert check_unsubscribe("", down).verdict is Verdict.WARNING
    assert check_unsubscribe("http://go.x", lambda url: (200, "ok\n")).verdict is Verdict.WARNING
    assert check_unsubscribe("https://go.x", lambda url: (200, "<html>")).verdict is Verdict.FAILED
    assert check_unsubscribe("https://go.x", lambda url: (404, "ok")).verdict is Verdict.FAILED
    assert check_unsubscribe("https://go.x", down).verdict is Verdict.FAILED
