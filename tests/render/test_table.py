"""The one table of all commands."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime

from runner.model.lead import LinkedInConnectionStatus
from runner.render.table import Column, print_fields, print_table
from runner.secrets import Secret

ROWS = [
    {"name": "Ada", "sent": 3, "at": datetime(2026, 3, 2, 8, 0, tzinfo=UTC), "tags": ("a", "b"), "hidden": 1},
    {"name": "漢字", "sent": 12, "at": None, "tags": (), "hidden": 2},
]


def printed(rows, columns, **options):
    out = io.StringIO()
    print_table(rows, columns, stream=out, **options)
    return out.getvalue()


def test_columns_are_aligned_also_below_wide_characters():
    assert printed(ROWS, ["name", Column("sent", right=True), Column("at", "last sent"), "tags"]) == (
        "NAME  SENT  LAST SENT            TAGS\n"
        "Ada      3  2026-03-02 08:00:00  a, b\n"
        "漢字    12  -                    -\n"
    )


def test_json_has_every_key_and_the_format_version():
    document = json.loads(printed(ROWS, ["name"], output_format="json", name="accounts"))
    assert document["format_version"] == "1.0"
    assert document["accounts"][0] == {
        "name": "Ada", "sent": 3, "at": "2026-03-02T08:00:00+00:00", "tags": ["a", "b"], "hidden": 1,
    }  # fmt: skip


def test_no_rows_say_so_in_text_and_are_an_empty_list_in_json():
    assert printed([], ["name"], empty="no accounts yet") == "no accounts yet\n"
    assert json.loads(printed([], ["name"], output_format="json"))["rows"] == []


def test_a_secret_never_shows():
    row = {"password": Secret("hunter2"), "status": LinkedInConnectionStatus.CONNECTED}
    for output_format in ("text", "json"):
        text = printed([row], ["password", "status"], output_format=output_format)
        assert "hunter2" not in text
        assert "***" in text
        assert "connected" in text


def test_a_long_cell_is_cut_in_text_only():
    rows = [{"body": "word " * 50}]
    assert max(map(len, printed(rows, [Column("body", width=20)]).splitlines())) == 20
    assert json.loads(printed(rows, ["body"], output_format="json"))["rows"][0]["body"] == "word " * 50


def test_a_cell_is_one_line_and_cannot_move_the_cursor():
    text = printed([{"body": "a\nb\x1b[2Jc"}], ["body"])
    assert text.count("\n") == 2
    assert "\x1b" not in text


def test_one_record_is_printed_as_lines_and_as_an_object():
    out = io.StringIO()
    print_fields({"name": "Ada", "sent_today": 3, "enabled": True}, stream=out)
    assert out.getvalue() == "name        Ada\nsent today  3\nenabled     yes\n"
    out = io.StringIO()
    print_fields({"name": "Ada"}, output_format="json", stream=out)
    assert json.loads(out.getvalue()) == {"format_version": "1.0", "name": "Ada"}
