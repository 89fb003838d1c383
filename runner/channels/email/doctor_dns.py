"""Whether the world believes mail from a domain: its SPF, DKIM, DMARC, MX and reverse DNS entries.

SPF and DMARC are read by `checkdmarc`, which is part of the `doctor` extra; every question goes to the given resolver.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec

import dns.exception
import dns.resolver
import dns.reversename
from dns.rdtypes.ANY.TXT import TXT

from runner.channels.email.config import EmailAccount
from runner.channels.email.doctor import Check, Verdict
from runner.channels.email.doctor_caps import cap_of

SECONDS = 5.0
USUAL_SELECTORS = ("google", "selector1", "selector2", "default", "dkim", "mail", "s1", "s2", "k1", "fm1", "zoho", "mx")
"""Where Google, Microsoft, Fastmail, Zoho and common servers publish their keys."""

_MISSING = "install the extra: pip install 'outreach-runner[doctor]'"


def check_domain(account: EmailAccount, resolver: dns.resolver.Resolver) -> list[Check]:
    """Everything about the sending domain and the submission host."""
    domain = account.sender.domain
    return [
        _asked("spf", lambda: _spf(domain, resolver), "checkdmarc"),
        _asked("dkim", lambda: _dkim(account, resolver)),
        _asked("dmarc", lambda: _dmarc(domain, resolver), "checkdmarc"),
        _asked("mx", lambda: _mx(domain, resolver)),
        _asked("ptr", lambda: _pointer(account.smtp.host, resolver)),
    ]


def _asked(name: str, check: Callable[[], Check], needs: str = "dns") -> Check:
    """One check; a resolver that does not answer is no verdict on the domain."""
    if find_spec(needs) is None:
        return Check(name, Verdict.SKIPPED, f"{needs} is not installed", _MISSING)
    try:
        return check()
    except dns.exception.DNSException as error:
        return Check(name, Verdict.WARNING, f"DNS does not answer: {error}", "check the network and try again")


def _spf(domain: str, resolver: dns.resolver.Resolver) -> Check:
    import checkdmarc.spf

    remedy = f'publish TXT {domain} "v=spf1 include:<your provider> ~all"'
    if not _published(domain, "v=spf1", resolver):
        return Check("spf", Verdict.FAILED, f"{domain} has no SPF record", remedy)
    found = checkdmarc.spf.check_spf(domain, resolver=resolver, timeout=SECONDS)
    if not found.get("valid"):
        return Check("spf", Verdict.FAILED, f"the SPF record is not valid: {found.get('error', '')}", remedy)
    return Check("spf", Verdict.OK, str(found["record"]))


def _dmarc(domain: str, resolver: dns.resolver.Resolver) -> Check:
    import checkdmarc.dmarc

    remedy = f'publish TXT _dmarc.{domain} "v=DMARC1; p=none"; Gmail, Yahoo and Outlook.com want it of bulk senders'
    organisation = checkdmarc.get_base_domain(domain)
    if not any(_published(f"_dmarc.{name}", "v=DMARC1", resolver) for name in {domain, organisation}):
        return Check("dmarc", Verdict.FAILED, f"{domain} has no DMARC record", remedy)
    found = checkdmarc.dmarc.check_dmarc(domain, resolver=resolver, timeout=SECONDS)
    if not found.get("valid"):
        return Check("dmarc", Verdict.FAILED, f"the DMARC record is not valid: {found.get('error', '')}", remedy)
    return Check("dmarc", Verdict.OK, str(found.get("record")))


def _published(name: str, version: str, resolver: dns.resolver.Resolver) -> bool:
    """Whether there is such a record, asked afresh: what `checkdmarc` remembers from before is dropped."""
    import checkdmarc.utils

    checkdmarc.utils.DNS_CACHE.clear()
    return any(text.startswith(version) for text in _ask(resolver, name, "TXT", _text))


def _text(record: TXT) -> str:
    return b"".join(record.strings).decode("ascii", "replace")


def _dkim(account: EmailAccount, resolver: dns.resolver.Resolver) -> Check:
    domain = account.sender.domain
    if account.dkim is not None:
        name = f"{account.dkim.selector}._domainkey.{account.dkim.domain or domain}"
        if _key_at(name, resolver):
            return Check("dkim", Verdict.OK, f"{name} holds a key")
        return Check("dkim", Verdict.FAILED, f"{name} holds no key", "publish the public half of `dkim.key` there")
    for selector in USUAL_SELECTORS:
        if _key_at(f"{selector}._domainkey.{domain}", resolver):
            return Check("dkim", Verdict.OK, f"{selector}._domainkey.{domain} holds a key")
    remedy = "switch DKIM on at the provider, or set `dkim` of the account; look at a received message to be sure"
    return Check("dkim", Verdict.WARNING, f"no key under the usual selectors of {domain}", remedy)


def _key_at(name: str, resolver: dns.resolver.Resolver) -> bool:
    return any("p=" in text and not text.rstrip("; ").endswith("p=") for text in _ask(resolver, name, "TXT", _text))


def _mx(domain: str, resolver: dns.resolver.Resolver) -> Check:
    servers = [name for name in _ask(resolver, domain, "MX", lambda record: str(record.exchange)) if name != "."]
    if servers:
        return Check("mx", Verdict.OK, ", ".join(sorted(servers)))
    remedy = "replies and bounces have nowhere to go: publish an MX record"
    return Check("mx", Verdict.FAILED, f"{domain} takes no mail", remedy)


def _pointer(host: str, resolver: dns.resolver.Resolver) -> Check:
    if cap_of(host) is not None:
        return Check("ptr", Verdict.SKIPPED, f"{host} is a provider's; its reverse DNS is theirs")
    addresses = [*_ask(resolver, host, "A", str), *_ask(resolver, host, "AAAA", str)]
    if not addresses:
        return Check("ptr", Verdict.WARNING, f"{host} has no address in DNS", "check `smtp.host`")
    reverse = {each: dns.reversename.from_address(each).to_text() for each in addresses}
    nameless = [each for each, name in reverse.items() if not _ask(resolver, name, "PTR", str)]
    if nameless:
        remedy = "ask who runs the server to set a PTR record; Gmail refuses mail without one (550 5.7.25)"
        return Check("ptr", Verdict.FAILED, f"no reverse name for {', '.join(nameless)}", remedy)
    return Check("ptr", Verdict.OK, f"every address of {host} has a reverse name")


def _ask(resolver: dns.resolver.Resolver, name: str, kind: str, read: Callable[..., str]) -> list[str]:
    try:
        return [read(record) for record in resolver.resolve(name, kind, lifetime=SECONDS)]
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return []
