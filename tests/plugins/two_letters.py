"""A project that writes two letters to everybody, with a pause between, and what a restored backup needs of it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

FILES = {
    "runner.yaml": "version: 1\ntimezone: UTC\ncontact: {min_between: 0s}\n",
    "sequences/templates/note.md": "---\nsubject: Hello\n---\nHello\n",
    "campaigns/two.yaml": "version: 1\nname: two\nsequence: two\naudience: '\"all\" in lead.lists'\n",
}
FOOTER = """\
footer: {postal_address: "Lumen GmbH, Alte Str. 1, 10115 Berlin", unsubscribe: mailto, mailto: out@lumen.example}
"""


def write_two_letters(root: Path, pause: str) -> Path:
    """The project without its account, with so long a pause between the two letters."""
    steps = (
        "{id: first, channel: email, template: note}",
        f"{{id: pause, wait: {pause}}}",
        "{id: second, channel: email, template: note}",
    )
    sequence = "version: 1\nname: two\nsteps:\n" + "".join(f"  - {step}\n" for step in steps)
    for name, text in (FILES | {"sequences/two.yaml": sequence}).items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


def write_account(root: Path, text: str) -> None:
    """The project's account `desk`: what makes it one, and a footer."""
    (root / "channel_configs").mkdir(exist_ok=True)
    (root / "channel_configs/desk.yaml").write_text(f"version: 1\nchannel: email\nname: desk\n{text}{FOOTER}")


def add_people(root: Path, runner: Callable[..., Any], *people: str) -> None:
    """Import people into the list to which the letters go."""
    (root / "leads.csv").write_text("\n".join(["email", *people]) + "\n")
    assert runner("leads", "import", "leads.csv", "--list", "all").returncode == 0


def remove_database(root: Path) -> None:
    """The database is gone, with what SQLite keeps beside it."""
    for path in root.glob("runner.db*"):
        path.unlink()


def put_back(root: Path, copy: Path) -> None:
    """A copy in the place of the database, as a person restores a backup."""
    remove_database(root)
    shutil.copy(copy, root / "runner.db")
