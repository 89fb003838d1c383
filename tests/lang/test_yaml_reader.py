"""Reading YAML: exact places, YAML 1.2 values, and every limit; nothing in a file may crash or hang the reader."""

from __future__ import annotations

import time

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from runner.lang.diagnostics import Position
from runner.lang.reader import load, read
from runner.lang.source import MAX_BYTES, Kind

TEXT = """\
version: 1
größe: "zwei Wörter"
steps:
  - id: intro          # a comment
    next: {failed: connect}
  - id: quiet
    wait: 3bd
"""


def kinds(text: str) -> list[Kind]:
    return [finding.kind for finding in load(text, "f.yaml").findings]


@pytest.mark.parametrize(
    ("path", "key", "start", "end"),
    [
        (("version",), True, (1, 1), (1, 8)),
        (("version",), False, (1, 10), (1, 11)),
        (("größe",), True, (2, 1), (2, 6)),
        (("größe",), False, (2, 8), (2, 21)),
        (("steps", 0, "id"), False, (4, 9), (4, 14)),
        (("steps", 0, "next", "failed"), True, (5, 12), (5, 18)),
        (("steps", 0, "next", "failed"), False, (5, 20), (5, 27)),
        (("steps", 0, "next"), False, (5, 11), (5, 28)),
        (("steps", 1), False, (6, 5), (6, 14)),
        (("steps", 1, "wait"), True, (7, 5), (7, 9)),
    ],
)
def test_every_key_and_value_knows_its_place(path, key, start, end):
    span = load(TEXT, "f.yaml").at(path, key=key)
    assert (span.start, span.end) == (Position(*start), Position(*end))


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_places_do_not_depend_on_line_ends(end):
    span = load(TEXT.replace("\n", end), "f.yaml").at(("steps", 1, "wait"))
    assert span.start == Position(7, 11)


def test_a_part_of_a_text_has_its_place_also_inside_quotes():
    for quote, column in (("", 8), ('"', 9), ("'", 9)):
        source = load(f"- {{c: {quote}if a_failed{quote}, d: 1}}\n", "f.yaml")
        span = source.part_span(source.data[0], "c", 3, 11)
        assert span.start.column == column + 2, quote
        assert span.end.column - span.start.column == 8


def test_a_part_of_an_escaped_or_folded_text_is_shown_as_the_whole():
    source = load('c: "a\\tb_failed"\n', "f.yaml")
    assert source.part_span(source.data, "c", 2, 10) == source.at(("c",))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("no", "no"), ("on", "on"), ("Yes", "Yes"), ("12:30", "12:30"), ("014", 14), ("2026-11-22", "2026-11-22"),
        ("~", None), ("null", None), ("", None), ("true", True), ("False", False), ("1e3", 1000.0), ("-7", -7),
        ("0o17", 15), ("0x1F", 31), (".5", 0.5), (".inf", ".inf"), (".nan", ".nan"), ("1e400", "1e400"),
        ("9" * 50, "9" * 50), ("'1'", "1"), ('"true"', "true"), ("1_000", "1_000"), ("tomorrow", "tomorrow"),
    ],
)  # fmt: skip
def test_plain_values_mean_what_yaml_1_2_says(text, value):
    got = load(f"a: {text}\n", "f.yaml").data["a"]
    assert got == value
    assert type(got) is type(value)


@pytest.mark.parametrize(
    ("text", "kind", "line", "column"),
    [
        ("a: 1\nb: 2\na: 3\n", Kind.DUPLICATE_KEY, 3, 1),
        ("a: !!python/object/apply:os.system [id]\n", Kind.FORBIDDEN_TAG, 1, 4),
        ("a: !secret x\n", Kind.FORBIDDEN_TAG, 1, 4),
        ("a: &a {b: 1}\nc:\n  <<: *a\n", Kind.MERGE_KEY, 3, 3),
        ("1: a\n", Kind.BAD_KEY, 1, 1),
        ("true: a\n", Kind.BAD_KEY, 1, 1),
        ("? [a, b]\n: c\n", Kind.BAD_KEY, 1, 3),
        ("a: &a [1, *a]\n", Kind.ALIAS_BOMB, 1, 11),
        ("a: *nobody\n", Kind.BAD_YAML, 1, 4),
        ("- " * 41 + "x\n", Kind.TOO_DEEP, 1, 81),
        ("{a: " * 30_000, Kind.TOO_DEEP, 1, 161),
        ("[" * 100_000, Kind.TOO_DEEP, 1, 41),
        ("a:\n\tb: 1\n", Kind.TAB_INDENT, 2, 1),
        ("", Kind.EMPTY_FILE, 1, 1),
        ("# only this\n", Kind.EMPTY_FILE, 1, 1),
        ("---\n...\n", Kind.EMPTY_FILE, 1, 1),
        ("a: 1\n---\nb: 2\n", Kind.SEVERAL_DOCUMENTS, 2, 1),
        ("a: b: c\n", Kind.BAD_YAML, 1, 5),
        ('a: "never closed\n', Kind.BAD_YAML, 1, 4),
        ('a: "x\\0y"\n', Kind.BAD_YAML, 1, 4),
        ("a: 1\u0085b: 2\n", Kind.BAD_YAML, 1, 5),
        ("a: 1\u2028b: 2\n", Kind.BAD_YAML, 1, 5),
        ("a: \x07\n", Kind.BAD_YAML, 1, 4),
        ('a: "\\ud800"\n', Kind.BAD_YAML, 1, 7),
    ],
)
def test_what_the_language_refuses_is_found_at_its_place(text, kind, line, column):
    finding = load(text, "f.yaml").findings[0]
    assert (finding.kind, finding.start) == (kind, Position(line, column))


def test_reading_goes_on_after_what_leaves_the_rest_readable():
    text = "a: 1\na: 2\nb: !x 3\n<<: {c: 4}\n5: 6\nd: 7\n"
    source = load(text, "f.yaml")
    assert source.data == {"a": 1, "b": 3, "d": 7} or source.data == {"a": 1, "b": "3", "d": 7}
    assert kinds(text) == [Kind.DUPLICATE_KEY, Kind.FORBIDDEN_TAG, Kind.MERGE_KEY, Kind.BAD_KEY]


def test_a_billion_laughs_are_not_heard():
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
    before = time.process_time()
    assert kinds("\n".join(lines)) == [Kind.ALIAS_BOMB]
    assert time.process_time() - before < 0.5


def test_depth_counts_what_an_alias_brings():
    lines = ["a0: &a0 [[[[[[[[[[x]]]]]]]]]]"]
    lines += [f"a{n}: &a{n} [[[[[[[[[*a{n - 1}]]]]]]]]]" for n in range(1, 5)]
    assert kinds("\n".join(lines)) == [Kind.TOO_DEEP]


def test_aliases_share_their_value_and_point_to_where_it_stands():
    source = load("a: &w {x: 1}\nb: *w\n", "f.yaml")
    assert source.data == {"a": {"x": 1}, "b": {"x": 1}}
    assert source.at(("b",)).start == Position(2, 4)
    assert source.at(("b", "x")).start == Position(1, 11)


@pytest.mark.parametrize(
    ("content", "line", "column"),
    [(b"a: caf\xe9\n", 1, 7), (b"a: 1\nb: \xff\n", 2, 4), ("a: 1\n".encode("utf-16"), 1, 1)],
)
def test_bytes_that_are_not_utf8_are_found_at_their_place(content, line, column):
    finding = read(content, "f.yaml").findings[0]
    assert (finding.kind, finding.start) == (Kind.NOT_UTF8, Position(line, column))


def test_a_byte_order_mark_is_not_part_of_the_first_key():
    assert read(b"\xef\xbb\xbfa: 1\n", "f.yaml").data == {"a": 1}


def test_a_file_over_the_size_limit_is_not_read():
    before = time.process_time()
    assert [finding.kind for finding in read(b"a" * (MAX_BYTES + 1), "f.yaml").findings] == [Kind.TOO_LARGE]
    assert time.process_time() - before < 0.5


def test_a_small_file_with_very_many_values_is_not_read_to_its_end():
    assert kinds("[" + "a," * 600_000 + "]") == [Kind.TOO_LARGE]


def plain() -> st.SearchStrategy[object]:
    scalars = (
        st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.text(st.characters(codec="utf-8"), max_size=8)
    )
    keys = st.text(st.sampled_from("abcdefghijklmnop_"), min_size=1, max_size=6)
    return st.recursive(
        scalars,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4),
        max_leaves=12,
    )


@given(st.dictionaries(st.text(st.sampled_from("abcdefgh"), min_size=2, max_size=6), plain(), min_size=1, max_size=5),
       st.booleans())  # fmt: skip
def test_what_pyyaml_writes_is_read_back_the_same(data, flow):
    text = yaml.safe_dump(data, default_flow_style=flow, allow_unicode=False)
    source = load(text, "f.yaml")
    if not source.findings:
        assert source.data == data


@given(st.text(max_size=200) | st.text(st.sampled_from("ab:- \n\t[]{}\"'&*!#|>%@"), max_size=200))
def test_no_text_makes_the_reader_raise(text):
    source = load(text, "f.yaml")
    assert source.findings or source.data is not None
    for finding in source.findings:
        assert 1 <= finding.start.line <= len(source.lines) + 1
