"""Where the project is: the nearest folder, going up, that holds a runner.yaml."""

from __future__ import annotations

from pathlib import Path

from runner.errors import UsageError

PROJECT_FILE = "runner.yaml"


def find_root(start: Path | None = None) -> Path:
    """The project's folder for a path inside it (the working directory unless given).

    Raises UsageError where no folder above holds a runner.yaml.
    """
    return project_root(start or Path.cwd(), alone=False)


def project_root(start: Path, *, alone: bool) -> Path:
    """The same; with `alone` a file outside of any project has its own folder for a root."""
    from runner.compile.files import find_root as nearest

    root = nearest(start.absolute())
    if not alone and not (root / PROJECT_FILE).is_file():
        raise UsageError(f"no {PROJECT_FILE} in {start.absolute()} or above", help="`runner init` starts a project")
    return root
