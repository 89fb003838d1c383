"""Where an enrollment stands: the state that decisions are made from, as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import Enum

from runner.model.calendar import SendWindow
from runner.model.channel import ChannelType
from runner.model.events import EventKind
from runner.model.lead import Lead
from runner.values import value


class EnrollmentStatus(Enum):
    """Where a person is in a campaign. An active one is due; the last two are final (but see late bounces)."""

    ACTIVE = "active"
    WAITING = "waiting"
    PAUSED = "paused"
    COMPLETED = "completed"
    STOPPED = "stopped"


def is_over(status: EnrollmentStatus) -> bool:
    """Whether nothing follows any more. Compared, not looked up: every step asks, and an enum's hash is slow."""
    return status is EnrollmentStatus.COMPLETED or status is EnrollmentStatus.STOPPED


class Stage(Enum):
    """What a step run that has no outcome yet is in the middle of."""

    NEW = "new"
    RETRYING = "retrying"
    GREYLISTED_1 = "greylisted_1"
    GREYLISTED_2 = "greylisted_2"
    GREYLISTED_3 = "greylisted_3"
    GREYLISTED_4 = "greylisted_4"
    AWAITING_ACCEPTANCE = "awaiting_acceptance"
    TASK = "task"
    UNKNOWN = "unknown"


GREYLISTED = (Stage.GREYLISTED_1, Stage.GREYLISTED_2, Stage.GREYLISTED_3, Stage.GREYLISTED_4)
"""The short waits of a greylisted message, in order."""
TO_BE_SENT = (Stage.NEW, Stage.RETRYING, *GREYLISTED)
"""The stages of a run that acts when its time has come."""


class WaitingOn(Enum):
    """Why an enrollment is not moving; `runner explain` says it in words."""

    WAIT = "wait"
    EVENT = "event"
    ACCEPTANCE = "acceptance"
    RETRY = "retry"
    SETTLE = "settle"
    INBOX = "inbox"
    TASK = "task"
    UNKNOWN = "unknown"
    GATE = "gate"
    ACCOUNT = "account"
    AUTO_REPLY = "auto_reply"
    SLOT = "slot"
    PAUSED = "paused"
    PARKED = "parked"


@value
class StepRun:
    """One step of one enrollment. `until` is when its wait, task, retry or hold ends; `acted_at` when it went out.

    `settle_until` is set on a sent email whose failure a later step reads, as long as a bounce is waited for.
    """

    step: str
    entered_at: datetime
    outcome: str | None = None
    reason: str = ""
    stage: Stage = Stage.NEW
    action: str = ""
    tries: int = 0
    until: datetime | None = None
    acted_at: datetime | None = None
    settle_until: datetime | None = None

    def acting(self, now: datetime) -> StepRun:
        """The run as it went out: never before it was entered, though the clock may have been set back since."""
        return replace(self, acted_at=max(now, self.entered_at))

    def ended(self, outcome: str, reason: str) -> StepRun:
        """The run with its outcome. Written out, since `replace` takes thrice as long and every step comes by here."""
        return StepRun(
            self.step, self.entered_at, outcome, reason, Stage.NEW, self.action, self.tries, None, self.acted_at,
            self.settle_until,
        )  # fmt: skip


@value
class Seen:
    """An event that reached this enrollment. `step` is the step it answers, where that is known."""

    kind: EventKind
    at: datetime
    step: str | None = None
    permanent: bool = False


@dataclass(frozen=True, slots=True)
class Settings:
    """The project's rules that decisions need, and the zones for calendar arithmetic."""

    unknown_hold_seconds: float = 86400.0
    reopen_within_seconds: float = 604800.0
    auto_reply_hold_seconds: float = 604800.0
    timezone: str = "UTC"
    window: SendWindow | None = None


@value
class EnrollmentState:
    """One person in one campaign, with all that a decision reads.

    `inboxes` says when each email step's account was last read (a missing step has an account without an inbox).
    `vars` are the campaign's own, which win over the sequence's.
    """

    id: int
    lead: Lead
    campaign: Mapping[str, object]
    status: EnrollmentStatus
    step: str | None
    started_at: datetime
    runs: Mapping[str, StepRun] = field(default_factory=dict)
    events: tuple[Seen, ...] = ()
    inboxes: Mapping[str, datetime] = field(default_factory=dict)
    channels_off: frozenset[ChannelType] = frozenset()
    ended_at: datetime | None = None
    end_reason: str = ""
    settings: Settings = Settings()
    vars: Mapping[str, object] = field(default_factory=dict)

    def run(self, step: str) -> StepRun | None:
        """The run of a step, if it was entered."""
        return self.runs.get(step)

    @property
    def is_over(self) -> bool:
        """Whether the enrollment ended."""
        return is_over(self.status)
