"""When there is colour, and what a terminal is shown."""

from __future__ import annotations

import io

import pytest

from runner.render.terminal import display_width, visible, wants_colour


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("stream", "environ", "expected"),
    [
        (Terminal(), {}, True),
        (io.StringIO(), {}, False),
        (Terminal(), {"NO_COLOR": "1"}, False),
        (Terminal(), {"NO_COLOR": ""}, True),
        (io.StringIO(), {"FORCE_COLOR": "1"}, True),
        (io.StringIO(), {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
        (Terminal(), {"TERM": "dumb"}, False),
    ],
)
def test_colour_needs_a_terminal_unless_the_environment_decides(stream, environ, expected):
    assert wants_colour(stream, environ) is expected


def test_text_that_turns_the_reading_direction_is_made_visible():
    assert visible("a\u202eb\x07c") == "a\N{REPLACEMENT CHARACTER}b\N{REPLACEMENT CHARACTER}c"


@pytest.mark.parametrize(("text", "cells"), [("abc", 3), ("漢字", 4), ("e\u0301", 1), ("a\u200bb", 2), ("é", 1)])
def test_width_counts_terminal_cells(text, cells):
    assert display_width(text) == cells
