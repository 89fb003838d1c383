"""What `runner validate` does between its options and its renderers: compile, ignore, select, mend."""

from __future__ import annotations

import dataclasses
import re
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from runner.cli.root import project_root
from runner.compile.files import ProjectFiles, read_project
from runner.compile.project import ProjectResult, compile_project
from runner.errors import UsageError
from runner.lang.diagnostics import Diagnostic, Severity
from runner.render.fixes import apply_edits, safe_edits
from runner.render.ignores import apply_ignores
from runner.render.json import RangeObject, Report, renamed, report
from runner.render.masking import masked, secret_ranges

STDIN = Path("-")
MOST_ROUNDS = 5
_LINE_END = re.compile(r"\r\n|\r|\n")


@dataclass(frozen=True, slots=True)
class Request:
    """What to check, and which findings count. `stdin_file` is the file that standard input stands for."""

    paths: tuple[Path, ...] = ()
    strict: bool = False
    select: frozenset[str] = frozenset()
    ignore: frozenset[str] = frozenset()
    leads: str | None = None
    stdin_file: Path | None = None

    def wants(self, diagnostic: Diagnostic) -> bool:
        """Whether a finding is to be reported. An error is left out only by `select`: it stops the project."""
        if self.select and diagnostic.slug not in self.select:
            return False
        return diagnostic.is_error or diagnostic.slug not in self.ignore


@dataclass(frozen=True, slots=True)
class Checked:
    """A finished run: the report, how many files were looked at, and how many findings were left out of it."""

    report: Report
    files: int
    hidden: int
    source: Callable[[str], str | None]


@dataclass(frozen=True, slots=True)
class _Run:
    """The compiled project and the part of it that is asked about; `folders` end with a slash."""

    result: ProjectResult
    names: frozenset[str] | None
    folders: tuple[str, ...]

    def covers(self, name: str) -> bool:
        """Whether a file is asked about."""
        return self.names is None or name in self.names or name.startswith(self.folders)

    def text(self, name: str) -> str | None:
        """A file's text by its name in the project, or None where it cannot be read."""
        return _texts(self.result.files).get(name)


@dataclass(frozen=True, slots=True)
class _Quoted:
    """The texts by the names that the report has for them; a secret is hidden also where its finding is left out."""

    texts: dict[str, str]
    names: dict[str, str]
    secrets: dict[str, list[RangeObject]]

    def text(self, name: str) -> str | None:
        """The text to quote lines from, or None where there is none."""
        inside = self.names.get(name, name)
        text = self.texts.get(inside)
        if text is None or inside not in self.secrets:
            return text
        return "\n".join(masked(_LINE_END.split(text), self.secrets[inside]))


def check(request: Request, base: Path) -> Checked:
    """Compile the project and keep the findings the request is about; files are named from the folder `base`.

    Raises UsageError for a path that is not there.
    """
    run = _compile(request)
    found, texts = _findings(run, request), _texts(run.result.files)
    root = run.result.files.root.absolute()
    shown = [_as_error(item) if request.strict else item for item in found if request.wants(item)]
    names = {_seen_from(base, root / name): name for name in {*texts, *(item.span.file for item in found)}}
    document = renamed(report(shown), lambda name: _seen_from(base, root / name))
    files = sum(run.covers(name) for name in texts)
    if request.leads is not None and Path(request.leads).is_file():
        texts[_inside(root, Path(request.leads))] = Path(request.leads).read_text(encoding="utf-8", errors="replace")
    quoted = _Quoted(texts, names, secret_ranges(report(run.result.diagnostics)))
    return Checked(document, files, len(found) - len(shown), quoted.text)


def mend(request: Request, base: Path) -> list[str]:
    """Apply the safe fixes of the findings the request is about, and return the names of the changed files.

    A fix can bring out the next (a key that is known again has a value to check), so this repeats while it helps.
    """
    if STDIN in request.paths:
        raise UsageError("standard input cannot be mended", help="name the file")
    changed: dict[str, None] = {}
    for _ in range(MOST_ROUNDS):
        run = _compile(request)
        edits = safe_edits(item for item in _findings(run, request) if request.wants(item))
        if not edits:
            break
        for name, changes in edits.items():
            path = run.result.files.root.absolute() / name
            _rewrite(path, apply_edits(run.text(name) or "", changes))
            changed[_seen_from(base, path)] = None
    return list(changed)


def _compile(request: Request) -> _Run:
    paths = [path for path in request.paths if path != STDIN]
    missing = next((path for path in paths if not path.exists()), None)
    if missing is not None:
        raise UsageError(f"{missing} is not there")
    read_stdin = STDIN in request.paths
    start = next(iter(paths), (request.stdin_file or Path.cwd()) if read_stdin else Path.cwd())
    root = project_root(start, alone=bool(paths) or read_stdin)
    files = read_project(root, [path for path in paths if path.is_file()])
    names = {_inside(root, path) for path in paths if path.is_file()}
    folders = tuple(_folder(root, path) for path in paths if path.is_dir())
    if read_stdin:
        from runner.cli.standard_input import put_stdin

        names.add(put_stdin(files, sys.stdin.buffer.read(), request.stdin_file))
    covered = None if not request.paths or "" in folders else frozenset(names)
    return _Run(compile_project(files, check_templates=_about_texts(covered, folders, request)), covered, folders)


def _about_texts(names: frozenset[str] | None, folders: tuple[str, ...], request: Request) -> bool:
    """Whether anything said of a template could be asked for: reading templates is half the time of one small file."""
    if names is None or request.leads is not None or any(name.endswith(".md") for name in names):
        return True
    return any("sequences/templates/".startswith(folder) or "templates" in folder for folder in folders)


def _findings(run: _Run, request: Request) -> list[Diagnostic]:
    """What there is to say about the files asked about, after their ignore comments."""
    found: Iterable[Diagnostic] = run.result.diagnostics
    inside = [item for item in found if run.covers(item.span.file)]
    if request.leads is not None:
        from runner.cli.lead_findings import lead_findings

        table = Path(request.leads) if Path(request.leads).is_file() else None
        name = _inside(run.result.files.root, table) if table else f"list {request.leads}"
        inside += lead_findings(run.result, table or request.leads, name)
    return apply_ignores(inside, [name for name in _texts(run.result.files) if run.covers(name)], run.text)


def _texts(files: ProjectFiles) -> dict[str, str]:
    yaml = {source.file: source.text for source in (*files.sources, *files.unreadable)}
    return yaml | {files.template_files[name]: text for name, text in files.templates.items()}


def _inside(root: Path, path: Path) -> str:
    absolute = path.absolute()
    return absolute.relative_to(root.absolute()).as_posix() if absolute.is_relative_to(root.absolute()) else str(path)


def _folder(root: Path, path: Path) -> str:
    name = _inside(root, path)
    return "" if name == "." else f"{name}/"


def _seen_from(base: Path, path: Path) -> str:
    """A file's name for a reader in the folder `base`: relative where it lies below."""
    return path.relative_to(base).as_posix() if path.is_relative_to(base) else path.as_posix()


def _as_error(item: Diagnostic) -> Diagnostic:
    return dataclasses.replace(item, severity=Severity.ERROR)


def _rewrite(path: Path, text: str) -> None:
    """Write a mended file with the byte-order mark it had, line ends as they are in `text`."""
    mark = "\ufeff" if path.read_bytes().startswith(b"\xef\xbb\xbf") else ""
    path.write_bytes((mark + text).encode())
