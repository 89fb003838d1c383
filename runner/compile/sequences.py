"""Compile one sequence file: shape, names, graph, texts. A broken part is told once and hides what follows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any

from runner.compile import registry
from runner.compile.checks import name_mismatch
from runner.compile.checks.shape import ShapeSubject
from runner.compile.drafts import SequenceDraft, StepDraft, attach_conditions, read_steps
from runner.compile.graphs import build_graph
from runner.compile.schemas import FileKind, violations
from runner.compile.vocabulary import LEAD_FIELDS
from runner.lang.diagnostics import Diagnostic
from runner.lang.reader import load, without_collection
from runner.lang.source import Source
from runner.model.events import ALWAYS_STOP, DEFAULT_STOP, EventKind
from runner.model.graph import StepGraph
from runner.model.project import CompiledSequence
from runner.model.sequence import SequenceConfig, SequenceStep

MOST_OF_ONE_CHECK = 200
"""How often one file is told one thing: who made the same mistake oftener has understood by then."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a sequence file's meaning depends on outside of it.

    `stem` is the file's name (None: not compared with `name`); `template_files` says where each template lies.
    `stored` is a definition that people in flight follow: it was checked when it was published, and fields that the
    project has dropped since are unknown values in it rather than errors.
    """

    templates: Mapping[str, str] = field(default_factory=dict)
    lead_fields: Mapping[str, str] = field(default_factory=dict)
    required_fields: frozenset[str] = frozenset()
    campaign_vars: Mapping[str, object] = field(default_factory=dict)
    stem: str | None = None
    check_templates: bool = True
    template_files: Mapping[str, str] = field(default_factory=dict)
    max_emails: int = 4
    stored: bool = False


@dataclass(frozen=True, slots=True)
class SequenceResult:
    """A sequence file compiled: the draft for the checks of the project, and the sequence when nothing is wrong."""

    draft: SequenceDraft | None
    compiled: CompiledSequence | None
    diagnostics: tuple[Diagnostic, ...]


def compile_sequence(
    text: str, file: str, templates: Mapping[str, str], *, surroundings: Surroundings | None = None
) -> tuple[CompiledSequence | None, tuple[Diagnostic, ...]]:
    """Compile a sequence from its text and its templates' sources, such as a definition that was stored.

    The sequence is None if any diagnostic is an error.
    """
    around = surroundings or Surroundings()
    result = compile_source(load(text, file), replace(around, templates=templates))
    return result.compiled, result.diagnostics


def compile_source(source: Source, around: Surroundings) -> SequenceResult:
    """Compile a sequence file that was read."""
    with without_collection():
        return _compile_source(source, around)


def _compile_source(source: Source, around: Surroundings) -> SequenceResult:
    found: list[Diagnostic] = _run(registry.SOURCE_CHECKS, source)
    if source.data is None:
        return SequenceResult(None, None, tuple(found))
    broken = violations(source.data, FileKind.SEQUENCE)
    if broken:
        found += _run(registry.SHAPE_CHECKS, ShapeSubject(source, FileKind.SEQUENCE, tuple(broken)))
    if not isinstance(source.data, dict):
        return SequenceResult(None, None, tuple(found))
    draft = SequenceDraft(
        source, str(source.data.get("name", "")), read_steps(source.data), around.templates,
        {**LEAD_FIELDS, **around.lead_fields}, around.required_fields, around.campaign_vars,
        {violation.path for violation in broken}, around.stem, around.template_files, around.max_emails,
        fields_are_known=not around.stored,
    )  # fmt: skip
    attach_conditions(draft)
    found += name_mismatch.in_file(source, around.stem)
    found += _run(registry.NAME_CHECKS, draft)
    draft.graph = _graph(draft, found)
    if draft.graph is not None:
        found += _run(registry.GRAPH_CHECKS, draft)
    if around.check_templates:
        found += _run(registry.TEMPLATE_CHECKS, draft)
    compiled = None
    config = draft.graph_config
    if draft.graph is not None and config is not None and not any(diagnostic.is_error for diagnostic in found):
        used = {name: draft.templates[name] for step in draft.steps for _, name in step.templates
                if name in draft.templates}  # fmt: skip
        compiled = CompiledSequence(config, draft.graph, source.text, used)
    return SequenceResult(draft, compiled, tuple(found))


def _run(checks: Iterable[Callable[[Any], Iterable[Diagnostic]]], subject: Any) -> list[Diagnostic]:
    return [diagnostic for check in checks for diagnostic in islice(check(subject), MOST_OF_ONE_CHECK)]


def _graph(draft: SequenceDraft, found: Iterable[Diagnostic]) -> StepGraph | None:
    """The graph, unless something is wrong that would make it say what nobody meant."""
    if any(diagnostic.is_error and diagnostic.slug not in registry.HARMLESS_TO_GRAPH for diagnostic in found):
        return None
    steps = tuple(_step(step) for step in draft.steps)
    if not steps:
        return None
    data = draft.source.data
    draft.graph_config = SequenceConfig(
        draft.name, steps, str(data.get("description", "")), _stops(data), data.get("stop_scope", "lead"), draft.vars
    )
    return build_graph(draft.graph_config)


def _step(step: StepDraft) -> SequenceStep:
    assert step.id is not None and step.body is not None
    condition = step.condition.condition if step.condition is not None else None
    return SequenceStep(step.id, step.body, condition, step.routes)


def _stops(data: Mapping[str, Any]) -> frozenset[EventKind]:
    given = data.get("stop_on")
    if not isinstance(given, list):
        return DEFAULT_STOP
    return frozenset(EventKind(event) for event in given) | ALWAYS_STOP
