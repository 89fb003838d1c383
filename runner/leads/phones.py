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
    if _INTERNATIONAL.fullmatch(plain) and "(0)" not in text and len(plain) in _whole_lengths(plain[1:4]):
        return plain
    try:
        number = phonenumbers.parse(text.replace("(0)", ""), country)
    except NumberParseException:
        hint = "" if country or "+" in text else " (without a country it needs a + and a country code)"
        raise ValueError(f"`{text[:60]}` is not a phone number{hint}") from None
    if not phonenumbers.is_possible_number(number):
        raise ValueError(f"`{text[:60]}` is not a possible phone number")
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


@lru_cache(maxsize=1024)
def _whole_lengths(start: str) -> frozenset[int]:
    """How long a plain international number that starts with these three digits may be, its plus included.

    No calling code is the start of another, so the digits name at most one; empty when they name none.
    """
    code = next((start[:size] for size in (1, 2, 3) if int(start[:size]) in COUNTRY_CODE_TO_REGION_CODE), None)
    if code is None:
        return frozenset()
    region = COUNTRY_CODE_TO_REGION_CODE[int(code)][0]
    metadata = (
        PhoneMetadata.metadata_for_nongeo_region(int(code))
        if region == "001"
        else PhoneMetadata.metadata_for_region(region)
    )
    if metadata is None or metadata.general_desc is None:
        return frozenset()
    return frozenset(1 + len(code) + length for length in metadata.general_desc.possible_length)
