"""Every form in which people keep a LinkedIn profile."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.channels.linkedin.identity import Profile, parse_profile, profile_of
from runner.model.lead import Lead

ID = "ACoAAA1b2C3d4E5f6G7h8I9j0"


@pytest.mark.parametrize(
    "text",
    [
        "https://www.linkedin.com/in/ada-lovelace",
        "https://www.linkedin.com/in/ada-lovelace/",
        "http://linkedin.com/in/Ada-Lovelace",
        "linkedin.com/in/ada-lovelace",
        "www.linkedin.com/in/ada-lovelace/de",
        "https://de.linkedin.com/in/ada-lovelace/de-de/?trk=public_profile",
        "https://www.linkedin.com/in/ada-lovelace?miniProfileUrn=urn%3Ali%3Afs_miniProfile%3AACoAAA&utm=1#about",
        "https://m.linkedin.com/in/ada-lovelace/",
        "https://www.linkedin.com/mwlite/in/ada-lovelace",
        "https://www.linkedin.com/in/ada-lovelace/details/experience/",
        "  https://www.linkedin.com/in/ada-lovelace  ",
        "https://www.linkedin.com./in/ada-lovelace",
        "ada-lovelace",
        "ADA-lovelace",
    ],
)
def test_one_person_in_many_spellings(text):
    assert parse_profile(text) == Profile(public_id="ada-lovelace")


@pytest.mark.parametrize(
    "text",
    [
        ID,
        f"urn:li:fsd_profile:{ID}",
        f"urn:li:fs_miniProfile:{ID}",
        f"urn:li:fs_profile:{ID}",
        f"https://www.linkedin.com/in/{ID}",
        f"https://www.linkedin.com/profile/view?id={ID}&trk=x",
    ],
)
def test_the_profile_id_in_many_spellings(text):
    assert parse_profile(text) == Profile(profile_id=ID)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("https://www.linkedin.com/in/j%C3%BCrgen-m%C3%BCller", "jürgen-müller"),
        ("https://www.linkedin.com/in/jürgen-müller/", "jürgen-müller"),
        ("https://www.linkedin.com/in/ju\N{COMBINING DIAERESIS}rgen/", "jürgen"),
        ("https://www.linkedin.com/in/%F0%9F%9A%80-anna/", "\N{ROCKET}-anna"),
    ],
)
def test_names_beyond_ascii(text, name):
    assert parse_profile(text) == Profile(public_id=name)


@pytest.mark.parametrize(
    "text",
    [
        "https://linkedin.com.evil.example/in/ada",
        "https://www.1inkedin.com/in/ada",
        "https://notlinkedin.com/in/ada",
        "https://linkedin.co/in/ada",
        "https://linkedin.com@evil.example/in/ada",
        "https://evil.example/linkedin.com/in/ada",
        "https://evil.example/?u=https://linkedin.com/in/ada",
        "https://www.lіnkedin.com/in/ada",
        "ftp://linkedin.com/in/ada",
        "javascript:alert(1)//linkedin.com/in/ada",
        "https://linkedin.com/company/acme",
        "https://linkedin.com/in/",
        "https://linkedin.com/in/..",
        "https://linkedin.com/in/a%2Fb",
        "https://linkedin.com/in/a%0Ab",
        "https://linkedin.com/in/a)(b",
        "https://[linkedin.com/in/ada",
        "",
        "   ",
        "ada lovelace",
        "ada@lovelace.example",
    ],
)
def test_lookalikes_and_nonsense_are_nobody(text):
    assert parse_profile(text) is None


def test_a_sales_navigator_address_is_a_link_for_a_person_only():
    profile = parse_profile("https://www.linkedin.com/sales/lead/ACwAAA1,NAME_SEARCH,x?_ntb=1")
    assert profile == Profile(link="https://www.linkedin.com/sales/lead/ACwAAA1,NAME_SEARCH,x")


def test_the_stored_id_is_used_with_the_name_from_the_address():
    lead = Lead(1, linkedin_url="https://linkedin.com/in/ada", linkedin_urn=f"urn:li:fsd_profile:{ID}")
    assert profile_of(lead) == Profile(public_id="ada", profile_id=ID)
    assert profile_of(Lead(1, linkedin_urn=ID)) == Profile(profile_id=ID)
    assert profile_of(Lead(1)) is None


def test_the_link_can_be_opened():
    assert Profile(public_id="jürgen").url == "https://www.linkedin.com/in/j%C3%BCrgen/"
    assert Profile(profile_id=ID).url == f"https://www.linkedin.com/in/{ID}/"


@given(st.text(max_size=60))
def test_any_text_is_a_profile_or_none_and_never_breaks_out_of_its_place(text):
    for form in (text, f"https://linkedin.com/in/{text}"):
        profile = parse_profile(form)
        if profile is not None and profile.public_id is not None:
            assert not set(profile.public_id) & set("/?#%:&=,()\\ \n\r\t")
            assert parse_profile(profile.url) == profile or profile.public_id != profile.public_id.lower()
