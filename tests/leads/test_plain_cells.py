"""The quick ways through plain cells give what the thorough ways give: nothing else is taken, nothing is changed."""

from __future__ import annotations

import re

import phonenumbers
import pytest
from email_validator import EmailNotValidError, validate_email
from hypothesis import given
from hypothesis import strategies as st

from runner.channels.linkedin.identity import parse_profile
from runner.leads import emails, urls
from runner.leads.emails import ROLES, parse_email
from runner.leads.phones import parse_phone
from runner.leads.urls import linkedin_key, parse_linkedin, parse_url, profile_url

NEVER = re.compile(r"(?!)")
labels = st.text("ab0-._+'xn", min_size=1, max_size=12)
addresses = st.builds(
    lambda local, domain, top: f"{local}@{domain}.{top}",
    labels,
    labels,
    st.sampled_from(["de", "c", "c0m", "test", "local", "DE"]),
)


def outcome(text: str) -> tuple[str, str] | None:
    try:
        return parse_email(text)
    except ValueError:
        return None


@given(addresses)
def test_a_plain_address_is_taken_as_email_validator_takes_it(address: str) -> None:
    local = address.partition("@")[0]
    if local.startswith("-") or local.lower() in ROLES:
        return
    try:
        expected = validate_email(address, check_deliverability=False, test_environment=True, strict=True).normalized
    except EmailNotValidError:
        assert outcome(address) is None, address
    else:
        found = outcome(address)
        assert found is not None, address
        assert found[0] == expected


@given(
    st.builds(
        lambda scheme, host, path: f"{scheme}{host}.{path}",
        st.sampled_from(["https://", "http://", "", "HTTPS://", "ftp://"]),
        st.text("ab0-.A_", min_size=1, max_size=10),
        st.sampled_from(["de", "de/", "de/a/b", "de/a b", "d", "de:80/x", "de?q=1", "de/%41", "xn--p1ai"]),
    )
)
def test_a_plain_web_address_is_taken_as_the_thorough_reading_takes_it(text: str) -> None:
    def read() -> str | None:
        try:
            return parse_url(text)
        except ValueError:
            return None

    quick = read()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(urls, "_PLAIN", NEVER)
        assert quick == read(), text


@given(
    st.builds(
        lambda start, name, end: f"{start}{name}{end}",
        st.sampled_from(["https://www.linkedin.com/in/", "http://linkedin.com/in/", "https://de.linkedin.com/in/"]),
        st.text("aA1-c.%oAC", min_size=1, max_size=14),
        st.sampled_from(["", "/", "/de", "?x=1"]),
    )
)
def test_a_plain_profile_is_taken_as_the_thorough_reading_takes_it(text: str) -> None:
    thorough = parse_profile(text)
    if thorough is None:
        with pytest.raises(ValueError, match="is not a LinkedIn profile"):
            parse_linkedin(text)
        return
    quick = parse_linkedin(text)
    assert (linkedin_key(quick), profile_url(quick)) == (linkedin_key(thorough), thorough.url)


@given(st.integers(1, 10**15).map(lambda number: f"+{number}"))
def test_a_plain_number_is_taken_exactly_when_it_is_possible(text: str) -> None:
    try:
        number = phonenumbers.parse(text)
        possible = phonenumbers.is_possible_number(number)
        written = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    except phonenumbers.NumberParseException:
        possible, written = False, ""
    try:
        found = parse_phone(text, None)
    except ValueError:
        assert not possible, text
    else:
        assert found in {text, written}


def test_the_quick_way_is_taken_for_plain_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    def unwanted(address: str, shown: str) -> str:
        raise AssertionError(f"{address} went the slow way")

    monkeypatch.setattr(emails, "_check", unwanted)
    assert parse_email("Ada.Lovelace+x@Mail.Lumen-Engines.example") == (
        "Ada.Lovelace+x@mail.lumen-engines.example",
        "ada.lovelace+x@mail.lumen-engines.example",
    )
