"""Files as a whole: what is read, what is refused, and that a refusal names its line and loses nobody silently."""

from __future__ import annotations

import gzip
import io
from collections.abc import Callable
from pathlib import Path

import pytest

from runner.errors import UsageError
from runner.leads.importer import ImportOptions, import_leads, read_leads
from runner.model.lead_draft import LeadDraft, RejectedRow, Result, Row

Read = Callable[..., list[Row]]


class _NeverAsked:
    def upsert(self, batch: object, list_name: str) -> list[Result]:
        raise AssertionError("a file that cannot be trusted must not reach the store")


def refusal(read: Read, content: str | bytes, **options: object) -> str:
    with pytest.raises(UsageError) as caught:
        read(content, **options)
    return f"{caught.value} | {caught.value.help}"


def test_an_unclosed_quote_is_an_error_at_the_line_where_it_opens(read: Read) -> None:
    rows = "".join(f"p{number}@x.example,B\n" for number in range(1000))
    assert "line 3: a quote opens here and does not close by line 1003" in refusal(
        read, 'email,name\nz@x.example,Z\na@x.example,"Ann\n' + rows
    )


def test_an_unclosed_quote_over_ten_thousand_rows_is_the_same_error(read: Read) -> None:
    rows = "".join(f"p{number}@x.example,B\n" for number in range(10_000))
    assert "line 2: a quote opens here" in refusal(read, 'email,name\na@x.example,"Ann\n' + rows)


def test_a_quote_inside_a_cell_has_to_be_doubled(read: Read) -> None:
    assert "write a quote inside a cell twice" in refusal(read, 'email,name\na@x.example,"Ann "Bee" C"\n')
    (row,) = read('email,name\na@x.example,"Ann ""Bee"" C"\n')
    assert isinstance(row, LeadDraft)
    assert row.values["first_name"] == 'Ann "Bee"'


def test_a_broken_file_changes_nothing() -> None:
    good = "".join(f"p{number}@x.example\n" for number in range(5000))
    with pytest.raises(UsageError, match="line 5002"):
        import_leads(io.BytesIO(f'email\n{good}"a@x.example\n'.encode()), _NeverAsked(), "all")


def test_a_byte_order_mark_is_no_part_of_the_header(read: Read) -> None:
    (row,) = read(b"\xef\xbb\xbfemail\na@x.example\n")
    assert isinstance(row, LeadDraft)
    assert row.email_key == "a@x.example"


@pytest.mark.parametrize("header", ["email,email,x", "First Name,x,first_name", "email,x,EMAIL "])
def test_two_columns_of_one_name_are_an_error(read: Read, header: str) -> None:
    assert "both named" in refusal(read, f"{header}\na@x.example,b@x.example,c\n")


def test_two_columns_that_mean_one_field_are_read_best_name_first(read: Read) -> None:
    rows = read("Other Phone,Mobile Phone,Email\n+442079460001,+442079460002,a@x.example\n+442079460003,,b@x.example\n")
    assert [row.values["phone"] for row in rows if isinstance(row, LeadDraft)] == ["+442079460002", "+442079460003"]


def test_ragged_rows_are_rejected_and_the_others_read(read: Read) -> None:
    rows = read("email,name,company\na@x.example,A\nb@x.example,B,C,D\nc@x.example,C,Co\n\n")
    assert rows[:2] == [
        RejectedRow(2, "2 cells where the header has 3"),
        RejectedRow(3, "4 cells where the header has 3"),
    ]
    assert isinstance(rows[2], LeadDraft)
    assert len(rows) == 3


def test_a_nul_byte_rejects_its_row(read: Read) -> None:
    rows = read("email,name\na@x.example,A\0B\nb@x.example,B\n")
    assert rows[0] == RejectedRow(2, "a cell contains a NUL byte")
    assert isinstance(rows[1], LeadDraft)


def test_lone_carriage_returns_are_an_error(read: Read) -> None:
    assert "lone carriage return" in refusal(read, 'email,"name"\ra@x.example,A\r')


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("email,name\na@x.example,M\xfcller\n".encode("latin-1"), "line 2, column 14: byte 0xFC is not UTF-8"),
        ("email\na@x.example\n".encode("utf-16"), "is UTF-16"),
        (b"email\na@x.example\n" + "b\xe9@x.example\n".encode("cp1252"), "line 3"),
        (gzip.compress(b"email\na@x.example\n", mtime=0), "gzip"),
        (b"PK\x03\x04rest", "Excel workbook"),
        (b"\xd0\xcf\x11\xe0rest", "old Excel workbook"),
        (b"", "is empty"),
        (b"\n", "header is empty"),
        (b"email\n" + b"x" * (2 << 20) + b"\n", "line 2: longer than 1 MiB"),
        (b",".join(b"c%d" % number for number in range(10_000)) + b"\n", "10000 columns"),
    ],
)
def test_what_is_no_csv_in_utf8_is_refused(read: Read, content: bytes, words: str) -> None:
    assert words in refusal(read, content)


@pytest.mark.parametrize("encoding", ["windows-1252", "latin-1", "utf-16"])
def test_another_encoding_is_read_when_it_is_named(read: Read, encoding: str) -> None:
    (row,) = read("email,name\na@x.example,Eva Müller\n".encode(encoding), encoding=encoding)
    assert isinstance(row, LeadDraft)
    assert row.values["last_name"] == "Müller"


def test_the_wrong_name_of_an_encoding_is_an_error(read: Read) -> None:
    assert "no encoding `klingon`" in refusal(read, "email\n", encoding="klingon")
    assert "not ascii" in refusal(read, "email,name\na@x.example,Müller\n", encoding="ascii")


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found(read: Read, delimiter: str) -> None:
    (row,) = read(f"email{delimiter}First Name{delimiter}Company\r\na@x.example{delimiter}Ann{delimiter}X\r\n")
    assert isinstance(row, LeadDraft)
    assert (row.values["first_name"], row.values["company"]) == ("Ann", "X")


def test_a_comma_in_a_header_does_not_mislead_the_search_for_the_delimiter(read: Read) -> None:
    (row,) = read("email;Name, as on the card, in full;Company\na@x.example;x;Acme, Inc\n")
    assert isinstance(row, LeadDraft)
    assert row.values["company"] == "Acme, Inc"


def test_excels_own_line_names_the_delimiter(read: Read) -> None:
    (row,) = read("sep=|\nemail|name\na@x.example|Ann\n")
    assert isinstance(row, LeadDraft)
    assert row.line == 3


def test_a_file_without_a_column_that_names_anybody_says_what_it_may_have_meant(read: Read) -> None:
    said = refusal(read, "emial,name\na@x.example,A\n")
    assert "no column names a person" in said
    assert "column `emial` is not read; did you mean `email`?" in said


def test_lines_are_counted_through_cells_of_several_lines(read: Read) -> None:
    rows = read('email,title\na@x.example,"one\ntwo\nthree"\nbad,x\n')
    assert rows[1].line == 5


def test_a_file_that_is_not_there_or_a_folder_is_a_clear_error(tmp_path: Path) -> None:
    for path, words in ((tmp_path / "no.csv", "not there"), (tmp_path, "a folder")):
        with pytest.raises(UsageError, match=words):
            list(read_leads(path))


def test_a_stream_that_cannot_be_rewound_is_read_all_the_same() -> None:
    class Pipe(io.BytesIO):
        def seekable(self) -> bool:
            return False

        def seek(self, offset: int, whence: int = 0) -> int:
            raise OSError("a pipe")

    rows = list(read_leads(Pipe(b"email\na@x.example\n"), ImportOptions()))
    assert len(rows) == 1
