"""Values of every step: nobody may change one, and mypy is who says so."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import fields, replace
from pathlib import Path

from runner.values import value


@value
class Point:
    """A value."""

    x: int
    y: int = 0


def test_a_value_is_a_dataclass_without_a_dictionary():
    point = Point(1)
    assert [field.name for field in fields(point)] == ["x", "y"]
    assert replace(point, y=2) == Point(1, 2) != point
    assert {point: "here"}[Point(1)] == "here"
    assert not hasattr(point, "__dict__")


def test_mypy_refuses_to_change_a_value_and_a_frozen_dataclass_alike(tmp_path: Path):
    said = {}
    for name, how in (("value", "@value"), ("frozen", "@dataclass(frozen=True, slots=True)")):
        source = (
            "from dataclasses import dataclass\nfrom runner.values import value\n\n"
            f"{how}\nclass Point:\n    x: int\n\ndef move(point: Point) -> None:\n    point.x = 2\n"
        )
        path = tmp_path / f"{name}.py"
        path.write_text(source)
        command = [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(tmp_path / "cache"), str(path)]
        run = subprocess.run(command, capture_output=True, text=True, check=False)
        said[name] = run.stdout.replace(str(path), "")
    assert 'Property "x" defined in "Point" is read-only' in said["value"]
    assert said["value"] == said["frozen"]
