"""Whether the world believes mail from a domain: its SPF, DKIM, DMARC, MX and reverse DNS entries.

SPF and DMARC are read by `checkdmarc`, which is part of the `doctor` extra; every question goes to the given resolver.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from importlib.util import find_spec

import dns.exception
import dns.resolver
import dns.reversename
from dns.rdtypes.ANY.TXT import TXT

from runner.channels.email.config import DkimSettings, EmailAccount
from runner.channels.email.dkim import SigningTrouble, verifies
from runner.channels.email.doctor import Check, Verdict
from runner.channels.email.doctor_caps import cap_of
from runner.errors import MissingSecret
from runner.secrets import Secret

SECONDS = 5.0
USUAL_SELECTORS = ("google", "selector1", "selector2", "default", "dkim", "mail", "s1", "s2", "k1", "fm1", "zoho", "mx")
"""Where Google, Microsoft, Fastmail, Zoho and common servers publish their keys."""

_MISSING = "install the extra: pip install 'outreach-runner[doctor]'"


def check_domain(
    account: EmailAccount, resolver: dns.resolver.Resolver, key: Callable[[], Secret] | None = None
) -> list[Check]:
    """Everything about the domains that the account writes from, and the submission host. `key` reads the DKIM key."""
    found: list[Check] = []
    for domain in _domains(account):
        bounces = account.return_path.rpartition("@")[2].lower() or domain
        found += [
            _asked("spf", partial(_spf, bounces, resolver), "checkdmarc"),
            _asked("dkim", partial(_dkim, account, domain, resolver, key)),
            _asked("dmarc", partial(_dmarc, domain, resolver), "checkdmarc"),
            _asked("mx", partial(_mx, domain, resolver)),
        ]
    return [*dict.fromkeys(found), _asked("ptr", partial(_pointer, account.smtp.host, resolver))]


def _domains(account: EmailAccount) -> list[str]:
    """Those in From: the account's, and those of its other names."""
    others = account.send_as.identities.values() if account.send_as else ()
    return list(dict.fromkeys([account.sender.domain, *(each.domain for each in others)]))


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


def _dkim(
    account: EmailAccount, domain: str, resolver: dns.resolver.Resolver, key: Callable[[], Secret] | None
) -> Check:
    if account.dkim is not None:
        return _own_key(account.dkim, domain, resolver, key)
    for selector in USUAL_SELECTORS:
        if _key_at(f"{selector}._domainkey.{domain}", resolver):
            return Check("dkim", Verdict.OK, f"{selector}._domainkey.{domain} holds a key")
    remedy = "switch DKIM on at the provider, or set `dkim` of the account; look at a received message to be sure"
    return Check("dkim", Verdict.WARNING, f"no key under the usual selectors of {domain}", remedy)


def _own_key(
    settings: DkimSettings, domain: str, resolver: dns.resolver.Resolver, key: Callable[[], Secret] | None
) -> Check:
    """Whether what we sign is believed: the published key, and that it is the other half of ours."""
    name = f"{settings.selector}._domainkey.{settings.domain or domain}"
    published = _key_at(name, resolver)
    if not published:
        return Check("dkim", Verdict.FAILED, f"{name} holds no key", "publish the public half of `dkim.key` there")
    if key is None:
        return Check("dkim", Verdict.OK, f"{name} holds a key")
    try:
        believed = verifies(settings, key(), domain, published)
    except (SigningTrouble, MissingSecret) as error:
        return Check("dkim", Verdict.FAILED, str(error), "name the private key in `dkim.key`")
    if believed:
        return Check("dkim", Verdict.OK, f"{name} holds the key that signs")
    words = f"{name} holds another key: what this account signs is not believed"
    return Check("dkim", Verdict.FAILED, words, "publish the public half of `dkim.key` there")


def _key_at(name: str, resolver: dns.resolver.Resolver) -> str:
    """The published key; empty where there is none, or one that was revoked (RFC 6376 section 3.6.1)."""
    texts = _ask(resolver, name, "TXT", _text)
    return next((text for text in texts if "p=" in text and not text.rstrip("; ").endswith("p=")), "")


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
    if strangers := [each for each, name in reverse.items() if not _leads_back(each, name, resolver)]:
        remedy = "make the reverse name's own A or AAAA record lead back to the address (550 5.7.25)"
        return Check("ptr", Verdict.FAILED, f"the reverse name of {', '.join(strangers)} is another machine's", remedy)
    return Check("ptr", Verdict.OK, f"every address of {host} has a reverse name")


def _leads_back(address: str, reverse: str, resolver: dns.resolver.Resolver) -> bool:
    """Whether one of the names of an address has that address, as Gmail wants it of a PTR record."""
    kind = "AAAA" if ":" in address else "A"
    return any(address in _ask(resolver, name, kind, str) for name in _ask(resolver, reverse, "PTR", str))


def _ask(resolver: dns.resolver.Resolver, name: str, kind: str, read: Callable[..., str]) -> list[str]:
    try:
        return [read(record) for record in resolver.resolve(name, kind, lifetime=SECONDS)]
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return []
