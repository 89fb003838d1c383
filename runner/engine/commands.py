"""What a decision asks for: commands, which the store writes in one transaction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from runner.engine.state import EnrollmentStatus, Stage, StepRun, WaitingOn


@dataclass(frozen=True, slots=True)
class Enter:
    """Begin a step: its run is created and it becomes the current step."""

    run: StepRun


@dataclass(frozen=True, slots=True)
class Update:
    """The run of a step changed; the whole new value is given. `why` goes into the trace."""

    run: StepRun
    why: str


@dataclass(frozen=True, slots=True)
class Finish:
    """A step ended with an outcome. `values` are the condition values seen, for the trace."""

    run: StepRun
    values: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Perform:
    """Act on a channel for this step now, as soon as a worker is free."""

    step: str
    action: str


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing to do before `until`, unless something happens."""

    until: datetime
    on: WaitingOn
    why: str = ""


@dataclass(frozen=True, slots=True)
class CloseTask:
    """The open task of a step is no longer wanted: `expired` or `cancelled`."""

    step: str
    status: str


@dataclass(frozen=True, slots=True)
class Forget:
    """Delete runs that did nothing (skipped steps, a wait cut short), so that they can be entered again."""

    steps: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MoveTo:
    """Make `step` the current step, back in the middle of the sequence; a completed enrollment opens again."""

    step: str
    why: str


@dataclass(frozen=True, slots=True)
class End:
    """The enrollment is over, with a reason."""

    status: EnrollmentStatus
    reason: str


Command = Enter | Update | Finish | Perform | Wait | CloseTask | Forget | MoveTo | End

__all__ = [
    "CloseTask", "Command", "End", "Enter", "Finish", "Forget", "MoveTo", "Perform", "Stage", "Update", "Wait",
]  # fmt: skip
