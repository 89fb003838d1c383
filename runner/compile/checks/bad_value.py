"""A value of the wrong type, out of range, or not in the form its key asks for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any

from runner.compile.checks.shape import ShapeSubject, is_literal_secret, is_unitless
from runner.compile.reporting import correcting, error, plain, shown
from runner.compile.schemas import Violation
from runner.lang.diagnostics import Diagnostic
from runner.lang.source import Source
from runner.lang.suggest import meant

SLUG = "bad-value"

_ELSEWHERE = frozenset({"unknown", "required"})
_TYPES = {
    "string": "a text", "integer": "a whole number", "number": "a number", "boolean": "true or false",
    "array": "a list", "object": "a mapping", "null": "nothing",
}  # fmt: skip
_NAMES = {
    "duration": "a duration", "id": "a name", "name": "a name", "template": "the name of a template",
    "hours": "a pair of times", "date": "a date", "event": "a step and an event", "target": "a step id or `end`",
    "field": "a type of field",
}  # fmt: skip


def check(subject: ShapeSubject) -> Iterator[Diagnostic]:
    """Yield one diagnostic for each value that no other check of shape explains."""
    for violation in subject.violations:
        if violation.rule in _ELSEWHERE or is_unitless(violation) or is_literal_secret(violation):
            continue
        yield _explain(subject, violation)


def _explain(subject: ShapeSubject, violation: Violation) -> Diagnostic:
    if violation.rule == "name":
        owner = subject.source.at(violation.path)
        container = _container(subject.source.data, violation.path)
        span = subject.source.key_span(container, str(violation.value)) if container is not None else owner
        return error(SLUG, f"{shown(violation.value)} is not a name", span, path=violation.path,
                     help="lower-case letters, digits and underscores, starting with a letter")  # fmt: skip
    summary, hint = _words(violation)
    span = subject.place(violation)
    fix = None
    if violation.rule == "enum" and isinstance(violation.value, str):
        fix = correcting(span, violation.value, [str(choice) for choice in violation.schema["enum"]])
    label = hint if fix is not None else ""
    return error(SLUG, summary, span, label=label, help=hint, path=violation.path, fix=fix)


def _container(data: Any, path: tuple[Any, ...]) -> Any:
    for part in path:
        data = data[part]
    return data if isinstance(data, dict) else None


def _words(violation: Violation) -> tuple[str, str]:
    """What is wrong, and what is expected."""
    schema, value = violation.schema, violation.value
    pattern_help = plain(schema.get("patternErrorMessage", ""))
    match violation.rule:
        case "type":
            return _wrong_type(violation, pattern_help)
        case "enum":
            return f"{shown(value)} is not allowed here", meant(str(value), [str(item) for item in schema["enum"]])
        case "const" if violation.path == ("version",):
            return f"there is no version {value} of the language", "this runner reads `version: 1`"
        case "const":
            return f"{shown(value)} is not allowed here", f"expected `{str(schema['const']).lower()}`"
        case "pattern":
            return f"{shown(value)} is not {_NAMES.get(schema.get('x-kind', ''), 'of the right form')}", pattern_help
        case "minimum" | "maximum":
            return f"{shown(value)} is too {'small' if violation.rule == 'minimum' else 'large'}", _range(schema)
        case "minItems" | "maxItems" | "minProperties" | "minLength":
            short = violation.rule != "maxItems"
            return f"there are too {'few' if short else 'many'} values here", plain(schema.get("description", ""))
        case "maxLength":
            return f"the text is longer than {schema['maxLength']:,} characters", ""
        case _:
            return f"{shown(value)} does not fit here", plain(schema.get("description", ""))


def _wrong_type(violation: Violation, pattern_help: str) -> tuple[str, str]:
    schema, value = violation.schema, violation.value
    types = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    if types == ["boolean"]:
        return f"{shown(value)} is neither true nor false", "write `true` or `false`"
    expected = " or ".join(_TYPES[name] for name in types)
    return f"{shown(value)} is not {expected}", pattern_help or plain(schema.get("description", ""))


def _range(schema: dict[str, Any]) -> str:
    least, most = schema.get("minimum"), schema.get("maximum")
    return f"expected {least} to {most}" if most is not None else f"expected {least} or more"


def in_dates(source: Source, keys: Iterable[str]) -> Iterator[Diagnostic]:
    """Yield one diagnostic for each date that no calendar has, in a file whose shape is right."""
    for key in keys:
        text = source.data.get(key)
        try:
            date.fromisoformat(text or "2000-01-01")
        except ValueError:
            yield error(SLUG, f"there is no day {text}", source.at((key,)), path=(key,),
                        help="a date, like 2027-01-31")  # fmt: skip
