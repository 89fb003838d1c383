"""Standard input in the place of a file of the project: what an editor has not saved yet."""

from __future__ import annotations

from pathlib import Path

from runner.compile.files import PROJECT_FILE, TEMPLATES, ProjectFiles, kind_of, relative
from runner.compile.schemas import FileKind
from runner.errors import UsageError
from runner.lang.reader import read

SHOWN = "<stdin>"


def put_stdin(files: ProjectFiles, content: bytes, file: Path | None) -> str:
    """Put the text where `file` says, or where its own content says, and return the name it has in findings.

    Raises UsageError for a template that is not UTF-8.
    """
    if file is not None and file.suffix == ".md" and file.parent.name == TEMPLATES:
        return _put_template(files, content, file)
    name = relative(file, files.root) if file is not None else SHOWN
    source = read(content, name)
    if file is not None and file.name == PROJECT_FILE:
        files.settings = source
        return name
    stem = file.stem if file is not None else _own_name(source.data)
    match kind_of(source, file or Path(SHOWN)):
        case FileKind.SEQUENCE:
            files.sequences[stem] = source
        case FileKind.CHANNEL:
            files.channels[stem] = source
        case FileKind.CAMPAIGN:
            files.campaigns[stem] = source
        case FileKind.PROJECT:
            files.settings = source
    return name


def _put_template(files: ProjectFiles, content: bytes, file: Path) -> str:
    name = relative(file, files.root)
    try:
        files.templates[file.stem] = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(f"standard input is not UTF-8 (byte {error.start + 1})") from None
    files.template_files[file.stem] = name
    return name


def _own_name(data: object) -> str:
    """Without a file name, the name inside the text: it then matches, and takes the place of the file so called."""
    name = data.get("name") if isinstance(data, dict) else None
    return name if isinstance(name, str) else SHOWN
