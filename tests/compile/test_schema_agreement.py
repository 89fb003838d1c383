"""The fast validator and the thorough one: the same verdict on every file, good, mutated or absurd."""

from __future__ import annotations

import copy
import json
import random
from pathlib import Path
from typing import Any

import pytest

from runner.compile.patterns import ExactValidator
from runner.compile.schemas import FileKind, is_valid, schema, violations
from runner.lang.reader import read

jsonschema_rs = pytest.importorskip("jsonschema_rs")
ROOT = Path(__file__).parents[2]
FILES = {
    FileKind.SEQUENCE: sorted(ROOT.glob("sequences/*.yaml")),
    FileKind.CHANNEL: sorted(ROOT.glob("channel_configs/*.yaml")),
    FileKind.CAMPAIGN: sorted(ROOT.glob("campaigns/*.yaml")),
    FileKind.PROJECT: [ROOT / "runner.yaml"],
}
ODD = [
    None, True, False, 0, -1, 1, 2.5, 10**12, "", "x", "3d", "3", "3d\n", "3 d", "٣d", "mon", "end", "a\n", "é",
    "x" * 3_000, [], [1], ["mon"], {}, {"env": "X"}, {"env": "X", "file": "y"}, {"count": 1}, "09:00-17:00",
    "2027-01-01",
]  # fmt: skip
MUTANTS = 400


def places(data: Any) -> list[tuple[Any, Any]]:
    found = []
    todo = [data]
    while todo:
        item = todo.pop()
        pairs = list(item.items() if isinstance(item, dict) else enumerate(item) if isinstance(item, list) else ())
        found += [(item, key) for key, _ in pairs]
        todo += [value for _, value in pairs]
    return found


def mutated(data: Any, rng: random.Random) -> Any:
    changed = copy.deepcopy(data)
    for _ in range(rng.randint(1, 3)):
        container, key = rng.choice(places(changed))
        action = rng.randrange(4)
        if action == 0:
            container[key] = rng.choice(ODD)
        elif action == 1:
            del container[key]
            if not places(changed):
                return changed
        elif action == 2 and isinstance(container, dict):
            container[rng.choice([f"{key}x", key[:-1], key.upper(), "x-own", ""])] = container.pop(key)
        else:
            container[key] = [container[key]]
    return changed


@pytest.mark.parametrize("kind", FileKind, ids=lambda kind: kind.value)
def test_both_validators_agree_on_mutated_files(kind):
    fast = jsonschema_rs.Draft202012Validator(schema(kind))
    thorough = ExactValidator(schema(kind))
    rng = random.Random(f"agreement {kind.value}")
    bad = 0
    for number in range(MUTANTS):
        data = read(rng.choice(FILES[kind]).read_bytes(), "f").data
        data = mutated(data, rng) if number else data
        verdict = fast.is_valid(data)
        assert verdict == thorough.is_valid(data), json.dumps(data)
        bad += not verdict
    assert bad > MUTANTS / 4


@pytest.mark.parametrize("kind", FileKind, ids=lambda kind: kind.value)
def test_what_is_not_valid_is_always_explained_at_a_place_that_is_there(kind):
    rng = random.Random(f"explained {kind.value}")
    for _ in range(MUTANTS // 4):
        data = mutated(read(rng.choice(FILES[kind]).read_bytes(), "f").data, rng)
        found = violations(data, kind)
        assert bool(found) == (not is_valid(data, kind))
        for violation in found:
            place = data
            for key in violation.path:
                place = place[key]


@pytest.mark.parametrize("kind", FileKind, ids=lambda kind: kind.value)
def test_the_schema_is_one_and_describes_every_key(kind):
    ExactValidator.check_schema(schema(kind))
    undescribed = []

    def look(node: Any, path: str) -> None:
        if isinstance(node, dict):
            for name, value in node.get("properties", {}).items() if isinstance(node.get("properties"), dict) else ():
                target = value
                if isinstance(value, dict) and "$ref" in value:
                    target = {**schema(kind)["$defs"][value["$ref"].rsplit("/", 1)[1]], **value}
                if isinstance(target, dict) and not target.get("description") and not path.endswith("/if"):
                    undescribed.append(f"{path}/{name}")
            for key, value in node.items():
                look(value, f"{path}/{key}")
        elif isinstance(node, list):
            for item in node:
                look(item, path)

    look(schema(kind), "")
    assert undescribed == []


@pytest.mark.parametrize("kind", FileKind, ids=lambda kind: kind.value)
def test_nothing_the_user_writes_is_a_union(kind):
    text = json.dumps(schema(kind))
    assert '"oneOf"' not in text
    assert '"anyOf"' not in text


@pytest.mark.parametrize("kind", FileKind, ids=lambda kind: kind.value)
def test_every_pattern_has_words_of_its_own(kind):
    silent = []

    def look(node: Any, path: str) -> None:
        if isinstance(node, dict):
            if (
                isinstance(node.get("pattern"), str)
                and "propertyNames" not in path
                and "patternErrorMessage" not in node
            ):
                silent.append(path)
            for key, value in node.items():
                look(value, f"{path}/{key}")

    look(schema(kind), "")
    assert silent == []
