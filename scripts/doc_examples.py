"""The examples of docs/: files and commands that stand in the pages, run for real, their output written below them.

A block fenced with a language and a file name (```yaml sequences/a.yaml) is a file of the section's project; a
```console block runs each `$ runner ...` line of it and holds what that printed; ```latin1 and ```repeated make files
that Markdown cannot hold. A section, from one `##` or `###` heading to the next, has a project of its own: the files
of docs/example/, with those of the section put over them.
"""

from __future__ import annotations

import io
import os
import re
import shlex
import tempfile
from collections.abc import Iterator
from contextlib import chdir, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from runner.cli.main import main as runner_main

DOCS = Path(__file__).resolve().parents[1] / "docs"
BASE = DOCS / "example"
PAGES = ("language.md", "checks.md", "mistakes.md")
_FENCE = re.compile(r"^```(?P<language>\w+)?(?: (?P<name>\S+))?\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^#{2,3} (?P<title>.+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a page under one heading."""

    title: str
    text: str

    @property
    def files(self) -> dict[str, bytes]:
        """The files that stand in it, by name; a block without a name is only to be read."""
        found: dict[str, bytes] = {}
        for match in _FENCE.finditer(self.text):
            if match["name"] in found:
                raise ValueError(f"`{match['name']}` stands twice under the heading `{self.title}`: one is never run")
            if match["name"]:
                found[match["name"]] = _content(match["language"], match["text"])
        return found


def _content(language: str, text: str) -> bytes:
    """The file that a block stands for: a `repeated` one is a number and the text to write so many times."""
    if language == "repeated":
        count, _, unit = text.partition("\n")
        return (unit.rstrip("\n") * int(count)).encode()
    return text.encode("latin-1" if language == "latin1" else "utf-8")


def sections(page: str) -> Iterator[Section]:
    """The parts of a page in order; joined again, their texts are the page."""
    starts = [match.start() for match in _HEADING.finditer(_hidden(page))]
    bounds = [0, *starts, len(page)]
    for start, end in pairwise(bounds):
        heading = _HEADING.match(page, start)
        yield Section(heading["title"] if heading else "", page[start:end])


def _hidden(page: str) -> str:
    """The page with fenced text blanked out: a comment in YAML is no heading."""
    return _FENCE.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), page)


def fresh_page(name: str) -> str:
    """A page of docs/ with the output of its commands as it is now."""
    return refreshed((DOCS / name).read_text(encoding="utf-8"))


def refreshed(page: str) -> str:
    """The page with every console block as its commands print now."""
    return "".join(_refreshed(section) for section in sections(page))


def _refreshed(section: Section) -> str:
    if "```console" not in section.text:
        return section.text
    with tempfile.TemporaryDirectory() as folder:
        lay_out(Path(folder), section.files)
        return _FENCE.sub(lambda match: _rerun(match, Path(folder)), section.text)


def lay_out(folder: Path, files: dict[str, bytes]) -> None:
    """Write the base project and a section's files over it."""
    base = {path.relative_to(BASE).as_posix(): path.read_bytes() for path in BASE.rglob("*.*")}
    for name, content in {**base, **files}.items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)


def _rerun(match: re.Match[str], folder: Path) -> str:
    if match["language"] != "console":
        return match[0]
    commands = [line for line in match["text"].splitlines() if line.startswith("$ ")]
    return "```console\n" + "".join(f"{command}\n{output_of(command[2:], folder)}" for command in commands) + "```"


def output_of(command: str, folder: Path) -> str:
    """What `runner ...` prints in a folder, both streams together, without colour, `!` first where it fails."""
    words = shlex.split(command)
    if words[:1] != ["runner"]:
        raise ValueError(f"only `runner` is run from the documentation, not `{command}`")
    printed = io.StringIO()
    os.environ.pop("FORCE_COLOR", None)
    with chdir(folder), redirect_stdout(printed), redirect_stderr(printed):
        try:
            runner_main(words[1:])
        except SystemExit as ended:
            if ended.code not in (0, 1):
                raise ValueError(f"`{command}` ended with {ended.code}:\n{printed.getvalue()}") from None
    return "\n".join(line.rstrip() for line in printed.getvalue().rstrip("\n").split("\n")) + "\n"
