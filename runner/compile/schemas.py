"""The JSON Schemas of the project's files, and what of a file goes against its schema.

Verdicts come from `jsonschema-rs` where it is installed (about a hundred times faster), messages from `jsonschema`,
which is imported only when something is wrong.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from pathlib import Path
from typing import Any

from runner.lang.source import Key

MOST_VIOLATIONS = 200


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
    found: dict[tuple[tuple[Key, ...], str, str | None], Violation] = {}
    for error in _thorough(kind).iter_errors(data):
        for violation in _explain(error):
            found.setdefault((violation.path, violation.rule, violation.key), violation)
        if len(found) >= MOST_VIOLATIONS:
            break
    return list(found.values())


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
