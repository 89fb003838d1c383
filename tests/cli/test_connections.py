"""A command leaves no connection open, whether it ends well or badly."""

from __future__ import annotations

import gc
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from runner.errors import NotFound
from runner.operator import get_outreach_history

Run = Callable[..., Any]


def left_open(use: Callable[[], object]) -> list[str]:
    """What was only closed because nobody held it any more."""
    gc.collect()
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        use()
        gc.collect()
    return [str(warning.message) for warning in told if issubclass(warning.category, ResourceWarning)]


@pytest.mark.parametrize(
    "command",
    [
        ("db", "upgrade"),
        ("tasks", "list"),
        ("tasks", "show", "7"),
        ("doctor",),
        ("leads", "list"),
        ("metrics", "quick"),
    ],
)
def test_a_command_closes_what_it_opened(
    command: tuple[str, ...], runner: Run, project: Path, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RUNNER_DATABASE", postgres_url)
    runner("db", "upgrade")
    assert left_open(lambda: runner(*command)) == []


def test_a_database_that_is_not_ready_is_closed_too(
    runner: Run, project: Path, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RUNNER_DATABASE", postgres_url)
    assert left_open(lambda: runner("tasks", "list")) == []


def test_the_operators_functions_close_what_they_opened(
    runner: Run, project: Path, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RUNNER_DATABASE", postgres_url)
    runner("db", "upgrade")

    def ask() -> None:
        with pytest.raises(NotFound):
            get_outreach_history(7, root=project)

    assert left_open(ask) == []
