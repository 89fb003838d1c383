"""The columns of the exports people have, and the plan made from a header."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from runner.errors import UsageError
from runner.leads.aliases import ALIASES, header_key, standard_field
from runner.leads.importer import ImportReport
from runner.model.lead_draft import LeadDraft, Row

Read = Callable[..., list[Row]]

APOLLO = (
    "First Name,Last Name,Title,Company,Company Name for Emails,Email,Email Status,Seniority,Work Direct Phone,"
    "Home Phone,Mobile Phone,Corporate Phone,Person Linkedin Url,Website,Company Linkedin Url,City,State,Country,"
    "Company Address,Company Country,Lists\n"
    "Ada,Lovelace,CTO,Lumen Engines GmbH,Lumen Engines,ada@lumen.example,Verified,C suite,,'+493023125009,"
    "'+493023125001,,http://www.linkedin.com/in/ada-l,http://www.lumen.example,http://www.linkedin.com/company/lumen,"
    "Berlin,Berlin,Germany,Alte Str. 1,Germany,Q4\n"
)
HUBSPOT = (
    "Record ID,First Name,Last Name,Email,Phone Number,Contact owner,Lead Status,Job Title,Company Name,Website URL,"
    "Country/Region,Time Zone,LinkedIn URL,HubSpot Score\n"
    "101,Ada,Lovelace,ada@lumen.example,+49 30 23125 001,Sam,NEW,CTO,Lumen Engines,www.lumen.example,Germany,"
    "europe/berlin,https://www.linkedin.com/in/ada-l/,87\n"
)
SALES_NAVIGATOR = (
    "profileUrl,fullName,firstName,lastName,companyName,title,vmid,linkedInProfileUrl,defaultProfileUrl,location\n"
    '"https://www.linkedin.com/sales/lead/ACwAAA12345678,NAME_SEARCH,x1",Ada Lovelace,Ada,Lovelace,Lumen Engines,CTO,'
    "ACoAAA1234567890,,https://www.linkedin.com/in/ada-l,Berlin\n"
)
INSTANTLY = (
    "email,first_name,last_name,company_name,job_title,phone,website,linkedIn,personalization\n"
    "ada@lumen.example,Ada,Lovelace,Lumen Engines,CTO,+493023125001,lumen.example,linkedin.com/in/ada-l,Hi\n"
)
OPEN_OUTREACH = (
    "email,first_name,last_name,company,title,website,linkedin_url,reason,lead_id,qualified_at\n"
    "ada@lumen.example,Ada,Lovelace,Lumen Engines,CTO,lumen.example,https://www.linkedin.com/in/ada-l/,fits,4,"
    "2026-11-01T10:00:00+00:00\n"
)


@pytest.mark.parametrize(
    ("export", "misses"),
    [
        pytest.param(APOLLO, set(), id="Apollo"),
        pytest.param(HUBSPOT, set(), id="HubSpot"),
        pytest.param(SALES_NAVIGATOR, {"email", "phone", "website"}, id="Sales Navigator"),
        pytest.param(INSTANTLY, set(), id="Instantly"),
        pytest.param(OPEN_OUTREACH, {"phone"}, id="OpenOutreach"),
    ],
)
def test_an_export_is_read_as_it_comes(read: Read, export: str, misses: set[str]) -> None:
    (row,) = read(export)
    assert isinstance(row, LeadDraft), row
    ada = {
        "first_name": "Ada", "last_name": "Lovelace", "company": "Lumen Engines", "title": "CTO",
        "email": "ada@lumen.example", "phone": "+493023125001", "linkedin_url": "https://www.linkedin.com/in/ada-l/",
    }  # fmt: skip
    expected = {name: value for name, value in ada.items() if name not in misses}
    assert {name: row.values.get(name) for name in expected} == expected
    assert row.linkedin_key == "ada-l"
    assert ("lumen.example" in str(row.values.get("website"))) is ("website" not in misses)


def test_hubspots_country_zone_and_score_are_read(read: Read) -> None:
    (row,) = read(HUBSPOT)
    assert isinstance(row, LeadDraft)
    assert (row.values["country"], row.values["timezone"], row.values["score"]) == ("DE", "Europe/Berlin", 87.0)


def test_a_sales_navigator_id_is_kept_as_the_urn(read: Read) -> None:
    (row,) = read(SALES_NAVIGATOR)
    assert isinstance(row, LeadDraft)
    assert row.values["linkedin_urn"] == "ACoAAA1234567890"


def test_a_companys_linkedin_page_is_not_taken_for_the_persons() -> None:
    assert standard_field("Company Linkedin Url") is None


def test_no_alias_means_two_fields() -> None:
    meant: dict[str, set[str]] = {}
    for field, aliases in ALIASES.items():
        for alias in aliases:
            meant.setdefault(header_key(alias), set()).add(field)
    assert {key: fields for key, fields in meant.items() if len(fields) > 1} == {}


def test_a_column_can_be_told_what_it_is(read: Read) -> None:
    (row,) = read(
        "E-Post,plan\na@x.example,gold\n", renamed={"e-post": "email", "plan": "tier"}, lead_fields={"tier": "text"}
    )
    assert isinstance(row, LeadDraft)
    assert (row.email_key, dict(row.fields)) == ("a@x.example", {"tier": "gold"})


@pytest.mark.parametrize(
    ("renamed", "words"),
    [({"E-Pst": "email"}, "has no column `E-Pst`"), ({"E-Post": "emial"}, "leads have no field `emial`")],
)
def test_a_wrong_rename_says_what_there_is(read: Read, renamed: dict[str, str], words: str) -> None:
    with pytest.raises(UsageError, match=words) as caught:
        read("E-Post\na@x.example\n", renamed=renamed)
    assert "did you mean" in caught.value.help


def test_columns_that_are_not_read_are_reported(take_in: Callable[..., ImportReport]) -> None:
    report = take_in("email,Favourite Colour,frist_name\na@x.example,blue,Ada\n")
    assert report.ignored_columns == ("Favourite Colour", "frist_name")
    assert report.hints == ("column `frist_name` is not read; did you mean `first_name`?",)
