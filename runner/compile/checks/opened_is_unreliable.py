"""A decision that hangs on an opened message: mail programs open everything, or nothing."""

from __future__ import annotations

from collections.abc import Iterator

from runner.compile.drafts import SequenceDraft
from runner.compile.reporting import warning
from runner.lang.diagnostics import Diagnostic
from runner.lang.nodes import EventSeen, Node, children

SLUG = "opened-is-unreliable"
_HELP = "ask for `.replied` or `.clicked`: proxies open mail that nobody reads, and many real opens are unseen"


def check(draft: SequenceDraft) -> Iterator[Diagnostic]:
    """Yield one diagnostic for each condition, wait or stop that asks whether a message was opened."""
    for step in draft.steps:
        condition = step.condition.condition if step.condition is not None else None
        path: tuple[str | int, ...] = ("steps", step.index, "condition")
        for node in _opened(condition.root) if condition is not None else ():
            span = draft.source.part_span(step.raw, "condition", node.start, node.end)
            yield warning(SLUG, "whether a message was opened is a guess", span, help=_HELP, path=path)
        target = step.raw.get("wait_for")
        if isinstance(target, str) and target.endswith(".opened"):
            path = ("steps", step.index, "wait_for")
            yield warning(SLUG, "whether a message was opened is a guess", draft.source.at(path), help=_HELP, path=path)
    stops = draft.source.data.get("stop_on")
    for place, event in enumerate(stops if isinstance(stops, list) else ()):
        if event == "opened":
            yield warning(SLUG, "stopping on an open stops people who never looked",
                          draft.source.at(("stop_on", place)), help=_HELP, path=("stop_on", place))  # fmt: skip


def _opened(root: Node) -> Iterator[EventSeen]:
    todo: list[Node] = [root]
    while todo:
        node = todo.pop()
        if isinstance(node, EventSeen) and node.event == "opened":
            yield node
        todo.extend(children(node))
