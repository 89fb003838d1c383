"""The JSON Schemas of the project's files, and what of a file goes against its schema.

Verdicts come from `jsonschema-rs` where it is installed (about a hundred times faster), messages from `jsonschema`,
which is imported only when something is wrong.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import Enum
from functools import lru_cache
from pathlib import Path
from typing import Any

from runner.lang.source import Key

MOST_VIOLATIONS = 200
_LONG = 500


class FileKind(Enum):
    """The kinds of file a project has."""

    SEQUENCE = "sequence"
    CHANNEL = "channel"
    CAMPAIGN = "campaign"
    PROJECT = "project"


@dataclass(frozen=True, slots=True)
class Violation:
    """One rule of the schema that a file breaks: `rule` is the schema's keyword, `key` a missing or unknown key."""

    path: tuple[Key, ...]
    rule: str
    value: Any
    schema: dict[str, Any]
    key: str | None = None


def schema_path(kind: FileKind) -> Path:
    """Where the schema file is: in the installed package, or beside it in a checkout."""
    package = Path(__file__).resolve().parent.parent
    installed = package / "schemas"
    folder = installed if installed.is_dir() else package.parent / "schemas"
    return folder / f"{kind.value}.schema.json"


@lru_cache(maxsize=len(FileKind))
def schema_text(kind: FileKind) -> str:
    """The schema as it is written."""
    return schema_path(kind).read_text(encoding="utf-8")


@lru_cache(maxsize=len(FileKind))
def schema(kind: FileKind) -> dict[str, Any]:
    """The schema as data."""
    loaded: dict[str, Any] = json.loads(schema_text(kind))
    return loaded


@lru_cache(maxsize=len(FileKind))
def _fast(kind: FileKind) -> Any:
    try:
        from jsonschema_rs import Draft202012Validator
    except ImportError:
        return None
    return Draft202012Validator(schema(kind))


@lru_cache(maxsize=len(FileKind))
def _thorough(kind: FileKind) -> Any:
    from runner.compile.patterns import ExactValidator

    return ExactValidator(schema(kind))


def is_valid(data: Any, kind: FileKind) -> bool:
    """Whether some data fits the schema of its kind."""
    validator = _fast(kind) or _thorough(kind)
    return bool(validator.is_valid(data))


def violations(data: Any, kind: FileKind) -> list[Violation]:
    """What of some data goes against its schema, each thing once; empty if it fits."""
    if is_valid(data, kind):
        return []
    part, places = _failing_steps(data, kind)
    found: dict[tuple[tuple[Key, ...], str, str | None], Violation] = {}
    if places is not None and len(data["steps"]) > (most := schema(kind)["properties"]["steps"])["maxItems"]:
        found[("steps",), "maxItems", None] = Violation(("steps",), "maxItems", data["steps"], most)
    for error in _thorough(kind).iter_errors(part):
        for violation in _explain(error):
            path = violation.path
            if places is not None and len(path) > 1 and path[0] == "steps":
                violation = replace(violation, path=("steps", places[int(path[1])], *path[2:]))
            found.setdefault((violation.path, violation.rule, violation.key), violation)
        if len(found) >= MOST_VIOLATIONS:
            break
    return list(found.values())


def _failing_steps(data: Any, kind: FileKind) -> tuple[Any, list[int] | None]:
    """A long sequence cut down to the steps that break the schema, and the place of each: explaining is slow work."""
    steps = data.get("steps") if isinstance(data, dict) and kind is FileKind.SEQUENCE else None
    fast = _fast(kind)
    if not isinstance(steps, list) or len(steps) < _LONG or fast is None:
        return data, None
    places: dict[int, None] = {}
    for error in fast.iter_errors(data):
        path = list(error.instance_path)
        if len(path) > 1 and path[0] == "steps":
            places[int(path[1])] = None
        if len(places) >= MOST_VIOLATIONS:
            break
    kept = list(places) or [0]
    return {**data, "steps": [steps[place] for place in kept]}, kept


def _explain(error: Any) -> Iterator[Violation]:
    path = tuple(error.absolute_path)
    rule: str = error.validator
    value, within = error.instance, error.schema
    match rule:
        case "additionalProperties" if within["additionalProperties"] is False:
            prefixes = tuple(pattern.lstrip("^") for pattern in within.get("patternProperties", {}))
            for key in value:
                if key not in within.get("properties", {}) and not (prefixes and key.startswith(prefixes)):
                    yield Violation(path, "unknown", value, within, key)
        case "required":
            for key in error.validator_value:
                if key not in value:
                    yield Violation(path, "required", value, within, key)
        case "dependentRequired":
            for key, needed in error.validator_value.items():
                for other in needed if key in value else ():
                    if other not in value:
                        yield Violation(path, "required", value, within, other)
        case "propertyNames" | "pattern" if error.parent is not None and error.parent.validator == "propertyNames":
            yield Violation(path, "name", value, within, str(value))
        case _ if "propertyNames" in error.absolute_schema_path:
            yield Violation(path, "name", value, within, str(value))
        case _:
            yield Violation(path, rule, value, within)
