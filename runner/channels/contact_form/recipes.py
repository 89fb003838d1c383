"""Recipes: reviewed YAML for known sites, which says where the form is, what goes where, and how success looks."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from string import Template
from typing import Any

from jsonschema import Draft202012Validator

from runner.compile.schemas import FileKind, schema_path
from runner.lang.diagnostics import Diagnostic, Severity, Span
from runner.lang.durations import parse_duration
from runner.lang.reader import read
from runner.lang.source import Source

_KNOWN = "name first_name last_name email phone company website subject message"
_VARIABLES = frozenset(_KNOWN.split())
_NAMED = re.compile(r"\$(?:\{(\w+)\}|(\w+))")


class BadRecipe(Exception):
    """A recipe file that cannot be used; `diagnostics` say what and where. Caught inside the channel."""

    def __init__(self, diagnostics: tuple[Diagnostic, ...]) -> None:
        super().__init__("; ".join(item.summary for item in diagnostics))
        self.diagnostics = diagnostics


@dataclass(frozen=True, slots=True)
class Recipe:
    """What one file says. A field's None leaves it as the page has it; `form` is a number or a CSS selector."""

    host: str
    page: str
    fields: Mapping[str, str | None]
    form: int | str | None = None
    browser: bool = False
    success_text: str | None = None
    success_url: str | None = None
    dwell: float | None = None

    def answers(self, values: Mapping[str, str]) -> dict[str, str]:
        """The values of the fields for one message; a variable that is not known becomes nothing."""
        return {
            name: Template(text).safe_substitute({key: values.get(key, "") for key in _VARIABLES})
            for name, text in self.fields.items()
            if text is not None
        }


def recipe_for(folder: Path | None, host: str) -> Recipe | None:
    """The recipe of a site; None when there is none. Raises BadRecipe for a file that cannot be used."""
    if folder is None or not host or "/" in host:
        return None
    path = folder / f"{host.removeprefix('www.')}.yaml"
    return load_recipe(path) if path.is_file() else None


def load_recipe(path: Path) -> Recipe:
    """Read and validate a recipe. Raises BadRecipe with every finding."""
    source = read(path.read_bytes(), str(path))
    if source.findings:
        spans = ((source.span(item.start, item.end), f"{item.kind.value} {item.detail}") for item in source.findings)
        raise BadRecipe(tuple(_diagnostic(*found) for found in spans))
    data: Any = source.data
    problems = [
        _diagnostic(source.at(tuple(error.absolute_path)), error.message) for error in _validator().iter_errors(data)
    ]
    problems += [] if problems else _rules(path, source, data)
    if problems:
        raise BadRecipe(tuple(problems))
    success = data.get("success", {})
    return Recipe(
        host=data["host"],
        page=data["page"],
        fields=data["fields"],
        form=data.get("form"),
        browser=data.get("mode") == "browser",
        success_text=success.get("text"),
        success_url=success.get("url"),
        dwell=parse_duration(data["dwell"]).elapsed.total_seconds() if "dwell" in data else None,
    )


def check_recipes(folder: Path) -> tuple[Diagnostic, ...]:
    """What is wrong with the recipes of a folder."""
    found: list[Diagnostic] = []
    for path in sorted(folder.glob("*.yaml")):
        try:
            load_recipe(path)
        except BadRecipe as error:
            found += error.diagnostics
    return tuple(found)


def _rules(path: Path, source: Source, data: Any) -> list[Diagnostic]:
    """What the schema cannot say: the file's name, and the variables there are."""
    found = []
    if data["host"] != path.stem:
        words = f"`host: {data['host']}` stands in {path.name}; the file is named after its host"
        found.append(_diagnostic(source.at(("host",)), words))
    for name, text in data["fields"].items():
        for braced, bare in _NAMED.findall(text or ""):
            if (braced or bare) not in _VARIABLES:
                words = f"`${braced or bare}` is not known; there are {', '.join(sorted(_VARIABLES))}"
                found.append(_diagnostic(source.at(("fields", name)), words))
    return found


@cache
def _validator() -> Draft202012Validator:
    path = schema_path(FileKind.PROJECT).with_name("form.schema.json")
    return Draft202012Validator(json.loads(path.read_text(encoding="utf-8")))


def _diagnostic(span: Span, words: str) -> Diagnostic:
    return Diagnostic("form-recipe", Severity.ERROR, words, span, help="`runner forms record URL` drafts a recipe")
