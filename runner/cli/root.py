"""Where the project is: the nearest folder, going up, that holds a runner.yaml."""

from __future__ import annotations

from pathlib import Path

from runner.errors import UsageError

PROJECT_FILE = "runner.yaml"


def find_root(start: Path | None = None) -> Path:
    """The project's folder for a path inside it (the working directory unless given).

    Raises UsageError where no folder above holds a runner.yaml.
    """
    place = (start or Path.cwd()).absolute()
    for folder in (place, *place.parents):
        if (folder / PROJECT_FILE).is_file():
            return folder
    raise UsageError(f"no {PROJECT_FILE} in {place} or above", help="`runner init` starts a project")
