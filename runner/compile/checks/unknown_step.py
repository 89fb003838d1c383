"""A step that is not there: in a condition, a route, a `thread:` or a `wait_for:`."""

from __future__ import annotations

from collections.abc import Iterator

from runner.compile.checks.conditions import problems
from runner.compile.drafts import SequenceDraft, StepDraft, ids
from runner.compile.reporting import correcting, error
from runner.lang.diagnostics import Diagnostic, Span
from runner.lang.source import Key
from runner.lang.suggest import meant, nearest
from runner.model.channel import ChannelType
from runner.model.sequence import END

SLUG = "unknown-step"


def check(draft: SequenceDraft) -> Iterator[Diagnostic]:
    """Yield one diagnostic for each name of a step that does not exist."""
    yield from problems(draft, SLUG)
    for step in draft.steps:
        yield from _routes(draft, step)
        yield from _thread(draft, step)
        yield from _wait_for(draft, step)


def _unknown(name: str, known: list[str], span: Span, path: tuple[Key, ...], what: str = "step") -> Diagnostic:
    near = nearest(name, known)
    hint = meant(name, known)
    return error(SLUG, f"there is no {what} `{name}`", span, label=hint if near else "", help=hint, path=path,
                 fix=correcting(span, name, known))  # fmt: skip


def _routes(draft: SequenceDraft, step: StepDraft) -> Iterator[Diagnostic]:
    for outcome, target in step.routes.items():
        if target in draft.by_id or target == END:
            continue
        inside = (outcome,) if isinstance(step.raw["next"], dict) else ()
        path: tuple[Key, ...] = ("steps", step.index, "next", *inside)
        if not draft.is_broken(*path):
            others = [name for name in ids(draft.steps) if name != step.id]
            yield _unknown(target, [*others, END], draft.source.at(path), path)


def _thread(draft: SequenceDraft, step: StepDraft) -> Iterator[Diagnostic]:
    thread = step.raw.get("thread")
    if not isinstance(thread, str) or draft.is_broken("steps", step.index, "thread"):
        return
    emails = ids(other for other in draft.steps if other.channel is ChannelType.EMAIL and other is not step)
    if thread not in emails:
        path = ("steps", step.index, "thread")
        span = draft.source.at(path)
        if thread in draft.by_id:
            if draft.by_id[thread].body is None:
                return  # what kind of step it is, is told already
            yield error(SLUG, f"`{thread}` is not another email step", span, help=meant(thread, emails), path=path)
        else:
            yield _unknown(thread, emails, span, path, "email step")


def _wait_for(draft: SequenceDraft, step: StepDraft) -> Iterator[Diagnostic]:
    target = step.raw.get("wait_for")
    if not isinstance(target, str) or draft.is_broken("steps", step.index, "wait_for"):
        return
    name = target.partition(".")[0]
    if name not in draft.by_id:
        span = draft.source.part_span(step.raw, "wait_for", 0, len(name))
        known = ids(other for other in draft.steps if other.events)
        yield _unknown(name, known, span, ("steps", step.index, "wait_for"))
