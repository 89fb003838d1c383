"""Golden files: the text that users read, kept beside the tests and compared to the letter.

`golden(path, text)` fails with a diff where they differ. `make golden` (pytest --golden) writes what came out
instead; the change is then read in the pull request like any other.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable
from pathlib import Path

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--golden` accepts the present output."""
    parser.addoption("--golden", action="store_true", help="write golden files instead of comparing with them")


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[Path | str, str], None]:
    """Compare `text` with a file; a relative path counts from the test's own folder."""

    def compare(path: Path | str, text: str) -> None:
        file = request.path.parent / path
        if request.config.getoption("--golden"):
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
            return
        expected = file.read_text(encoding="utf-8") if file.exists() else ""
        if text != expected:
            lines = difflib.unified_diff(expected.splitlines(), text.splitlines(), str(path), "this run", lineterm="")
            pytest.fail("\n".join([*lines, "if this is what users shall read: make golden"]), pytrace=False)

    return compare
