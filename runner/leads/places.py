"""Countries and time zones as people write them."""

from __future__ import annotations

from functools import cache
from importlib import resources
from zoneinfo import available_timezones

from runner.model.calendar_zones import find_zone

_OTHER_NAMES = {
    "uk": "GB", "united kingdom": "GB", "great britain": "GB", "england": "GB", "scotland": "GB", "wales": "GB",
    "northern ireland": "GB", "usa": "US", "u.s.": "US", "u.s.a.": "US", "united states of america": "US",
    "america": "US", "deutschland": "DE", "österreich": "AT", "schweiz": "CH", "suisse": "CH", "españa": "ES",
    "italia": "IT", "nederland": "NL", "the netherlands": "NL", "holland": "NL", "belgique": "BE", "belgië": "BE",
    "polska": "PL", "danmark": "DK", "norge": "NO", "sverige": "SE", "suomi": "FI", "brasil": "BR", "méxico": "MX",
    "czechia": "CZ", "türkiye": "TR", "turkiye": "TR", "south korea": "KR", "republic of korea": "KR",
    "korea, republic of": "KR", "north korea": "KP", "russian federation": "RU", "viet nam": "VN", "uae": "AE",
    "ivory coast": "CI", "hong kong sar": "HK", "hong kong sar china": "HK", "macao": "MO",
    "taiwan, province of china": "TW",
    "iran, islamic republic of": "IR", "syrian arab republic": "SY", "moldova, republic of": "MD", "burma": "MM",
    "myanmar": "MM", "bosnia": "BA", "bosnia and herzegovina": "BA", "north macedonia": "MK", "macedonia": "MK",
    "republic of ireland": "IE", "éire": "IE", "mainland china": "CN", "people's republic of china": "CN",
    "prc": "CN", "congo": "CG", "democratic republic of the congo": "CD", "drc": "CD", "cape verde": "CV",
    "east timor": "TL", "swaziland": "SZ", "eswatini": "SZ", "vatican": "VA", "samoa": "WS", "réunion": "RE",
    "trinidad and tobago": "TT", "antigua and barbuda": "AG", "saint lucia": "LC", "saint kitts and nevis": "KN",
    "saint vincent and the grenadines": "VC", "sao tome and principe": "ST", "lao pdr": "LA",
    "brunei darussalam": "BN", "palestinian territories": "PS", "palestine, state of": "PS", "el": "GR",
}  # fmt: skip
"""Names that the ISO 3166 table of the tz database spells otherwise."""


def parse_country(text: str) -> str:
    """The ISO 3166 alpha-2 code of a country named by its code or its name. Raises ValueError for anything else."""
    code = text.upper()
    if len(code) == 2 and code in _codes():
        return code
    found = _names().get(text.casefold().removeprefix("the "))
    if found is None:
        raise ValueError(f"`{text[:60]}` is no country; write its ISO 3166 code, such as DE")
    return found


def parse_zone(text: str) -> str:
    """The IANA name of a time zone, whatever its case. Raises ValueError for anything else."""
    if find_zone(text) is not None:
        return text
    found = _zones().get(text.casefold().replace(" ", "_"))
    if found is None or find_zone(found) is None:
        raise ValueError(f"{text[:60]!a} is no time zone; write its IANA name, such as Europe/Berlin")
    return found


@cache
def _table() -> tuple[tuple[str, str], ...]:
    """The codes and names of `iso3166.tab` in the tz database (public domain)."""
    text = resources.files("tzdata").joinpath("zoneinfo", "iso3166.tab").read_text(encoding="utf-8")
    rows = (line.split("\t") for line in text.splitlines() if line and not line.startswith("#"))
    return tuple((code, name) for code, name in rows)


@cache
def _codes() -> frozenset[str]:
    return frozenset(code for code, _ in _table())


@cache
def _names() -> dict[str, str]:
    names = {name.casefold(): code for code, name in _table()}
    names |= {name.replace("&", "and").casefold(): code for code, name in _table()}
    return names | _OTHER_NAMES


@cache
def _zones() -> dict[str, str]:
    return {name.casefold(): name for name in available_timezones()}
