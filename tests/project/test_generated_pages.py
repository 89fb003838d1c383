"""Pages of the documentation that are written from the code are as the code is now."""

from __future__ import annotations

import subprocess
import sys

import pytest
import tree


@pytest.mark.parametrize("page", ["cli.md", "files.md", "sandbox.md"])
def test_the_page_says_what_the_code_says(page):
    command = [sys.executable, tree.ROOT / "scripts" / "write_docs.py", "--check", page]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (result.returncode, result.stderr) == (0, "")
