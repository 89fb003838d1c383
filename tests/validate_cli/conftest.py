"""Projects in a folder of their own, and the command line run in this process."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from runner.cli.init import starter_files
from runner.cli.main import main
from runner.cli.schema import schema_files


@dataclass(frozen=True)
class Ran:
    """What a command did: its exit code, and what stood on each stream."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Standard output as JSON."""
        return json.loads(self.out)

    @property
    def slugs(self) -> list[str]:
        """The slugs of a JSON report."""
        return [item["slug"] for item in self.json["diagnostics"]]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Ran]:
    """`run("validate", "--format", "json", folder=...)`: a command, as if typed in that folder."""

    def command(*arguments: str | Path, folder: Path | None = None, stdin: bytes = b"") -> Ran:
        if folder is not None:
            monkeypatch.chdir(folder)
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(stdin), encoding="utf-8"))
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main([str(argument) for argument in arguments])
        printed = capsys.readouterr()
        return Ran(int(ended.value.code or 0), printed.out, printed.err)

    return command


@pytest.fixture
def write(tmp_path: Path) -> Callable[[Mapping[str, str]], Path]:
    """`write({"runner.yaml": ...})`: a folder with these files."""

    def files(texts: Mapping[str, str], folder: Path = tmp_path / "project") -> Path:
        for name, text in texts.items():
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8", newline="")
        return folder

    return files


@pytest.fixture
def starter(write: Callable[[Mapping[str, str]], Path]) -> Path:
    """The project that `runner init` writes."""
    return write(starter_files() | schema_files("schemas"))
