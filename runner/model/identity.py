"""Who is the same person: the keys by which leads are recognised, and those by which suppression recognises them.

Leads are told apart strictly (case and the spelling of the domain do not matter, a plus tag does), so that nobody is
lost; suppression looks wider (plus tags and the dots of Gmail do not matter either), so that nobody who opted out is
written to under another spelling.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from runner.model.lead import Lead

# Google: "dots don't matter in Gmail addresses" (support.google.com/mail/answer/7436150); both names are one service.
_DOTLESS = {"gmail.com": "gmail.com", "googlemail.com": "gmail.com"}

_LEGAL_FORM = re.compile(
    r"[\s,.]+(?:inc|llc|llp|ltd|limited|plc|corp|corporation|co|gmbh(?: & co\.? kg)?|ag|kg|ug|se|sa|sas|sarl|srl|spa"
    r"|bv|nv|ab|as|aps|oy|oyj|sp\.? z ?o\.?o|pty|pvt)\.?$"
)


def email_key(address: str) -> str:
    """What two spellings of one address have in common: no case, the domain in its ASCII form (RFC 5890)."""
    local, _, domain = unicodedata.normalize("NFC", address.strip()).rpartition("@")
    return f"{local.casefold()}@{domain_key(domain)}"


def domain_key(domain: str) -> str:
    """A domain in lower case and ASCII, without a dot at the end; one that IDNA refuses stays as it is, folded."""
    name = domain.strip().rstrip(".").lower()
    if name.isascii():
        return name
    import idna

    try:
        return idna.encode(name, uts46=True).decode("ascii")
    except idna.IDNAError:
        return name.casefold()


def mailbox_key(address: str) -> str:
    """The mailbox behind an address: as `email_key`, without a plus tag and without the dots Gmail ignores."""
    local, _, domain = email_key(address).rpartition("@")
    tagless = local.partition("+")[0] or local
    if domain in _DOTLESS:
        return f"{tagless.replace('.', '') or tagless}@{_DOTLESS[domain]}"
    return f"{tagless}@{domain}"


def company_key(name: str) -> str:
    """A company's name without case, accents of spelling, punctuation at the end and legal form."""
    folded = " ".join(unicodedata.normalize("NFKC", name).casefold().split()).rstrip(" .,")
    shorter = _LEGAL_FORM.sub("", folded).rstrip(" .,")
    return shorter or folded


def profile_key(url_or_id: str) -> str:
    """The public id in a stored LinkedIn address, or the bare id itself, folded."""
    path = unquote(re.split("[?#]", url_or_id.strip())[0]).rstrip("/")
    return unicodedata.normalize("NFC", path.rsplit("/", 1)[-1]).casefold()


def phone_key(number: str) -> str:
    """The digits of a number, with the plus of an international one."""
    text = number.strip()
    return ("+" if text.startswith("+") else "") + "".join(char for char in text if char.isdigit())


def parent_domains(domain: str) -> Iterator[str]:
    """A domain and the domains above it, but no top-level domain: `a.b.example` gives itself and `b.example`."""
    labels = domain_key(domain).split(".")
    for start in range(max(len(labels) - 1, 1)):
        yield ".".join(labels[start:])


class Identity(NamedTuple):
    """What `suppressible` reads of a lead, for those who keep what it gave."""

    email: str | None
    website: str | None
    contact_form_url: str | None
    company: str | None
    phone: str | None
    linkedin_url: str | None
    linkedin_urn: str | None


def identity_of(lead: Lead) -> Identity:
    """The part of a lead by which a suppression could mean it."""
    return Identity(lead.email, lead.website, lead.contact_form_url, lead.company, lead.phone, lead.linkedin_url,
                    lead.linkedin_urn)  # fmt: skip


def suppressible(lead: Lead | Identity) -> Iterator[tuple[str, str]]:
    """Everything by which a suppression could mean this lead, as (kind, value) in the spelling that is hashed."""
    domains: list[str] = []
    if lead.email and "@" in lead.email:
        yield "address", mailbox_key(lead.email)
        domains.append(lead.email.rpartition("@")[2])
    domains += [host for url in (lead.website, lead.contact_form_url) if url and (host := urlsplit(url).hostname)]
    for name in dict.fromkeys(one for domain in domains for one in parent_domains(domain)):
        yield "domain", name
    if lead.company:
        yield "company", company_key(lead.company)
    if lead.phone:
        yield "phone", phone_key(lead.phone)
    for profile in (lead.linkedin_url, lead.linkedin_urn):
        if profile:
            yield "profile", profile_key(profile)


def suppression_value(kind: str, value: str) -> str:
    """One spelling for everything that means the same. `kind` is one of `SUPPRESSION_KINDS`; raises KeyError else."""
    return _SPELLINGS[kind](value)


_SPELLINGS: Mapping[str, Callable[[str], str]] = {
    "address": mailbox_key,
    "domain": lambda value: domain_key(value.strip().lstrip("@")),
    "company": company_key,
    "profile": profile_key,
    "phone": phone_key,
}
SUPPRESSION_KINDS = tuple(_SPELLINGS)
"""What a suppression can name."""
