"""A key that means nothing on this kind of step or channel."""

from __future__ import annotations

from collections.abc import Iterator

from runner.compile.drafts import SequenceDraft, StepDraft
from runner.compile.reporting import error
from runner.lang.diagnostics import Diagnostic
from runner.model.channel import ChannelType

SLUG = "key-not-for-channel"

_ANYWHERE = frozenset({"id", "condition", "next", "channel", "wait", "wait_for", "end"})
_MESSAGE = frozenset({"template", "variants", "send_window", "retry"})
_TASK = frozenset({"expires_after", "assignee"})
KEYS = {
    "email": _MESSAGE | {"thread", "settle", "format", "attachments", "images"},
    "linkedin": _MESSAGE | _TASK | {"action", "timeout", "note"},
    "contact_form": _MESSAGE | _TASK | {"on_refused"},
    "phone": _MESSAGE | _TASK,
    "wait": frozenset(),
    "wait_for": frozenset({"timeout"}),
    "end": frozenset(),
}
"""What each kind of step understands, besides `id`, `condition` and `next`."""


def check(draft: SequenceDraft) -> Iterator[Diagnostic]:
    """Yield one diagnostic for each key that has no meaning where it stands."""
    for step in draft.steps:
        kind = kind_of(step)
        if kind is None:
            continue
        known = KEYS[kind] | _ANYWHERE
        everywhere = frozenset[str]().union(*KEYS.values())
        for key in step.raw:
            path = ("steps", step.index, key)
            if key not in known and key in everywhere:
                owners = ", ".join(f"`{name}`" for name, keys in KEYS.items() if key in keys)
                span = draft.source.key_span(step.raw, key)
                yield error(SLUG, f"`{key}` means nothing on {_article(kind)} step", span,
                            help=f"it is a key of steps of kind {owners}", path=path)  # fmt: skip
            elif key == "timeout" and kind == "linkedin" and step.raw.get("action", "auto") != "auto":
                yield error(SLUG, "`timeout` is how long `action: auto` waits for acceptance",
                            draft.source.key_span(step.raw, key), help="add a `wait_for` step", path=path)  # fmt: skip
        if kind == "end" and "next" in step.raw:
            yield error(SLUG, "nothing comes after `end`", draft.source.key_span(step.raw, "next"),
                        help="take `next` away", path=("steps", step.index, "next"))  # fmt: skip


def kind_of(step: StepDraft) -> str | None:
    """The kind of a step as this table names it, where it is clear."""
    if len(step.kinds) != 1:
        return None
    if step.kinds[0] != "channel":
        return step.kinds[0]
    return step.channel.value if isinstance(step.channel, ChannelType) else None


def _article(kind: str) -> str:
    return f"{'an' if kind[0] in 'aeiou' else 'a'} {kind}"
