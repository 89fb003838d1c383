"""Two steps or two variants with one id, an id that is a word of the language, or one that a channel has already."""

from __future__ import annotations

from collections.abc import Iterator

from runner.compile.drafts import CHANNELS, SequenceDraft, StepDraft
from runner.compile.reporting import error
from runner.lang.conditions import RESERVED
from runner.lang.diagnostics import Diagnostic, Related

SLUG = "ambiguous-id"


def check(draft: SequenceDraft) -> Iterator[Diagnostic]:
    """Yield one diagnostic for each id that could mean two things."""
    seen: dict[str, StepDraft] = {}
    for step in draft.steps:
        if step.id is None or draft.is_broken("steps", step.index, "id"):
            continue
        yield from _variants(draft, step)
        path = ("steps", step.index, "id")
        span = draft.source.at(path)
        if step.id in seen:
            first = draft.source.at(("steps", seen[step.id].index, "id"))
            yield error(SLUG, f"two steps are called `{step.id}`", span, help="give this one another id", path=path,
                        related=(Related(first, "the first one is here"),))  # fmt: skip
            continue
        seen[step.id] = step
        if step.id in RESERVED:
            yield error(SLUG, f"`{step.id}` is a word of the language", span, path=path, help="take another id")
        elif (meaning := _other_meaning(draft, step)) is not None:
            yield error(SLUG, f"`{step.id}` is also a channel, {meaning}", span, path=path,
                        help=f"call it `{step.id}_intro`, say: `{step.id}_failed` must mean one thing")  # fmt: skip


def _other_meaning(draft: SequenceDraft, step: StepDraft) -> str | None:
    channel = CHANNELS.get(step.id or "")
    if channel is None:
        return None
    same = [other for other in draft.steps if other.channel is channel and other is not step]
    if step.channel is not channel:
        return "and this step is of another kind" if same or step.channel is not None else "and this step is not one"
    return f"and `{same[0].id}` is a step of it too" if same else None


def _variants(draft: SequenceDraft, step: StepDraft) -> Iterator[Diagnostic]:
    variants = step.raw.get("variants")
    first: dict[str, int] = {}
    for place, variant in enumerate(variants if isinstance(variants, list) else ()):
        name = variant.get("id") if isinstance(variant, dict) else None
        if not isinstance(name, str):
            continue
        path = ("steps", step.index, "variants", place, "id")
        if name in first:
            other = draft.source.at((*path[:3], first[name], "id"))
            yield error(SLUG, f"two variants are called `{name}`", draft.source.at(path), path=path,
                        help="give this one another id", related=(Related(other, "the first is here"),))  # fmt: skip
        first.setdefault(name, place)
