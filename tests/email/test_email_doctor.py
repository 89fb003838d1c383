"""The doctor's checks of an account: log-ins over real connections, DNS over a real server on loopback."""

from __future__ import annotations

import contextlib
import datetime as dt
import socket
import threading

import dns.flags
import dns.message
import dns.rcode
import dns.resolver
import dns.rrset
import pytest

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
from runner.model.rates import LimitSet, Rate
from runner.sandbox.imap import ImapServer
from runner.sandbox.mailbox import Mailboxes
from runner.sandbox.smtp import SmtpSink

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
