"""The repository as the house rules see it: its own files, without what is made or vendored."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MADE = {".git", ".venv", "__pycache__", "node_modules", "build", "dist", ".hypothesis", ".runner"} | {
    f".{tool}_cache" for tool in ("pytest", "mypy", "ruff", "import_linter")
}
BINARY = {".png", ".ico", ".gz", ".p12", ".der", ".woff2"}


@cache
def tracked() -> tuple[Path, ...]:
    """Every file that Git knows, as absolute paths; from an unpacked archive, every file that is not made."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    if listed.returncode == 0 and listed.stdout:
        names = listed.stdout.decode().split("\0")
        return tuple(path for name in names if name and (path := ROOT / name).is_file())
    return tuple(path for path in ROOT.rglob("*") if path.is_file() and not MADE & set(path.relative_to(ROOT).parts))


def files(*folders: str, suffix: str = ".py") -> Iterator[Path]:
    """The tracked files with a suffix below some folders; all of them when no folder is named."""
    for path in tracked():
        name = path.relative_to(ROOT)
        if path.suffix == suffix and (not folders or name.parts[0] in folders):
            yield path


def texts() -> Iterator[tuple[Path, str]]:
    """Every tracked file that is text, with its text."""
    for path in tracked():
        if path.suffix not in BINARY:
            yield path, path.read_bytes().decode("utf-8", errors="replace")


def lines(path: Path) -> int:
    """How many lines a file has."""
    return path.read_bytes().count(b"\n")


@cache
def parsed(path: Path) -> ast.Module:
    """A file of the package as syntax; it is parsed once, however many rules look at it."""
    return ast.parse(path.read_text(encoding="utf-8"))


def functions(path: Path) -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    """Every function of a Python file, with its qualified place for a message."""
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield f"{path.relative_to(ROOT)}:{node.lineno} {node.name}", node
