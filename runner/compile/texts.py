"""The messages of a sequence: each use of a template by a step, parsed once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from runner.compile.drafts import SequenceDraft, StepDraft
from runner.lang.diagnostics import Position, Span
from runner.lang.source import Key
from runner.lang.templates import Template, TemplateError, Use, parse_template, uses
from runner.model.sequence import ChannelStep

FOLDER = "sequences/templates"


@dataclass
class Text:
    """A template as one step uses it. `path` leads to the name in the sequence file."""

    draft: SequenceDraft
    step: StepDraft
    name: str
    path: tuple[Key, ...]

    @property
    def body(self) -> ChannelStep:
        """The step's body: only channel steps have texts."""
        assert isinstance(self.step.body, ChannelStep)
        return self.step.body

    @property
    def file(self) -> str:
        """The template's file."""
        return self.draft.template_files.get(self.name, f"{FOLDER}/{self.name}.md")

    @cached_property
    def parsed(self) -> Template | TemplateError:
        """The template, or why it is none."""
        try:
            template = parse_template(self.draft.templates[self.name], self.name)
            self.uses = uses(template)
            return template
        except TemplateError as error:
            return error

    uses: tuple[Use, ...] = ()

    @property
    def template(self) -> Template | None:
        """The template, if it is one."""
        return self.parsed if isinstance(self.parsed, Template) else None

    def span(self, line: int, word: str = "") -> Span:
        """The place of a word on a line of the template's file, or of the whole line."""
        lines = self.draft.templates[self.name].replace("\r\n", "\n").replace("\r", "\n").split("\n")
        text = lines[line - 1] if 0 < line <= len(lines) else ""
        start = text.find(word) if word else -1
        if start < 0:
            start, word = len(text) - len(text.lstrip()), text.strip()
        return Span(self.file, Position(line, start + 1), Position(line, start + 1 + max(1, len(word))))

    @property
    def step_span(self) -> Span:
        """Where the sequence names the template."""
        return self.draft.source.at(self.path)


def texts(draft: SequenceDraft) -> Iterator[Text]:
    """Every use of a template that is there."""
    if draft.texts is None:
        draft.texts = tuple(
            Text(draft, step, name, ("steps", step.index, *inside))
            for step in draft.steps
            if isinstance(step.body, ChannelStep)
            for inside, name in step.templates
            if name in draft.templates
        )
    return iter(draft.texts)
