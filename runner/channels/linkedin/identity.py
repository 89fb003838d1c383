"""Who a lead is on LinkedIn: the public id and the profile id, from every form in which people keep them."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from urllib.parse import parse_qs, quote, unquote, urlsplit

from runner.model.lead import Lead

_HOST = "linkedin.com"
_PROFILE_ID = re.compile(r"ACo[A-Za-z0-9_-]{8,200}")
_BARE_ID = re.compile(r"[A-Za-z0-9_-]{1,200}")
_URN = re.compile(r"urn:li:(?:fsd_profile|fs_profile|fs_miniProfile|fs_profileNetworkInfo):([A-Za-z0-9_-]+)")
_PUBLIC_ID = re.compile(r"""[^\s/?#\\%:@<>"'(),;|&=\x00-\x1f\x7f]{1,100}""")


@dataclass(frozen=True, slots=True)
class Profile:
    """One person on LinkedIn. At least one field is set.

    `public_id` is the name in a profile's address, decoded; `profile_id` is the bare id of its URN (`ACoAA...`), which
    sending needs; `link` is the address a person can open where the other two do not give one.
    """

    public_id: str | None = None
    profile_id: str | None = None
    link: str | None = None

    @property
    def url(self) -> str:
        """An address a person can open."""
        if self.link is not None:
            return self.link
        return f"https://www.linkedin.com/in/{quote(self.public_id or self.profile_id or '', safe='')}/"


def parse_profile(text: str) -> Profile | None:
    """Read a profile's address, URN, profile id or bare public id; None when it is none of them.

    Knows locale, query, mobile, old `profile/view?id=` and Sales Navigator forms. Only linkedin.com and its
    subdomains count: a lookalike host is None.
    """
    text = text.strip()
    urn = _URN.fullmatch(text)
    if urn is not None:
        return Profile(profile_id=urn[1])
    if _PROFILE_ID.fullmatch(text):
        return Profile(profile_id=text)
    if "/" in text or ("." in text and ":" in text):
        return _from_url(text)
    return _from_public_id(unquote(text))


def profile_of(lead: Lead) -> Profile | None:
    """What a lead's URN and profile address say together; None when neither names a profile."""
    from_url = parse_profile(lead.linkedin_url) if lead.linkedin_url else None
    stored = (lead.linkedin_urn or "").strip()
    profile_id = stored if _BARE_ID.fullmatch(stored) else profile_id_in(stored)
    if profile_id is None:
        return from_url
    if from_url is None:
        return Profile(profile_id=profile_id)
    return Profile(public_id=from_url.public_id, profile_id=profile_id, link=from_url.link)


def profile_id_in(urn: object) -> str | None:
    """The bare profile id inside any of Voyager's profile URNs; None when there is none."""
    match = _URN.search(urn) if isinstance(urn, str) else None
    return match[1] if match is not None else None


def _from_url(text: str) -> Profile | None:
    if "://" not in text:
        text = f"https://{text}"
    try:
        parts = urlsplit(text)
        host = (parts.hostname or "").rstrip(".").lower()
    except ValueError:
        return None
    if parts.scheme not in {"http", "https"} or parts.username is not None:
        return None
    if host != _HOST and not host.endswith(f".{_HOST}"):
        return None
    path = [unquote(part) for part in parts.path.split("/") if part]
    if path and path[0] == "mwlite":
        path = path[1:]
    match path:
        case ["in", name, *_]:
            return Profile(profile_id=name) if _PROFILE_ID.fullmatch(name) else _from_public_id(name)
        case ["profile", "view", *_]:
            return next((parse_profile(value) for value in parse_qs(parts.query).get("id", ())), None)
        case ["sales", "lead" | "people", _, *_] | ["talent", "profile", _, *_] | ["pub", _, *_]:
            return Profile(link=f"https://www.linkedin.com/{'/'.join(quote(part, safe=',') for part in path)}")
    return None


def _from_public_id(name: str) -> Profile | None:
    if name in {".", ".."} or not _PUBLIC_ID.fullmatch(name):
        return None
    return Profile(public_id=unicodedata.normalize("NFC", name).lower())
