"""What the compile path drags in: nothing heavy before it is needed, and never a database or an HTTP library."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
NEVER = {"sqlalchemy", "apscheduler", "requests", "httpx", "linkedin_api", "bs4", "lxml", "asyncio", "click", "rich"}
NOT_YET = {"jinja2", "jsonschema", "jsonschema_rs", "holidays", "markdown_it"}
NOT_FOR_A_GOOD_PROJECT = {"jsonschema", "holidays"}


def loaded(code: str) -> set[str]:
    program = f"import json, sys\n{code}\nprint(json.dumps([name.partition('.')[0] for name in sys.modules]))"
    ran = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    return set(json.loads(ran.stdout))


def test_importing_the_compile_path_is_light():
    assert not loaded("import runner.compile.project") & (NEVER | NOT_YET)


def test_compiling_a_good_project_needs_neither_messages_nor_calendars():
    code = (
        "from pathlib import Path\nfrom runner.compile.project import load_project\nassert load_project(Path('.')).ok"
    )
    modules = loaded(code)
    assert not modules & (NEVER | NOT_FOR_A_GOOD_PROJECT)
    assert "jinja2" in modules
