"""From steps to the graph: every outcome gets its exit, and email steps learn who reads their failure."""

from __future__ import annotations

import hashlib
import json
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence

from runner.lang.nodes import Compare, EventSeen, Node, Not, OutcomeIs, children
from runner.model.channel import ChannelType
from runner.model.events import EventKind
from runner.model.graph import SKIPPED, StepGraph, StepNode, outcomes_of
from runner.model.sequence import END, ChannelStep, SequenceConfig, SequenceStep, WaitForStep


def build_graph(config: SequenceConfig) -> StepGraph:
    """The graph of a sequence whose every name is known."""
    routes = [routes_of(step, follower) for step, follower in zip(config.steps, _followers(config.steps), strict=True)]
    readers = _Readers(config.steps)
    nodes = tuple(_node(index, step, routes[index], readers) for index, step in enumerate(config.steps))
    digest = structure_hash(nodes, config.stop_on, config.stop_scope)
    return StepGraph(config.name, nodes, digest, config.stop_on, config.stop_scope, config.vars)


def _followers(steps: Sequence[SequenceStep]) -> list[str]:
    return [step.id for step in steps[1:]] + [END]


def routes_of(step: SequenceStep, follower: str) -> dict[str, str]:
    """Where each outcome leads: its own route, else the step's one route, else the next step of the list.

    The one route (`next: x`) is for a step that was done; skipping a step always goes on with the next of the list
    unless `skipped` has a route.
    """
    everything = step.next.get("*")
    routes = {outcome: step.next.get(outcome, everything or follower) for outcome in outcomes_of(step.body)}
    routes[SKIPPED] = step.next.get(SKIPPED, follower)
    return routes


def _node(index: int, step: SequenceStep, routes: Mapping[str, str], readers: _Readers) -> StepNode:
    if not isinstance(step.body, ChannelStep) or step.body.channel is not ChannelType.EMAIL:
        return StepNode(step.id, index, step.body, routes, step.condition)
    explicit = step.next.get("failed", step.next.get("*"))
    names = (step.id, step.body.channel.value)
    return StepNode(
        step.id,
        index,
        step.body,
        routes,
        step.condition,
        failure_is_read="failed" in step.next or readers.first(names, index) is not None,
        failure_target=explicit or readers.first(names, index, wanting=True),
    )


class _Readers:
    """Which steps ask, in their conditions, how the steps of a name ended; `wanting` to run when it failed."""

    def __init__(self, steps: Sequence[SequenceStep]) -> None:
        self.ids = [step.id for step in steps]
        self.any: dict[str, list[int]] = {}
        self.wanting: dict[str, list[int]] = {}
        for index, step in enumerate(steps):
            for atom, positive in _outcome_atoms(step.condition.root if step.condition else None):
                if atom.outcome in ("failed", "sent"):
                    self.any.setdefault(atom.name, []).append(index)
                    if (atom.outcome == "failed") == positive:
                        self.wanting.setdefault(atom.name, []).append(index)

    def first(self, names: Iterable[str], after: int, *, wanting: bool = False) -> str | None:
        """The first step after a place that asks about one of the names."""
        found = []
        for name in names:
            asking = (self.wanting if wanting else self.any).get(name, [])
            place = bisect_right(asking, after)
            found += asking[place : place + 1]
        return self.ids[min(found)] if found else None


def _outcome_atoms(root: Node | None) -> Iterable[tuple[OutcomeIs, bool]]:
    """Every outcome a condition asks for, and whether it helps the condition to hold when it is so."""
    todo = [(root, True)] if root is not None else []
    while todo:
        node, positive = todo.pop()
        match node:
            case OutcomeIs():
                yield node, positive
            case Not(item=item):
                todo.append((item, not positive))
            case Compare() | EventSeen():
                continue
            case _:
                todo.extend((child, positive) for child in children(node))


def structure_hash(nodes: Sequence[StepNode], stop_on: Iterable[EventKind], stop_scope: str) -> str:
    """A hash over steps, kinds, exits, conditions and stops; texts, waits, windows and limits leave it as it is."""
    shape = {
        "steps": [
            [node.id, *_kind(node), sorted(node.routes.items()), node.condition.text if node.condition else None]
            for node in nodes
        ],
        "stop_on": sorted(event.value for event in stop_on),
        "stop_scope": stop_scope,
    }
    canonical = json.dumps(shape, separators=(",", ":"), sort_keys=True)
    return hashlib.sha256(canonical.encode()).hexdigest()


def _kind(node: StepNode) -> tuple[str | None, ...]:
    match node.body:
        case ChannelStep(channel=channel, action=action, thread=thread):
            return ("channel", channel.value, action, thread)
        case WaitForStep(step=step, event=event):
            return ("wait_for", step, event.value)
        case body:
            return (type(body).__name__,)
