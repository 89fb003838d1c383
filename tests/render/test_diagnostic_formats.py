"""The four formats of `runner validate`: every one to the letter, and what they promise beyond the letter."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from runner.lang.diagnostics import Diagnostic, Position, Severity, Span
from runner.render.github import render_github
from runner.render.json import render_json, report
from runner.render.sarif import render_sarif
from runner.render.text import render_text, summary_line

SARIF_SCHEMA = Path(__file__).parents[1] / "data" / "sarif" / "sarif-2.1.0.json"


def test_json_to_the_letter(diagnostics, golden):
    golden("diagnostics.json.out", render_json(report(diagnostics)))


def test_text_to_the_letter(diagnostics, texts, golden):
    golden("diagnostics.text.out", render_text(report(diagnostics), texts))


def test_coloured_text_to_the_letter(diagnostics, texts, golden):
    golden("diagnostics.colour.out", render_text(report(diagnostics), texts, colour=True))


def test_github_annotations_to_the_letter(diagnostics, golden):
    golden("diagnostics.github.out", render_github(report(diagnostics)))


def test_sarif_to_the_letter(diagnostics, golden):
    golden("diagnostics.sarif.out", render_sarif(report(diagnostics)))


@pytest.mark.parametrize("count", [0, 1, 6])
def test_sarif_is_valid_by_the_published_schema(diagnostics, count):
    schema = json.loads(SARIF_SCHEMA.read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    log = json.loads(render_sarif(report(diagnostics[:count])))
    assert [error.message for error in Draft202012Validator(schema).iter_errors(log)] == []
    assert len(log["runs"][0]["results"]) == count


def test_the_text_says_nothing_that_is_not_in_the_json(diagnostics, texts):
    """Text is rendered from the JSON object: through its text form nothing may be lost."""
    document = report(diagnostics)
    assert render_text(json.loads(render_json(document)), texts) == render_text(document, texts)


def test_findings_are_sorted_by_place_and_never_repeated(diagnostics):
    shuffled = [*reversed(diagnostics), *diagnostics]
    document = report(shuffled)
    places = [(item["file"], item["range"]["start"]["line"]) for item in document["diagnostics"]]
    assert places == sorted(places)
    assert len(places) == len(diagnostics)


def test_carets_stand_below_the_wide_characters_they_mean(diagnostics, texts):
    text = render_text(report([diagnostics[2]]), texts)
    source, carets = text.splitlines()[3:5]
    assert carets.index("^") == source.index("漢")  # nothing wide stands before it
    assert "^^^^ " in carets  # two characters of two cells


def test_no_control_character_of_a_file_reaches_the_terminal(diagnostics, texts):
    text = render_text(report(diagnostics), texts)
    assert "\x1b" not in text
    assert "\t" not in text


def test_a_very_long_line_is_cut_round_the_place_it_is_about():
    line = "x" * 400 + "HERE" + "y" * 400
    place = Span("a.yaml", Position(1, 401), Position(1, 405))
    text = render_text(report([Diagnostic("bad-value", Severity.ERROR, "long", place)]), {"a.yaml": line}.get)
    source, carets = text.splitlines()[3:5]
    assert len(source) < 160
    assert carets.index("^") == source.index("HERE")
    assert carets.count("^") == 4


def test_a_place_past_the_end_of_the_text_is_named_without_a_snippet():
    place = Span("a.yaml", Position(9, 1), Position(9, 2))
    text = render_text(report([Diagnostic("bad-yaml", Severity.ERROR, "cut off", place)]), {"a.yaml": "a: 1\n"}.get)
    assert "a.yaml:9:1" in text
    assert "|" not in text


def test_a_message_of_several_lines_is_one_github_command(diagnostics):
    lines = render_github(report(diagnostics)).splitlines()
    assert len(lines) == len(diagnostics)
    assert all(line.startswith(("::error ", "::warning ")) for line in lines)


def test_github_properties_cannot_be_broken_by_a_file_name():
    place = Span("a,b:c%.yaml", Position(1, 1), Position(1, 2))
    line = render_github(report([Diagnostic("bad-yaml", Severity.ERROR, "100%", place)]))
    assert "file=a%2Cb%3Ac%25.yaml," in line
    assert "100%25" in line


@pytest.mark.parametrize(
    ("chosen", "files", "words"),
    [
        ([], 1, "1 file checked, no problems"),
        ([0], 3, "1 error in 1 of 3 files; 1 can be mended with --fix"),
        ([1, 2], 9, "1 error, 1 warning in 1 of 9 files"),
        ([2], 2, "1 warning in 1 of 2 files"),
    ],
)
def test_the_last_line_counts(diagnostics, chosen, files, words):
    assert summary_line(report([diagnostics[index] for index in chosen]), files) == words
