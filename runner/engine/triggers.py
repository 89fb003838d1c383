"""What makes the engine decide: a due time, the result of an attempt, an event, a person's word."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from runner.engine.outcomes import Outcome
from runner.engine.state import Seen


@dataclass(frozen=True, slots=True)
class Due:
    """The time an enrollment waited for has come, or something it waits for may have changed."""


@dataclass(frozen=True, slots=True)
class Reported:
    """An attempt of `step` ended with `outcome`."""

    step: str
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Happened:
    """The world did something. `resume_at` is the date an auto-reply named."""

    event: Seen
    resume_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class TaskClosed:
    """A person finished with a task: `done`, `skipped`, or `failed`; `disposition` in their words."""

    step: str
    result: str
    disposition: str = ""


@dataclass(frozen=True, slots=True)
class Released:
    """A person read a task and lets the machine send it."""

    step: str
    by: str


@dataclass(frozen=True, slots=True)
class Resolved:
    """An unknown attempt of `step` was settled, by evidence or by an operator."""

    step: str
    sent: bool
    by: str


Trigger = Due | Reported | Happened | TaskClosed | Released | Resolved
