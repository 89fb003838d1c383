"""docs/linkedin.md says what the code does."""

from __future__ import annotations

import pytest
import tree

from runner.channels.linkedin.responses import TABLE
from runner.model.linkedin_limits import DEFAULT_LIMITS, MAX_PENDING, SAFE_LIMITS, WITHDRAW_AFTER
from runner.sandbox.linkedin_fates import Fault, Temper

PAGE = (tree.ROOT / "docs" / "linkedin.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.name)
def test_every_row_of_the_response_table_is_on_the_page_in_order(row):
    lines = [line for line in PAGE.splitlines() if line.startswith(f"| `{row.name}` |")]
    [line] = [line for line in lines if line.count(" | ") == 5]
    assert row.verdict.value in line
    assert line.endswith(f"| {row.says} |")


def test_the_rows_stand_in_the_order_in_which_they_decide():
    table = PAGE[PAGE.index("| row | on |") :]
    places = [table.index(f"| `{row.name}` |") for row in TABLE]
    assert places == sorted(places)


def test_every_word_of_the_stand_in_is_on_the_page():
    missing = [word.value for word in (*Temper, *Fault) if f"`{word.value}`" not in PAGE]
    assert missing == []


def test_the_numbers_are_those_of_the_code():
    connect = [rate.count for action, rate in DEFAULT_LIMITS.by_action if action == "connect"]
    assert f"{connect[0]} a day, {connect[1]} a week" in PAGE
    assert f"{MAX_PENDING}, then no new ones" in PAGE
    assert f"after {WITHDRAW_AFTER.days} days" in PAGE
    safe = {limit.rate.count for limit in SAFE_LIMITS}
    assert safe == {20, 100, 5, 80, 200}
