"""Comments that silence a warning, with a reason, and only as long as there is something to silence."""

from __future__ import annotations

import pytest

from runner.lang.diagnostics import Diagnostic, Position, Severity, Span
from runner.render.fixes import apply_edits, safe_edits
from runner.render.ignores import apply_ignores, find_ignores

FILE = "sequences/a.yaml"


def warning(line: int, slug: str = "no-fallback", severity: Severity = Severity.WARNING) -> Diagnostic:
    return Diagnostic(slug, severity, f"{slug} on {line}", Span(FILE, Position(line, 3), Position(line, 9)))


def left(text: str, *found: Diagnostic) -> list[tuple[str, int]]:
    kept = apply_ignores(found, [FILE], {FILE: text}.get)
    return [(item.slug, item.span.start.line) for item in kept]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a: 1  # runner: ignore[no-fallback] every lead here has a name\n", 1),
        ("# runner: ignore[no-fallback] every lead here has a name\na: 1\n", 2),
        ("  # runner: ignore[no-fallback] because\n  # another comment\n  a: 1\n", 3),
        ("# runner: ignore[no-fallback] one\n# runner: ignore[no-unsubscribe] two\na: 1\n", 3),
        ("Hi {{ lead.first_name }} {# runner: ignore[no-fallback] all have one #}\n", 1),
        ("a: 1  # runner: ignore[opened-is-unreliable, no-fallback] both known\r\n", 1),
    ],
)
def test_a_comment_on_the_line_or_above_it_silences_a_warning(text, line):
    others = [warning(line, ignore.slug) for ignore in find_ignores(FILE, text) if ignore.slug != "no-fallback"]
    assert left(text, warning(line), *others) == []


def test_an_error_is_never_silenced_and_the_comment_is_reported():
    text = "a: 1  # runner: ignore[unknown-step] later\n"
    assert left(text, warning(1, "unknown-step", Severity.ERROR)) == [("unknown-step", 1), ("unused-ignore", 1)]


def test_a_comment_covers_its_own_slug_and_line_only():
    text = "# runner: ignore[no-fallback] all have one\na: 1\nb: 2\n"
    assert left(text, warning(3), warning(2, "missing-subject")) == [
        ("no-fallback", 3), ("missing-subject", 2), ("unused-ignore", 1),
    ]  # fmt: skip


def test_a_comment_without_a_reason_is_reported_once_it_is_used():
    text = "a: 1  # runner: ignore[no-fallback]\n"
    assert left(text, warning(1)) == [("ignore-without-reason", 1)]
    assert left(text) == [("unused-ignore", 1)]


def test_words_in_a_value_are_no_comment():
    assert left('a: "x# runner: ignore[no-fallback] why"\n', warning(1)) == [("no-fallback", 1)]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("a: 1\n  # runner: ignore[no-fallback] old\nb: 2\n", "a: 1\nb: 2\n"),
        ("a: 1   # runner: ignore[no-fallback] old\nb: 2\n", "a: 1\nb: 2\n"),
        ("Hi  {# runner: ignore[no-fallback] old #}\n", "Hi\n"),
    ],
)
def test_fix_takes_an_unused_comment_away(before, after):
    found = apply_ignores([], [FILE], {FILE: before}.get)
    assert apply_edits(before, safe_edits(found)[FILE]) == after


def test_of_a_comment_with_two_slugs_only_the_unused_one_is_reported_and_nothing_is_removed():
    text = "a: 1  # runner: ignore[no-fallback,missing-subject] known\n"
    found = apply_ignores([warning(1)], [FILE], {FILE: text}.get)
    assert [item.slug for item in found] == ["unused-ignore"]
    assert text[found[0].span.start.column - 1 : found[0].span.end.column - 1] == "missing-subject"
    assert safe_edits(found) == {}
