"""How one attempt ended: a closed set of values that a channel returns. The world saying no is never an exception."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum

from runner.values import value

Detail = Mapping[str, object]


@value
class Sent:
    """It went out, and the other side said so. `detail` is evidence for the log (reply text, HTTP status ...)."""

    message_id: str | None = None
    provider_ref: str | None = None
    detail: Detail = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Unconfirmed:
    """It was submitted and the site said neither yes nor no (contact forms)."""

    detail: Detail = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AlreadyConnected:
    """LinkedIn: no invitation was needed; costs no quota."""

    detail: Detail = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NotConnected:
    """LinkedIn: a message needs a connection that is not there; nothing was sent."""

    detail: Detail = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Failed:
    """This person will not be reached by this step. `hard` means the address itself is dead and is suppressed.

    `reason` is a slug such as `no_address`, `address_unknown`, `policy`, `captcha`; `explanation` is for people.
    """

    reason: str
    explanation: str = ""
    hard: bool = False
    detail: Detail = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TryAgain:
    """A temporary no for this person or message, and it provably did not go out: spends one extra try.

    `after` is the least wait the other side asked for, where it did. `greylisted`: it only wants to see the same again
    (RFC 6647), which spends none at first.
    """

    reason: str
    explanation: str = ""
    after: timedelta | None = None
    detail: Detail = field(default_factory=dict)
    greylisted: bool = False


class Trouble(Enum):
    """What is wrong with an account. All but CONNECTION stop it until a person or a period has passed."""

    CONNECTION = "connection"
    LIMITED = "limited"
    AUTH = "auth"
    CHALLENGE = "challenge"
    CONFIG = "config"


@dataclass(frozen=True, slots=True)
class AccountTrouble:
    """The account, not the person, is the trouble; nothing went out; spends no try. May open the circuit breaker.

    `stops`: there is no second chance, whatever the kind; the account stops at once until a person resumes it.
    """

    kind: Trouble
    reason: str
    explanation: str = ""
    after: timedelta | None = None
    detail: Detail = field(default_factory=dict)
    stops: bool = False


@dataclass(frozen=True, slots=True)
class TaskDraft:
    """What a person is asked to do: `kind` such as `call`, `linkedin_connect`, `submit_form`; `text` ready to use."""

    kind: str
    title: str
    text: str
    link: str | None = None
    number: str | None = None
    detail: Detail = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class HandedOver:
    """A person has to act: the step goes on when the task is done, skipped or expired."""

    task: TaskDraft


@dataclass(frozen=True, slots=True)
class Unknown:
    """It may or may not have gone out: never tried again by itself."""

    reason: str
    explanation: str = ""
    detail: Detail = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NotNow:
    """The gate defers: a window, a limit, a pause, a stale inbox. `until` is None where only an event can end it.

    `lane_wide` says that the reason holds for everybody on this account and campaign, not for this lead alone.
    """

    until: datetime | None
    reason: str
    explanation: str = ""
    lane_wide: bool = False
    detail: Detail = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Cancelled:
    """The gate refuses for good: replied, opted out, enrollment ended, claim lost."""

    reason: str
    explanation: str = ""


@value
class Permit:
    """The gate lets it pass: the intent is durable and every limit is reserved.

    `without_note`: the quota of LinkedIn notes is used up and the step may do without; only the bare invitation passes.
    `at` is the intent's time, `scopes` are the limits it occupies.
    """

    attempt_id: int
    without_note: bool = False
    at: datetime | None = None
    scopes: tuple[str, ...] = ()


Refusal = NotNow | Cancelled
Outcome = (
    Sent | Unconfirmed | AlreadyConnected | NotConnected | Failed | TryAgain | AccountTrouble | HandedOver | Unknown
    | NotNow | Cancelled
)  # fmt: skip
