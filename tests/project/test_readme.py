"""What the README tells people to type and to write works."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys

import pytest
import tree
import yaml

from runner.cli.main import COMMANDS

README = (tree.ROOT / "README.md").read_text(encoding="utf-8")
FENCES = re.findall(r"^```(\w*)\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


def fenced(language: str) -> list[str]:
    """The blocks of one language."""
    return [text for name, text in FENCES if name == language]


def test_the_sequence_of_the_readme_compiles(tmp_path):
    [text] = fenced("yaml")
    for name in ("runner.yaml", "channel_configs", "sequences"):
        source = tree.ROOT / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, tmp_path / name)
    name = yaml.safe_load(text)["name"]
    (tmp_path / "sequences" / f"{name}.yaml").write_text(text)
    command = [sys.executable, "-m", "runner", "validate", f"sequences/{name}.yaml"]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize("command", sorted(set(re.findall(r"^(?:.venv/bin/)?runner (\w+)", README, re.MULTILINE))))
def test_every_command_of_the_readme_exists(command):
    assert command in COMMANDS


@pytest.mark.parametrize("target", sorted(set(re.findall(r"\bmake (\w+)", "".join(fenced(""))))))
def test_every_make_target_of_the_readme_exists(target):
    rules = (tree.ROOT / "Makefile").read_text()
    assert re.search(rf"^{target}:", rules, re.MULTILINE)


def test_the_readme_opens_with_three_sentences_and_the_two_commands():
    opening, _, rest = README.removeprefix("# Runner\n\n").partition("\n\n```\n")
    assert len(re.findall(r"[.!?](?=\s|$)", opening)) == 3
    assert [line.split()[1] for line in rest.partition("```")[0].splitlines()] == ["demo", "test"]
