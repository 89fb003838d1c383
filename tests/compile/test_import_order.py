"""Every module of the compiler can be the first one imported: no circle hides behind a lucky order."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import runner.compile

SCRIPT = """
import importlib, sys
for name in sys.argv[1:]:
    for loaded in [each for each in sys.modules if each.startswith("runner")]:
        del sys.modules[loaded]
    importlib.import_module(name)
"""


def test_every_module_of_the_compiler_can_be_imported_first() -> None:
    folder = Path(runner.compile.__file__).parent
    names = ["runner.compile." + ".".join(p.relative_to(folder).with_suffix("").parts) for p in folder.rglob("*.py")]
    modules = sorted(name.removesuffix(".__init__") for name in names)
    assert "runner.compile.view" in modules
    done = subprocess.run([sys.executable, "-c", SCRIPT, *modules], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
