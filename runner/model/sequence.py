"""A sequence as the user wrote it: steps in order, typed, before it becomes a graph."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from runner.lang.conditions import Condition
from runner.lang.durations import Duration
from runner.model.calendar import SendWindow
from runner.model.channel import ChannelType
from runner.model.events import EventKind

END = "end"


@dataclass(frozen=True, slots=True)
class Retry:
    """Extra tries after the first: at most `count`, each `delay` after the one before."""

    count: int = 0
    delay: Duration = Duration(elapsed=timedelta(hours=24))


@dataclass(frozen=True, slots=True)
class Variant:
    """One arm of a split test; the draw is sticky and proportional to `weight`."""

    id: str
    template: str
    weight: int = 1


@dataclass(frozen=True, slots=True)
class ChannelStep:
    """Do something on a channel. A step with one `template` has a single variant named `default`.

    `action` is empty except on LinkedIn (`auto`, `connect`, `message`). `settle` is how long a sent email waits for a
    bounce where a later step reads its failure. `timeout` bounds the wait for acceptance of `auto`.
    """

    channel: ChannelType
    variants: tuple[Variant, ...] = ()
    action: str = ""
    thread: str | None = None
    retry: Retry = Retry()
    settle: timedelta = timedelta(minutes=15)
    timeout: Duration = Duration(elapsed=timedelta(days=7))
    expires_after: Duration = Duration(business_days=5)
    send_window: SendWindow | None = None
    settings: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class WaitStep:
    """Let time pass."""

    duration: Duration


@dataclass(frozen=True, slots=True)
class WaitForStep:
    """Wait until `event` happened to step `step`, at most `timeout`."""

    step: str
    event: EventKind
    timeout: Duration


@dataclass(frozen=True, slots=True)
class EndStep:
    """End the enrollment here."""


StepBody = ChannelStep | WaitStep | WaitForStep | EndStep


@dataclass(frozen=True, slots=True)
class SequenceStep:
    """One item of `steps:`. `next` maps an outcome to a step id or `end`; `*` stands for every outcome."""

    id: str
    body: StepBody
    condition: Condition | None = None
    next: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SequenceConfig:
    """One file of sequences/. `stop_on` always holds opt-out and complaint; `stop_scope` is `lead` or `company`."""

    name: str
    steps: tuple[SequenceStep, ...]
    description: str = ""
    stop_on: frozenset[EventKind] = frozenset()
    stop_scope: str = "lead"
    vars: Mapping[str, object] = field(default_factory=dict)
