"""A small working project, and a way to run `runner` on it as a user does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from small_project import write_project

from runner.cli.main import main


@dataclass(frozen=True, slots=True)
class Done:
    """How a command ended."""

    returncode: int
    stdout: str
    stderr: str


Run = Callable[..., Done]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project of its own; its database is made by the test."""
    return write_project(tmp_path / "project")


@pytest.fixture
def runner(project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs the command line in the project's folder, in this process: every exit code and both outputs are real."""
    monkeypatch.chdir(project)
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.delenv("RUNNER_KEY", raising=False)

    def run(*arguments: str, **environ: str) -> Done:
        with monkeypatch.context() as patch:
            for name, value in {"RUNNER_SANDBOX_COOKIE": "sandbox", **environ}.items():
                patch.setenv(name, value)
            capsys.readouterr()
            with pytest.raises(SystemExit) as left:
                main(list(arguments))
        said = capsys.readouterr()
        return Done(int(left.value.code or 0), said.out, said.err)

    return run
