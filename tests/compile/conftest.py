"""Sequences compiled from a few lines."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable

import pytest

from runner.compile.sequences import Surroundings, compile_sequence
from runner.model.project import CompiledSequence

LETTER = "---\nsubject: Hello\n---\nHello.\n"


class AnyTemplate(defaultdict[str, str]):
    """Every template there is asked for."""

    def __init__(self) -> None:
        super().__init__(lambda: LETTER)

    def __contains__(self, name: object) -> bool:
        return True


@pytest.fixture
def sequence() -> Callable[..., CompiledSequence]:
    """`sequence("- {id: a, wait: 3d}")`: the compiled sequence of these steps."""

    def build(steps: str, head: str = "") -> CompiledSequence:
        indented = "".join(f"  {line}\n" for line in steps.strip("\n").splitlines())
        text = f"version: 1\nname: x\n{head}steps:\n{indented}"
        around = Surroundings(check_templates=False)
        compiled, found = compile_sequence(text, "x.yaml", AnyTemplate(), surroundings=around)
        assert compiled is not None, [(item.slug, item.summary, item.span.start) for item in found]
        return compiled

    return build
