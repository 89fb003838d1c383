"""The step graph: a compiled sequence, which the engine walks. Acyclic, every target exists, every name resolved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from runner.lang.conditions import Condition
from runner.model.channel import ChannelType
from runner.model.events import EventKind
from runner.model.sequence import END, ChannelStep, EndStep, StepBody, WaitForStep, WaitStep

EMAIL_OUTCOMES = ("sent", "failed")
CONNECT_OUTCOMES = ("sent", "already_connected", "failed")
MESSAGE_OUTCOMES = ("sent", "not_connected", "failed")
FORM_OUTCOMES = ("sent", "unconfirmed", "failed")
PHONE_OUTCOMES = ("done", "failed", "expired")
SKIPPED = "skipped"
FAILURES = frozenset({"failed", "not_connected", "timeout", "expired"})


@dataclass(frozen=True, slots=True)
class StepNode:
    """One step with its exits resolved: `routes[outcome]` is the id of the step that follows, or `end`."""

    id: str
    index: int
    body: StepBody
    routes: Mapping[str, str]
    condition: Condition | None = None
    failure_is_read: bool = False
    failure_target: str | None = None

    @property
    def channel(self) -> ChannelType | None:
        """The channel of a channel step, else None."""
        return self.body.channel if isinstance(self.body, ChannelStep) else None


@dataclass(frozen=True, slots=True)
class StepGraph:
    """A sequence ready to run. `hash` covers the structure, not the texts."""

    name: str
    nodes: tuple[StepNode, ...]
    hash: str
    stop_on: frozenset[EventKind]
    stop_scope: str = "lead"
    vars: Mapping[str, object] = field(default_factory=dict)
    _by_id: Mapping[str, StepNode] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_by_id", {node.id: node for node in self.nodes})

    def node(self, step: str) -> StepNode:
        """The node of a step id. Raises KeyError for a name the graph does not have."""
        return self._by_id[step]

    @property
    def first(self) -> StepNode:
        """Where every enrollment starts."""
        return self.nodes[0]


def outcomes_of(body: StepBody) -> tuple[str, ...]:
    """The closed set of outcomes of a kind of step, the main one first, without `skipped`."""
    match body:
        case WaitStep():
            return ("done",)
        case WaitForStep():
            return ("happened", "timeout")
        case EndStep():
            return ()
        case ChannelStep(channel=ChannelType.EMAIL):
            return EMAIL_OUTCOMES
        case ChannelStep(channel=ChannelType.CONTACT_FORM):
            return FORM_OUTCOMES
        case ChannelStep(channel=ChannelType.PHONE):
            return PHONE_OUTCOMES
        case ChannelStep(action="connect"):
            return CONNECT_OUTCOMES
        case ChannelStep(action="message"):
            return MESSAGE_OUTCOMES
        case ChannelStep():
            return ("sent", "failed")


__all__ = ["END", "FAILURES", "SKIPPED", "StepGraph", "StepNode", "outcomes_of"]
