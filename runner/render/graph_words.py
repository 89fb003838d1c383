"""A step graph put into words and grouped edges: what the text, mermaid, dot and JSON views share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import assert_never

from runner.model.graph import END, SKIPPED, StepGraph, StepNode, outcomes_of
from runner.model.sequence import ChannelStep, EndStep, WaitForStep, WaitStep


@dataclass(frozen=True, slots=True)
class GraphEdge:
    """From one step to the next (or `end`) on any of `outcomes`; `falls` when it is only the order of the list."""

    source: str
    target: str
    outcomes: tuple[str, ...]
    falls: bool


def kind_of(node: StepNode) -> str:
    """What kind of step it is, in one word: a channel, `wait`, `wait_for` or `end`."""
    match node.body:
        case ChannelStep(channel=channel):
            return channel.value
        case WaitStep():
            return "wait"
        case WaitForStep():
            return "wait_for"
        case EndStep():
            return "end"
        case _ as other:
            assert_never(other)


def describe(node: StepNode) -> str:
    """What the step does, as in `email: short 50 | story 50` or `wait for connect.accepted, at most 5d`."""
    match node.body:
        case ChannelStep() as step:
            return _describe_channel(step)
        case WaitStep(duration=duration):
            return f"wait {duration}"
        case WaitForStep(step=step, event=event, timeout=timeout):
            return f"wait for {step}.{event.value}, at most {timeout}"
        case EndStep():
            return "end"
        case _ as other:
            assert_never(other)


def condition_of(node: StepNode) -> str:
    """The condition as `if ...`, or nothing."""
    text = node.condition.text.strip() if node.condition else ""
    return text if not text or text.startswith("if ") else f"if {text}"


def edges(graph: StepGraph) -> tuple[GraphEdge, ...]:
    """All edges in step order, outcomes with the same target together, the main outcome's edge first."""
    found: list[GraphEdge] = []
    for node in graph.nodes:
        following = graph.nodes[node.index + 1].id if node.index + 1 < len(graph.nodes) else END
        grouped: dict[str, list[str]] = {}
        for outcome in (*outcomes_of(node.body), SKIPPED):
            if outcome == SKIPPED and node.condition is None:
                continue  # without a condition only an operator skips, and that is no part of the drawing
            if outcome in node.routes:
                grouped.setdefault(node.routes[outcome], []).append(outcome)
        found += [
            GraphEdge(node.id, target, tuple(outcomes), falls=target == following)
            for target, outcomes in grouped.items()
        ]
    return tuple(found)


def _describe_channel(step: ChannelStep) -> str:
    where = step.channel.value.replace("_", " ") + (f" {step.action}" if step.action else "")
    text = " | ".join(f"{variant.id} {variant.weight}" for variant in step.variants)
    if len(step.variants) == 1:
        text = step.variants[0].template
    thread = f", in the thread of {step.thread}" if step.thread else ""
    return f"{where}: {text}{thread}" if text else f"{where}{thread}"
