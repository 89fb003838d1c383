"""A compiled project for a command that cannot go on without one."""

from __future__ import annotations

from pathlib import Path

from runner.cli.root import find_root
from runner.errors import NotFound, ProjectError
from runner.model.project import CompiledSequence, Project


def compiled_project(start: Path | None = None) -> Project:
    """The project at or above `start`. Raises ProjectError, with the diagnostics, when it does not compile."""
    from runner.compile.project import load_project

    result = load_project(find_root(start))
    if result.project is None:
        errors = sum(diagnostic.is_error for diagnostic in result.diagnostics)
        raise ProjectError(
            f"the project does not compile ({errors} {'error' if errors == 1 else 'errors'})",
            tuple(result.diagnostics),
            help="`runner validate` shows each with its place",
        )
    return result.project


def compiled_sequence(name: str) -> CompiledSequence:
    """A sequence by its name, or by the path of its file. Raises as `project_with` does."""
    return project_with(name)[1]


def project_with(sequence: str) -> tuple[Project, CompiledSequence]:
    """The project and one of its sequences, by its name or by the path of its file.

    Raises NotFound, naming what there is, and ProjectError when the project does not compile.
    """
    path = Path(sequence)
    is_file = path.suffix in {".yaml", ".yml"}
    if is_file and not path.is_file():
        raise NotFound(f"{sequence} is not there")
    project = compiled_project(path.absolute().parent if is_file else None)
    found = project.sequences.get(path.stem if is_file else sequence)
    if found is None:
        known = ", ".join(sorted(project.sequences)) or "none"
        raise NotFound(f"no sequence `{sequence}`", help=f"sequences of this project: {known}")
    return project, found
