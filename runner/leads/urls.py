"""Web addresses and LinkedIn profiles: normalised, or refused with a reason. Nothing is fetched."""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import quote, urlsplit, urlunsplit

from runner.channels.linkedin.identity import Profile, parse_profile

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_HOST = re.compile(r"(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]|[a-z0-9-]+|[0-9.]+")
_BAD = re.compile(r"[\x00-\x20\x7f\\<>\"`{}|^]")
_DEFAULT_PORTS = {"http": 80, "https": 443}
_PLAIN = re.compile(r"(https?)://((?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63})(/[A-Za-z0-9/._~-]*)?")
_PLAIN_PROFILE = re.compile(r"https?://(?:www\.)?linkedin\.com/in/(?!ACo)([A-Za-z0-9-]{1,100})/?")
_PLAIN_ID = re.compile(r"[a-z0-9-]+")
_PATH_SAFE = "/%:@!$&'()*+,;=~-._"
LONGEST_URL = 2000
LONGEST_PLAIN = 250


def parse_url(text: str) -> str:
    """A web address with a scheme, a host in lower-case ASCII, and no fragment.

    Raises ValueError, with the reason, for another scheme, a user name, or what is no address at all. Private hosts
    pass here: the channel that would visit them decides.
    """
    if (plain := _PLAIN.fullmatch(text)) and len(text) <= LONGEST_PLAIN:
        return text if plain[3] != "/" else text[:-1]
    if len(text) > LONGEST_URL or _BAD.search(text):
        raise ValueError(f"`{text[:80]!a}` is not a web address")
    url = _with_scheme(text)
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").rstrip("."), parts.port
    except ValueError:
        raise ValueError(f"`{text}` is not a web address") from None
    if parts.scheme not in _DEFAULT_PORTS:
        raise ValueError(f"`{text}` is not a web address: only http and https are")
    if parts.username is not None or parts.password is not None:
        raise ValueError(f"`{text}` carries a user name or password")
    place = _ascii_host(host)
    if place is None or ("." not in place and place != "localhost" and ":" not in place):
        raise ValueError(f"`{text}` is not a web address: `{host}` is no host")
    if port is not None and port != _DEFAULT_PORTS[parts.scheme]:
        place = f"{place}:{port}"
    path, query = quote(parts.path, safe=_PATH_SAFE), quote(parts.query, safe=_PATH_SAFE + "?")
    return urlunsplit((parts.scheme, place, "" if path == "/" else path, query, ""))


def parse_linkedin(text: str) -> Profile:
    """The profile that an address, URN or public id names. Raises ValueError where it names none.

    An address has to be LinkedIn's: a host that only looks like it is refused.
    """
    if plain := _PLAIN_PROFILE.fullmatch(text):
        return Profile(public_id=plain[1].lower())
    profile = parse_profile(text)
    if profile is None:
        raise ValueError(f"`{text[:120]}` is not a LinkedIn profile")
    return profile


def profile_url(profile: Profile) -> str:
    """The address under which a profile is stored: the same for every spelling."""
    if profile.public_id and _PLAIN_ID.fullmatch(profile.public_id):
        return f"https://www.linkedin.com/in/{profile.public_id}/"
    return profile.url


def linkedin_key(profile: Profile) -> str:
    """What two spellings of one profile have in common."""
    if profile.public_id or profile.profile_id:
        return (profile.public_id or profile.profile_id or "").casefold()
    return (profile.link or "").partition("linkedin.com/")[2].partition(",")[0].casefold()


def _with_scheme(text: str) -> str:
    if text.startswith("//"):
        return f"https:{text}"
    match = _SCHEME.match(text)
    if match is None or re.match(r"[^/?#]+:\d+(?:[/?#]|$)", text):
        return f"https://{text}"
    return text


@lru_cache(maxsize=50_000)
def _ascii_host(host: str) -> str | None:
    if ":" in host:
        return f"[{host}]"
    name = host.lower()
    if not name.isascii():
        import idna

        try:
            name = idna.encode(name, uts46=True).decode("ascii")
        except idna.IDNAError:
            return None
    return name if _HOST.fullmatch(name) and len(name) <= 253 else None
