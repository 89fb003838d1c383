"""Which files make up a project, and reading them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from runner.compile.schemas import FileKind
from runner.lang.diagnostics import Position
from runner.lang.reader import read
from runner.lang.source import MAX_BYTES, Finding, Kind, Source

PROJECT_FILE = "runner.yaml"
FOLDERS = {
    FileKind.SEQUENCE: "sequences",
    FileKind.CHANNEL: "channel_configs",
    FileKind.CAMPAIGN: "campaigns",
}
TEMPLATES = "templates"


@dataclass(slots=True)
class ProjectFiles:
    """Every file of a project, read. Template files are kept as text by name; `paths` says where each lies."""

    root: Path
    settings: Source | None = None
    sequences: dict[str, Source] = field(default_factory=dict)
    channels: dict[str, Source] = field(default_factory=dict)
    campaigns: dict[str, Source] = field(default_factory=dict)
    templates: dict[str, str] = field(default_factory=dict)
    template_files: dict[str, str] = field(default_factory=dict)
    unreadable: list[Source] = field(default_factory=list)

    @property
    def sources(self) -> tuple[Source, ...]:
        """Every YAML file."""
        own = (self.settings,) if self.settings is not None else ()
        return (*own, *self.sequences.values(), *self.channels.values(), *self.campaigns.values())


def find_root(start: Path) -> Path:
    """The project a path belongs to: the nearest folder above it with a runner.yaml, else the folder itself."""
    folder = start if start.is_dir() else start.parent
    for candidate in (folder, *folder.absolute().parents):
        if (candidate / PROJECT_FILE).is_file():
            return candidate
    return folder.parent if folder.name in FOLDERS.values() else folder


def read_project(root: Path, extra: Sequence[Path] = ()) -> ProjectFiles:
    """Read every file of the project at `root`, and `extra` files wherever they lie."""
    files = ProjectFiles(root)
    if (root / PROJECT_FILE).is_file():
        files.settings = read_file(root / PROJECT_FILE, root)
    for kind, folder in FOLDERS.items():
        for path in _yaml_files(root / folder):
            _add(files, kind, path)
    for path in sorted((root / FOLDERS[FileKind.SEQUENCE] / TEMPLATES).glob("*.md")):
        _add_template(files, path)
    for path in extra:
        _add_extra(files, path)
    return files


def _yaml_files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("*.y*ml") if path.suffix in (".yaml", ".yml") and path.name[0] != ".")


def read_file(path: Path, root: Path) -> Source:
    """Read one YAML file; what goes wrong on disk is a finding like any other."""
    name = relative(path, root)
    try:
        if not path.is_file():
            raise OSError("it is not a file")
        if path.stat().st_size > MAX_BYTES:
            return read(b" " * (MAX_BYTES + 1), name)
        return read(path.read_bytes(), name)
    except OSError as error:
        source = Source(name, "")
        reason = error.strerror or str(error)
        source.findings.append(Finding(Kind.UNREADABLE_FILE, Position(1, 1), Position(1, 2), reason))
        return source


def relative(path: Path, root: Path) -> str:
    """The path as people see it: from the project's root if it lies inside."""
    try:
        return path.absolute().relative_to(root.absolute()).as_posix()
    except ValueError:
        return path.as_posix()


def _add(files: ProjectFiles, kind: FileKind, path: Path) -> None:
    known = {FileKind.SEQUENCE: files.sequences, FileKind.CHANNEL: files.channels, FileKind.CAMPAIGN: files.campaigns}
    taken = known[kind]
    # Of x.yaml and x.yml the second is told by its whole name, so that neither is passed over in silence.
    taken[path.name if path.stem in taken else path.stem] = read_file(path, files.root)


def _add_template(files: ProjectFiles, path: Path) -> None:
    source = read_file_text(path, files.root)
    if isinstance(source, Source):
        files.unreadable.append(source)
    else:
        files.templates.setdefault(path.stem, source)
        files.template_files.setdefault(path.stem, relative(path, files.root))


def read_file_text(path: Path, root: Path) -> str | Source:
    """The text of a template, or a source whose findings say why there is none."""
    name = relative(path, root)
    try:
        return path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        finding = Finding(Kind.UNREADABLE_FILE, Position(1, 1), Position(1, 2), error.strerror or str(error))
    except UnicodeDecodeError as error:
        finding = Finding(Kind.NOT_UTF8, Position(1, 1), Position(1, 2), f"byte {error.start + 1}")
    return Source(name, "", findings=[finding])


def _add_extra(files: ProjectFiles, path: Path) -> None:
    """A file that was named by the user: of the project already, or alone, with its kind read from its content."""
    if path.suffix == ".md" or path.name == PROJECT_FILE:
        return
    name = relative(path, files.root)
    if any(source.file == name for source in files.sources):
        return
    source = read_file(path, files.root)
    kind = kind_of(source, path)
    known = {FileKind.SEQUENCE: files.sequences, FileKind.CHANNEL: files.channels, FileKind.CAMPAIGN: files.campaigns}
    known.get(kind, files.sequences)[path.stem] = source
    if kind is FileKind.SEQUENCE:
        for template in sorted((path.parent / TEMPLATES).glob("*.md")):
            _add_template(files, template)


def kind_of(source: Source, path: Path) -> FileKind:
    """The kind of a file: by its folder, else by its keys."""
    for kind, folder in FOLDERS.items():
        if path.absolute().parent.name == folder:
            return kind
    keys = source.data.keys() if isinstance(source.data, dict) else set[str]()
    if "steps" in keys:
        return FileKind.SEQUENCE
    if "channel" in keys:
        return FileKind.CHANNEL
    return FileKind.CAMPAIGN if "sequence" in keys or "audience" in keys else FileKind.SEQUENCE
