"""What columns are called in the exports people have: Apollo, HubSpot, Sales Navigator scrapers, Instantly,
OpenOutreach. Data only; the first name that has something in its cell wins.

Sources: Apollo's contact export, HubSpot's default contact properties, the CSV columns of PhantomBuster and Evaboot
for Sales Navigator, Instantly's lead fields, and OpenOutreach's `RECORD_FIELDS`.
"""

from __future__ import annotations

import re
from functools import lru_cache

ALIASES: dict[str, tuple[str, ...]] = {
    "email": ("email", "e-mail", "email address", "e-mail address", "work email", "primary email", "business email",
              "contact email", "professional email", "mail", "person email", "lead email"),
    "first_name": ("first name", "firstname", "given name", "first", "vorname", "prénom"),
    "last_name": ("last name", "lastname", "surname", "family name", "last", "nachname", "nom"),
    "full_name": ("full name", "fullname", "name", "contact name", "lead name", "person name"),
    "company": ("company name for emails", "company", "company name", "companyname", "organization",
                "organization name", "organisation", "account", "account name", "current company", "firma",
                "cleaned company name", "employer"),
    "title": ("title", "job title", "jobtitle", "position", "role", "current title", "current job", "headline"),
    "phone": ("phone", "phone number", "work direct phone", "direct phone", "mobile phone", "mobile phone number",
              "mobile", "telephone", "work phone", "corporate phone", "company phone", "home phone", "other phone",
              "contact phone", "telefon"),
    "website": ("website", "website url", "company website", "company url", "domain", "company domain",
                "company domain name", "web", "url", "account website", "homepage"),
    "contact_form_url": ("contact form url", "contact form", "form url", "contact page", "contact page url",
                         "contact url"),
    "linkedin_url": ("linkedin url", "linkedin", "default profile url", "linkedin profile", "linkedin profile url",
                     "person linkedin url",
                     "profile url", "linkedin link", "linkedin public url",
                     "linkedin person url", "contact linkedin url", "prospect linkedin url", "hs linkedin url",
                     "sales navigator url", "linkedin sales navigator url"),
    "linkedin_urn": ("linkedin urn", "profile urn", "linkedin profile urn", "vmid", "member urn"),
    "timezone": ("timezone", "time zone", "contact time zone", "tz"),
    "country": ("country", "country/region", "country region", "country code", "person country", "contact country",
                "company country", "land"),
    "grade": ("grade", "lead grade", "rating"),
    "score": ("score", "lead score", "hubspot score", "apollo score"),
    "tags": ("tags", "tag", "labels"),
    "consent": ("consent", "opted in", "marketing consent", "opt in"),
    "legal_basis": ("legal basis", "legal basis for processing contact's data", "lawful basis"),
    "source": ("source", "lead source", "original source", "primary email source"),
}  # fmt: skip
"""For every field of a lead, the headers that mean it, best first. `full_name` is split into the two names."""

IDENTIFYING = ("email", "linkedin_url", "linkedin_urn", "contact_form_url", "website", "phone")
"""The fields of which a file needs at least one: without them a row names nobody who could be written to."""

_BREAKS = re.compile(r"[\s_\-.]+")


@lru_cache(maxsize=4096)
def header_key(title: str) -> str:
    """A header without case and separators: `First Name`, `first_name` and `firstName` are one."""
    return _BREAKS.sub("", title).casefold()


_BY_KEY = {header_key(alias): field for field, aliases in ALIASES.items() for alias in aliases}
_RANK = {header_key(alias): rank for aliases in ALIASES.values() for rank, alias in enumerate(aliases)}


def standard_field(title: str) -> str | None:
    """The field of a lead that a header means, or None."""
    return _BY_KEY.get(header_key(title))


def rank(title: str) -> int:
    """How good a name for its field a header is; the lowest number goes first where several columns mean one field."""
    return _RANK.get(header_key(title), len(_RANK))
