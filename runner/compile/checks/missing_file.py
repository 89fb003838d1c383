"""A step that attaches or shows a file that is not there, that is no image, or that is too large to send.

An account's `ca_file` too, where it lies in the project: others are on the machine that sends.
"""

from __future__ import annotations

import mimetypes
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from runner.compile.reporting import error
from runner.compile.view import ProjectView
from runner.lang.diagnostics import Diagnostic
from runner.lang.source import Key
from runner.model.email_limits import MAX_FILES_BYTES

SLUG = "missing-file"
WHERE = "paths are taken from the folder of runner.yaml"


def check(view: ProjectView) -> Iterator[Diagnostic]:
    """Yield one diagnostic for each such file, and one for each step whose files are too large together."""
    yield from _of_steps(view, view.files.root)
    for stem in view.accounts:
        source = view.files.channels[stem]
        for server in ("smtp", "imap"):
            block, path = (source.data or {}).get(server), (server, "ca_file")
            name = block.get("ca_file") if isinstance(block, dict) else None
            if isinstance(name, str) and not Path(name).is_absolute() and not (view.files.root / name).is_file():
                yield error(SLUG, f"there is no file `{name}`", source.at(path), path=path, help=WHERE)


def _of_steps(view: ProjectView, root: Path) -> Iterator[Diagnostic]:
    for draft in view.drafts.values():
        for step in draft.steps:
            size = 0
            for inside, name, is_image in _named(step.raw):
                path = ("steps", step.index, *inside)
                problem = _problem(root, name, is_image=is_image)
                if problem is not None:
                    yield error(SLUG, problem[0], draft.source.at(path), path=path, help=problem[1])
                else:
                    size += (root / name).stat().st_size
            if size > MAX_FILES_BYTES:
                path = ("steps", step.index)
                yield error(SLUG, f"the files of `{step.id}` are {size // 1024**2} MiB together",
                            draft.source.at(path), path=path,
                            help=f"at most {MAX_FILES_BYTES // 1024**2} MiB arrive: link to large files")  # fmt: skip


def _named(raw: Mapping[str, Any]) -> Iterator[tuple[tuple[Key, ...], str, bool]]:
    """Where a step names files, their names, and whether each has to be an image."""
    attached, shown = raw.get("attachments"), raw.get("images")
    for index, name in enumerate(attached if isinstance(attached, list) else ()):
        if isinstance(name, str):
            yield ("attachments", index), name, False
    for key, name in (shown if isinstance(shown, dict) else {}).items():
        if isinstance(name, str):
            yield ("images", key), name, True


def _problem(root: Path, name: str, *, is_image: bool) -> tuple[str, str] | None:
    path = (root / name).resolve()
    if not path.is_relative_to(root.resolve()):
        return f"`{name}` lies outside of the project", "copy it into the project"
    if not path.is_file():
        return f"there is no file `{name}`", WHERE
    if is_image and not (mimetypes.guess_type(path.name)[0] or "").startswith("image/"):
        return f"`{name}` is no image", "`images` are shown in the text; `attachments` may be anything"
    return None
