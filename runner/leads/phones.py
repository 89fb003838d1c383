"""Phone numbers to E.164, with the country's own way of writing them understood."""

from __future__ import annotations

import re
from functools import lru_cache

import phonenumbers
from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, NumberParseException, PhoneMetadata, PhoneNumberFormat

_SEPARATORS = re.compile(r"[\s.\-/()\u00a0\u2010-\u2015]+")
_INTERNATIONAL = re.compile(r"\+[1-9]\d{6,14}")


def parse_phone(text: str, country: str | None) -> str:
    """The number in E.164 form (ITU-T E.164), such as `+4930123456`; an extension is dropped.

    A number without a country code is read as one of `country` (ISO 3166 alpha-2). Raises ValueError, with the
    reason, when it is no possible number or its country is not known.
    """
    plain = _SEPARATORS.sub("", text)
    if _INTERNATIONAL.fullmatch(plain) and "(0)" not in text:
        code = _calling_code(plain)
        if code and len(plain) - 1 - len(code) in _lengths(code):
            return plain
    try:
        number = phonenumbers.parse(text.replace("(0)", ""), country)
    except NumberParseException:
        hint = "" if country or "+" in text else " (without a country it needs a + and a country code)"
        raise ValueError(f"`{text[:60]}` is not a phone number{hint}") from None
    if not phonenumbers.is_possible_number(number):
        raise ValueError(f"`{text[:60]}` is not a possible phone number")
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


def _calling_code(plain: str) -> str | None:
    """The country calling code an international number starts with; no code is the start of another."""
    starts = (plain[1 : 1 + size] for size in (1, 2, 3))
    return next((start for start in starts if int(start) in COUNTRY_CODE_TO_REGION_CODE), None)


@lru_cache(maxsize=256)
def _lengths(code: str) -> frozenset[int]:
    """How many digits may follow a calling code."""
    region = COUNTRY_CODE_TO_REGION_CODE[int(code)][0]
    metadata = (
        PhoneMetadata.metadata_for_nongeo_region(int(code))
        if region == "001"
        else PhoneMetadata.metadata_for_region(region)
    )
    return frozenset(metadata.general_desc.possible_length) if metadata and metadata.general_desc else frozenset()
