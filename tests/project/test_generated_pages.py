"""Pages of the documentation that are written from the code are as the code is now."""

from __future__ import annotations

import subprocess
import sys

import tree


def test_the_generated_pages_are_fresh():
    command = [sys.executable, tree.ROOT / "scripts" / "write_docs.py", "--check"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (result.returncode, result.stderr) == (0, "")
