"""Whatever is in a file, the import ends with rows that add up or with a word to the user; it never breaks."""

from __future__ import annotations

import io

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from runner.errors import UsageError
from runner.leads.importer import ImportOptions, read_leads
from runner.model.lead_draft import LeadDraft

SAMPLE = (
    b'\xef\xbb\xbfemail;First Name;"Company";phone;website;linkedin;timezone;country;plan;score;tags\r\n'
    b'ada@x.example;Ada;"A ""B"" C";+493023125001;x.example;linkedin.com/in/ada;Europe/Berlin;DE;3;1,5;"a, b"\r\n'
    b"\xc3\xa4@x.example;'=1;;030 1;http://[::1]/;urn:li:fsd_profile:ACoAA1234567;UTC;xx;;;\r\n"
)
OPTIONS = ImportOptions(lead_fields={"plan": "integer"})
pieces = st.sampled_from(
    [b'"', b",", b";", b"\n", b"\r", b"\x00", b"\xff", b"'", b"=", b"@", b"\xe2\x80\xae", b"[", b"%", b"\xc3"]
)


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """The sample with a few bytes put in, taken out or written over."""
    content = SAMPLE
    for _ in range(draw(st.integers(1, 6))):
        place = draw(st.integers(0, len(content)))
        keep = draw(st.sampled_from([0, 0, 1, 5]))
        content = content[:place] + draw(st.one_of(pieces, st.binary(max_size=4))) + content[place + keep :]
    return content


def _reads(content: bytes) -> None:
    try:
        rows = list(read_leads(io.BytesIO(content), OPTIONS))
    except UsageError as error:
        assert str(error)
        return
    for row in rows:
        if isinstance(row, LeadDraft):
            assert row.email_key or row.linkedin_key
            assert all(isinstance(value, str | int | float | bool | list) for value in row.values.values())
            assert not any(ord(char) < 32 for value in row.values.values() if isinstance(value, str) for char in value)
        else:
            assert row.reason


@given(st.one_of(mutated(), st.binary(max_size=200)))
@example(SAMPLE)
def test_any_file_is_read_or_refused(content: bytes) -> None:
    _reads(content)


@pytest.mark.slow
@pytest.mark.timeout(3600)
@given(st.one_of(mutated(), st.binary(max_size=400), st.text(max_size=300).map(lambda text: f"email,{text}".encode())))
def test_fuzz_any_file_is_read_or_refused(content: bytes) -> None:
    _reads(content)
