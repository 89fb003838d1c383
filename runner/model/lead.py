"""A lead: one person we may write to, and what we know of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import field
from enum import Enum
from operator import attrgetter
from typing import Any
from urllib.parse import urlsplit

from runner.values import value

FieldValue = str | int | float | bool | None


class LinkedInConnectionStatus(Enum):
    """How we stand with a person on LinkedIn."""

    NOT_CONNECTED = "not_connected"
    CONNECTION_REQUESTED = "connection_requested"
    CONNECTED = "connected"


@value
class Lead:
    """One person. `fields` holds the project's own columns; every other field is None when unknown.

    `timezone` is an IANA name, `country` an ISO 3166 alpha-2 code, `linkedin_urn` the bare profile id.
    """

    id: int
    email: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    company: str | None = None
    title: str | None = None
    phone: str | None = None
    website: str | None = None
    contact_form_url: str | None = None
    linkedin_url: str | None = None
    linkedin_urn: str | None = None
    linkedin_status: LinkedInConnectionStatus = LinkedInConnectionStatus.NOT_CONNECTED
    timezone: str | None = None
    country: str | None = None
    grade: str | None = None
    score: float | None = None
    tags: tuple[str, ...] = ()
    lists: tuple[str, ...] = ()
    consent: bool | None = None
    legal_basis: str | None = None
    source: str | None = None
    fields: Mapping[str, FieldValue] = field(default_factory=dict)

    @property
    def domain(self) -> str | None:
        """The domain of the e-mail address, lower case: what `company` stops and domain limits count by."""
        return self.email.rpartition("@")[2].lower() if self.email and "@" in self.email else None

    @property
    def site(self) -> str | None:
        """The host of the lead's web site without `www.`: what submissions to one site are counted by."""
        given = self.contact_form_url or self.website or ""
        host = urlsplit(given if "://" in given else f"https://{given}").hostname
        return host.lower().removeprefix("www.") if host else None

    def values(self) -> dict[str, object]:
        """What `lead.*` means in conditions and templates: the standard fields, then the custom ones."""
        return dict(self.fields) | {name: read(self) for name, read in _STANDARD.items()}


@value
class LeadValues(Mapping[str, object]):
    """`Lead.values()` for those who ask for one or two: a field is read when its name is asked for."""

    lead: Lead

    def __getitem__(self, name: str) -> object:
        read = _STANDARD.get(name)
        return self.lead.fields[name] if read is None else read(self.lead)

    def get(self, name: str, default: Any = None) -> Any:
        """The same, or `default`: what `Mapping` does by way of an exception, and conditions ask for at every step."""
        read = _STANDARD.get(name)
        return self.lead.fields.get(name, default) if read is None else read(self.lead)

    def __iter__(self) -> Iterator[str]:
        return iter({**self.lead.fields, **_STANDARD})

    def __len__(self) -> int:
        return len(self.lead.fields.keys() | _STANDARD.keys())


TEXT_FIELDS = (
    "email", "first_name", "last_name", "company", "title", "phone", "website", "contact_form_url", "linkedin_url",
    "timezone", "country", "grade", "legal_basis", "source",
)  # fmt: skip
_STANDARD: Mapping[str, Callable[[Lead], object]] = {
    **{name: attrgetter(name) for name in (*TEXT_FIELDS, "score", "consent")},
    "tags": lambda lead: list(lead.tags),
    "lists": lambda lead: list(lead.lists),
    "linkedin_status": attrgetter("linkedin_status.value"),
}
