"""What a decision asks for: commands, which the store writes in one transaction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime

from runner.engine.state import EnrollmentStatus, Stage, StepRun, WaitingOn
from runner.values import value


@value
class Enter:
    """Begin a step: its run is created and it becomes the current step."""

    run: StepRun


@value
class Update:
    """The run of a step changed; the whole new value is given. `why` goes into the trace."""

    run: StepRun
    why: str


@value
class Finish:
    """A step ended with an outcome. `values` are the condition values seen, for the trace."""

    run: StepRun
    values: Mapping[str, object] = field(default_factory=dict)


@value
class Perform:
    """Act on a channel for this step now, as soon as a worker is free."""

    step: str
    action: str


@value
class Wait:
    """Nothing to do before `until`, unless something happens."""

    until: datetime
    on: WaitingOn
    why: str = ""


@value
class CloseTask:
    """The open task of a step is no longer wanted: `expired` or `cancelled`."""

    step: str
    status: str


@value
class Forget:
    """Delete runs that did nothing (skipped steps, a wait cut short), so that they can be entered again."""

    steps: tuple[str, ...]


@value
class MoveTo:
    """Make `step` the current step, back in the middle of the sequence; a completed enrollment opens again."""

    step: str
    why: str


@value
class End:
    """The enrollment is over, with a reason."""

    status: EnrollmentStatus
    reason: str


Command = Enter | Update | Finish | Perform | Wait | CloseTask | Forget | MoveTo | End

__all__ = [
    "CloseTask", "Command", "End", "Enter", "Finish", "Forget", "MoveTo", "Perform", "Stage", "Update", "Wait",
]  # fmt: skip
