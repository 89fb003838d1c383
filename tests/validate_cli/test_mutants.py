"""Some three thousand mistakes, made by a script in the project files of this repository: each is told where it is."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

import pytest
from mutants import Mutant, compiled_with, describe, mutants_of

from runner.compile.files import read_project
from runner.compile.project import compile_project

ROOT = Path(__file__).parents[2]
PROJECTS = {"repository": ROOT, "documentation": ROOT / "docs" / "example", "starter": ROOT / "runner/cli/starter"}
GOAL = 0.99
STRIDE = 16
"""Of the sweep that always runs: every sixteenth mutant of each kind; the slow test takes them all."""


def every(step: int, mutants: list[Mutant]) -> list[Mutant]:
    """Every `step`-th mutant of each kind."""
    seen: Counter[str] = Counter()
    chosen = []
    for mutant in mutants:
        if seen[mutant.kind] % step == 0:
            chosen.append(mutant)
        seen[mutant.kind] += 1
    return chosen


def share_found(root: Path, step: int) -> tuple[int, int, list[str]]:
    """How many mutants were told at their place, how many there were, and those that were not."""
    files = read_project(root)
    sound = set(compile_project(files, git_commit="0" * 40).diagnostics)
    assert sound == set(), "the examples themselves must be silent"
    mutants = every(step, list(mutants_of(root)))
    missed = []
    for mutant in mutants:
        result = compiled_with(files, mutant)
        if not any(mutant.is_found_by(item.span) for item in result.diagnostics):
            missed.append(describe(mutant, result))
    return len(mutants) - len(missed), len(mutants), missed


def test_there_are_many_kinds_of_mistakes_and_well_over_three_hundred():
    mutants = [mutant for root in PROJECTS.values() for mutant in mutants_of(root)]
    kinds = Counter(mutant.kind for mutant in mutants)
    assert len(mutants) >= 1000
    assert len(kinds) >= 20


@pytest.mark.parametrize("name", PROJECTS)
def test_a_sample_of_the_mistakes_is_told_at_its_place(name):
    found, total, missed = share_found(PROJECTS[name], STRIDE)
    assert found / total >= GOAL, "\n".join(missed)


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_nearly_every_mistake_is_told_at_its_place(capsys):
    found = total = 0
    missed: list[str] = []
    for root in PROJECTS.values():
        hits, made, more = share_found(root, 1)
        found, total, missed = found + hits, total + made, missed + more
    with capsys.disabled():
        sys.stdout.write(f"\nmutants: {found} of {total} told at their place ({found / total:.2%})\n")
    assert found / total >= GOAL, "\n".join(missed)
