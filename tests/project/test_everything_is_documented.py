"""Undocumented means failing: commands, checks, outcomes, events, statuses, environment variables."""

from __future__ import annotations

import re
from functools import cache

import pytest
import tree

from runner.cli.main import COMMANDS
from runner.compile.registry import CHECKS
from runner.engine.state import EnrollmentStatus, WaitingOn
from runner.model import graph
from runner.model.channel import ChannelType
from runner.model.events import EventKind
from runner.model.message import OutreachStatus

OUTCOMES = sorted(
    {
        *graph.EMAIL_OUTCOMES, *graph.CONNECT_OUTCOMES, *graph.MESSAGE_OUTCOMES, *graph.FORM_OUTCOMES,
        *graph.PHONE_OUTCOMES, graph.SKIPPED, "happened", "timeout",
    }
)  # fmt: skip


@cache
def page(name: str) -> str:
    """The text of one page, or an empty one."""
    file = tree.ROOT / "docs" / name
    return file.read_text(encoding="utf-8") if file.exists() else ""


@cache
def all_pages() -> str:
    """The text of every page."""
    return "\n".join(path.read_text(encoding="utf-8") for path in (tree.ROOT / "docs").rglob("*.md"))


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_its_section(command):
    assert re.search(rf"^## runner {command}$", page("cli.md"), re.MULTILINE)


@pytest.mark.parametrize("slug", [check.SLUG for check in CHECKS])
def test_every_check_has_its_section(slug):
    assert re.search(rf"^#+ .*\b{slug}\b", page("checks.md"), re.MULTILINE)


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_every_outcome_is_in_the_language(outcome):
    assert f"`{outcome}`" in page("language.md")


@pytest.mark.parametrize("event", [event.value for event in EventKind])
def test_every_event_is_in_the_language(event):
    assert f"`{event}`" in page("language.md")


@pytest.mark.parametrize("channel", [channel.value for channel in ChannelType])
def test_every_channel_is_in_the_language(channel):
    assert re.search(rf"\b{channel}\b", page("language.md"))


@pytest.mark.parametrize("status", list(OutreachStatus), ids=lambda status: status.name)
def test_every_status_that_people_see_is_explained(status):
    assert f"`{status.name}`" in all_pages() or f"`{status.value}`" in all_pages()


@pytest.mark.parametrize("word", [item.value for kind in (WaitingOn, EnrollmentStatus) for item in kind])
def test_every_state_of_an_enrollment_is_explained(word):
    assert f"| `{word}` |" in page("operations.md")


def test_every_environment_variable_is_explained():
    used = set()
    for path in tree.files("runner"):
        used |= set(re.findall(r"""["'](RUNNER_[A-Z_]+)["']""", path.read_text(encoding="utf-8")))
    assert not [name for name in sorted(used) if name not in all_pages()]
