"""The attempt's legal moves stand in one place; the drawing in the documentation shows exactly these."""

from __future__ import annotations

import re
from pathlib import Path

from runner.engine.attempt import MOVES, AttemptStatus, is_legal

PAGE = Path(__file__).parents[2] / "docs" / "engine.md"


def test_the_drawing_shows_every_legal_move_and_no_other() -> None:
    drawn = set(re.findall(r"^    (\w+) --> (\w+):", PAGE.read_text(), flags=re.MULTILINE))
    assert drawn == {(before.value, after.value) for before, many in MOVES.items() for after in many}


def test_what_is_final_stays() -> None:
    final = {status for status, following in MOVES.items() if not following}
    assert final == {AttemptStatus.SENT, AttemptStatus.FAILED, AttemptStatus.CANCELLED}
    assert is_legal(AttemptStatus.SENT, AttemptStatus.SENT)
    assert not is_legal(AttemptStatus.UNKNOWN, AttemptStatus.CLAIMED)
