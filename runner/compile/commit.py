"""The Git commit a folder stands at, read from the repository's files; no process is started."""

from __future__ import annotations

import re
from pathlib import Path

_COMMIT = re.compile(r"[0-9a-f]{40,64}")


def head_commit(root: Path) -> str | None:
    """The commit that HEAD names, or None outside of a repository and before the first commit.

    Source: gitrepository-layout(5), for worktrees (`gitdir:` files, `commondir`) and packed refs.
    """
    try:
        folder = _git_folder(root.absolute())
        return _resolve(folder, (folder / "HEAD").read_text("utf-8").strip()) if folder is not None else None
    except (OSError, UnicodeDecodeError):
        return None


def _git_folder(start: Path) -> Path | None:
    for folder in (start, *start.parents):
        entry = folder / ".git"
        if entry.is_dir():
            return entry
        if entry.is_file():
            target = entry.read_text("utf-8").strip().removeprefix("gitdir:").strip()
            return (folder / target).resolve()
    return None


def _resolve(folder: Path, head: str) -> str | None:
    if not head.startswith("ref:"):
        return head if _COMMIT.fullmatch(head) else None
    name = head.removeprefix("ref:").strip()
    common = folder
    if (folder / "commondir").is_file():
        common = (folder / (folder / "commondir").read_text("utf-8").strip()).resolve()
    for place in (folder, common):
        if (place / name).is_file():
            commit = (place / name).read_text("utf-8").strip()
            return commit if _COMMIT.fullmatch(commit) else None
    packed = common / "packed-refs"
    for line in packed.read_text("utf-8").splitlines() if packed.is_file() else ():
        commit, _, ref = line.partition(" ")
        if ref == name and _COMMIT.fullmatch(commit):
            return commit
    return None
