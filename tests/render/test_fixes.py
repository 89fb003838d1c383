"""Fixes are edits of the text: everything that they do not mean stays as it was."""

from __future__ import annotations

import pytest

from runner.lang.diagnostics import Diagnostic, Edit, Fix, Position, Severity, Span
from runner.render.fixes import apply_edits, safe_edits


def edit(line: int, first: int, last: int, text: str, *, end_line: int | None = None) -> Edit:
    return Edit(Span("a.yaml", Position(line, first), Position(end_line or line, last)), text)


def fixed_by(*edits: Edit, safe: bool = True) -> Diagnostic:
    return Diagnostic("bad-value", Severity.ERROR, "x", edits[0].span, fix=Fix("mend it", edits, safe))


def test_comments_order_and_quotes_stay():
    text = "b: 'x'  # why\na:  [1,2]   # spaces kept\nwait: 4\n"
    assert apply_edits(text, [edit(3, 7, 8, "4d"), edit(1, 1, 2, "c")]) == text.replace("4\n", "4d\n").replace(
        "b:", "c:"
    )


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_line_ends_stay_as_they_are(newline):
    text = newline.join(["a: 1", "b: 2", "c: 3"])
    assert apply_edits(text, [edit(2, 4, 5, "5")]) == newline.join(["a: 1", "b: 5", "c: 3"])


def test_characters_are_counted_not_bytes():
    assert apply_edits("名: 漢 # é\n", [edit(1, 4, 5, "字")]) == "名: 字 # é\n"


def test_an_empty_span_inserts_and_a_whole_line_goes():
    assert apply_edits("a: 1\nb: 2\n", [edit(1, 5, 5, "0"), edit(2, 1, 1, "", end_line=3)]) == "a: 10\n"


def test_a_span_outside_the_text_is_refused():
    with pytest.raises(ValueError, match="line 9"):
        apply_edits("a: 1\n", [edit(9, 1, 1, "x")])
    with pytest.raises(ValueError, match="column 99"):
        apply_edits("a: 1\n", [edit(1, 99, 99, "x")])


def test_only_safe_fixes_are_taken():
    assert safe_edits([fixed_by(edit(1, 1, 2, "x"), safe=False)]) == {}


def test_of_two_fixes_that_touch_the_first_is_taken_whole():
    first = fixed_by(edit(1, 1, 4, "x"), edit(2, 1, 2, "y"))
    second = fixed_by(edit(3, 1, 2, "z"), edit(2, 2, 3, "w"))
    third = fixed_by(edit(5, 1, 2, "v"))
    taken = safe_edits([first, second, third])["a.yaml"]
    assert [change.text for change in taken] == ["x", "y", "v"]
