"""Message templates: front matter and a body, filled in from plain values in a sandbox.

    ---
    subject: "Quick question, {{ lead.first_name | default('there') }}"
    ---
    Hi {{ lead.first_name | default("there") }}, ...

The language is a small part of Jinja2, checked node by node before anything runs (`template_syntax`); a name without a
value is an error, never an empty string. A template reads only `lead`, `campaign`, `vars` and `sender`, and a lead's
own words are never read as template text.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from runner.errors import RunnerError
from runner.lang.reader import load
from runner.lang.source import Source
from runner.lang.suggest import meant

CONTEXT = ("lead", "campaign", "vars", "sender")
FRONT_MATTER = ("subject", "preheader")
MAX_TEMPLATE = 64 * 1024
MAX_OUTPUT = 256 * 1024
"""The longest text a template may grow to, in characters."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """A template filled in for one lead: Markdown for email, plain text elsewhere. `subject` is empty where unused."""

    body: str
    subject: str = ""
    preheader: str = ""


class TemplateError(RunnerError):
    """A template cannot be read or filled in.

    `line` counts from 1 in the template's file; `variable` is the name without a value, such as `lead.first_name`.
    """

    def __init__(self, message: str, *, template: str, line: int = 1, column: int = 1, variable: str | None = None,
                 hint: str = "") -> None:  # fmt: skip
        super().__init__(message, help=hint)
        self.template, self.line, self.column, self.variable = template, line, column, variable


@dataclass(frozen=True, slots=True)
class Part:
    """One templated text and the line of the file on which it starts."""

    text: str
    line: int = 1


@dataclass(frozen=True, slots=True)
class Template:
    """A template as read. `front` is the front matter's source (None without one), for findings in it."""

    name: str
    source: str
    body: Part
    subject: Part | None = None
    preheader: Part | None = None
    front: Source | None = field(default=None, compare=False, repr=False)

    @property
    def parts(self) -> tuple[Part, ...]:
        """Every text of it that is rendered."""
        return tuple(part for part in (self.subject, self.preheader, self.body) if part is not None)


@lru_cache(maxsize=4096)
def parse_template(source: str, name: str) -> Template:
    """Split front matter from body. Raises TemplateError where the front matter is not plain YAML of known keys."""
    if len(source) > MAX_TEMPLATE:
        raise TemplateError(f"a template has at most {MAX_TEMPLATE // 1024} KiB", template=name)
    text = source.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    lines = text.split("\n")
    if lines[0].rstrip() != "---":
        return Template(name, source, Part(text.strip("\n") + "\n", 1 + _blank(text)))
    closing = next((number for number, line in enumerate(lines[1:], 1) if line.rstrip() == "---"), None)
    if closing is None:
        raise TemplateError("the front matter is never closed", template=name, hint="end it with a line `---`")
    front = load("\n".join(["", *lines[1:closing], ""]), name)
    values = _front_values(front, name)
    rest = "\n".join(lines[closing + 1 :])
    body = Part(rest.strip("\n") + "\n", closing + 2 + _blank(rest))
    parts = {key: Part(text, front.value_span(front.data, key).start.line) for key, text in values.items()}
    return Template(name, source, body, parts.get("subject"), parts.get("preheader"), front)


def _blank(text: str) -> int:
    return len(text) - len(text.lstrip("\n"))


def _front_values(front: Source, name: str) -> dict[str, str]:
    for finding in front.findings:
        if finding.kind.value != "empty-file":
            place = finding.start
            message = f"the front matter is not plain YAML: {finding.detail or finding.kind.value}"
            raise TemplateError(message, template=name, line=place.line, column=place.column)
    if front.data is None:
        return {}
    if not isinstance(front.data, dict):
        raise TemplateError("the front matter is not `key: value` lines", template=name, line=2)
    values = {}
    for key, value in front.data.items():
        place = front.key_span(front.data, key).start
        if key not in FRONT_MATTER:
            message = f"`{key}` is not a key of the front matter"
            hint = meant(key, FRONT_MATTER)
            raise TemplateError(message, template=name, line=place.line, column=place.column, hint=hint)
        values[key] = "" if value is None else str(value)
    return values


def render(template: Template, values: Mapping[str, Mapping[str, object]], seed: str) -> Rendered:
    """Fill a template in. `values` holds the scopes of CONTEXT; `seed` decides every `pick`, the same each time.

    Raises TemplateError, with the line and the variable, where a name has no value or an expression cannot be computed.
    """
    from runner.lang import sandbox

    scopes = sandbox.scopes(values)
    subject, preheader = (
        sandbox.fill(part, template.name, scopes, f"{seed}/{kind}") if part is not None else ""
        for kind, part in (("subject", template.subject), ("preheader", template.preheader))
    )
    body = sandbox.fill(template.body, template.name, scopes, f"{seed}/body")
    return Rendered(body.strip("\n") + "\n", _one_line(subject), _one_line(preheader))


def _one_line(text: str) -> str:
    return " ".join(text.split())


@dataclass(frozen=True, slots=True)
class Use:
    """One use of a variable: its name, where it stands, and whether something stands in when it has no value."""

    scope: str
    name: str
    line: int
    guarded: bool


def uses(template: Template) -> tuple[Use, ...]:
    """Every `scope.name` a template reads. Raises TemplateError where its text is not in the template language."""
    from runner.lang import template_syntax

    return tuple(use for part in template.parts for use in template_syntax.uses(part, template.name))
