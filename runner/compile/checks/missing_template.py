"""A template that is not there, or a step that sends and names none."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from runner.compile.drafts import SequenceDraft
from runner.compile.reporting import correcting, error
from runner.lang.diagnostics import Diagnostic, Related
from runner.lang.suggest import meant, nearest
from runner.model.sequence import ChannelStep

SLUG = "missing-template"


def check(draft: SequenceDraft) -> Iterator[Diagnostic]:
    """Yield one diagnostic for each template that is missing."""
    for step in draft.steps:
        if step.kinds != ("channel",):
            continue
        for inside, name in step.templates:
            path = ("steps", step.index, *inside)
            if name in draft.templates or draft.is_broken(*path):
                continue
            span = draft.source.at(path)
            near = nearest(name, draft.templates)
            hint = meant(name, draft.templates) if near else f"create templates/{name}.md"
            yield error(SLUG, f"there is no template `{name}`", span, label=hint if near else "", help=hint, path=path,
                        fix=correcting(span, name, draft.templates))  # fmt: skip
        if "template" in step.raw and "variants" in step.raw:
            first = draft.source.key_span(step.raw, "template")
            yield error(SLUG, "a step has `template` or `variants`, not both",
                        draft.source.key_span(step.raw, "variants"), help="keep one of the two",
                        path=("steps", step.index, "variants"),
                        related=(Related(first, "the other is here"),))  # fmt: skip
        elif not {"template", "variants"} & step.raw.keys() and _must_speak(step.body) and not _misspelt(step.raw):
            yield error(SLUG, f"step `{step.id}` has nothing to say", draft.source.key_span(step.raw, "channel"),
                        help="add `template:` or `variants:`", path=("steps", step.index))  # fmt: skip


def _must_speak(body: object) -> bool:
    """Whether a step needs a text: an invitation does without a note."""
    return isinstance(body, ChannelStep) and body.action != "connect"


def _misspelt(keys: Iterable[str]) -> bool:
    """Whether one of the keys was meant for the missing one: then that is told, and this is not."""
    return any(nearest(key, ("template", "variants")) for key in keys)
