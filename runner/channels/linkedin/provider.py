"""The port behind which every way to act on LinkedIn stands.

A provider is found by name: the three shipped ones, or a package's entry point in the group
`runner.linkedin_providers`, whose object is called with a ProviderContext and returns a Provider.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Protocol

from runner.channels.linkedin.identity import Profile
from runner.engine.outcomes import AccountTrouble, Outcome
from runner.engine.ports import Clock, Job, Prepared
from runner.lang.diagnostics import Diagnostic
from runner.model.channel import ChannelConfig, SecretRef
from runner.secrets import Secret

ENTRY_POINTS = "runner.linkedin_providers"


@dataclass(frozen=True, slots=True)
class ProviderContext:
    """What a provider is built with: how to read a secret, and the campaign's clock."""

    secrets: Callable[[SecretRef], Secret]
    clock: Clock


class Standing(Enum):
    """What could be seen of the connection with a person."""

    CONNECTED = "connected"
    NOT_CONNECTED = "not_connected"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class Seen:
    """What one look at a person brought: the standing, by which call, and the profile id where the answer named it.

    `dead` are the calls that do not answer any more; `trouble` is set when the account itself is stopped.
    """

    standing: Standing
    found_in: str = ""
    profile_id: str | None = None
    dead: tuple[str, ...] = ()
    trouble: AccountTrouble | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One message of a conversation. `author` is a profile id; `own` says that the account wrote it."""

    id: str
    at: datetime
    text: str
    author: str | None
    public_id: str | None
    own: bool


@dataclass(frozen=True, slots=True)
class Invitation:
    """An invitation that is still open."""

    profile_id: str | None
    public_id: str | None
    sent_at: datetime | None


@dataclass(frozen=True, slots=True)
class Lines:
    """What was read of one or more conversations; `dead` and `trouble` as in Seen."""

    lines: tuple[Line, ...] = ()
    dead: tuple[str, ...] = ()
    trouble: AccountTrouble | None = None
    unreached: str | None = None


class Reader(Protocol):
    """What a provider can read back. Every method makes as few calls as it can."""

    def standing(self, profile: Profile, name: tuple[str, str]) -> Seen:
        """How the account stands with a person, whose first and last name help to search."""
        ...

    def recent(self, since: datetime | None) -> Lines:
        """Messages of the newest conversations, from `since` on."""
        ...

    def conversation(self, profile_id: str) -> Lines:
        """The conversation with one person."""
        ...

    def open_invitations(self) -> tuple[Invitation, ...] | None:
        """The invitations that wait for an answer; None when they cannot be read."""
        ...


class Verdicts(Enum):
    """How a check of `runner doctor` ended."""

    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True)
class CheckResult:
    """One line of the canary: what was looked at, how it stands, and what to do about it."""

    check: str
    verdict: Verdicts
    remedy: str = ""


class Provider(Protocol):
    """One way to act on LinkedIn. One instance serves every account that names it, from several threads."""

    def check(self, config: ChannelConfig) -> Sequence[Diagnostic]:
        """What is wrong with an account's file for this provider. No network."""
        ...

    def prepare(self, job: Job, profile: Profile) -> Prepared | Outcome:
        """Everything that can be undone for `job.action` (`connect` or `message`) with `profile`, or why not."""
        ...

    def reader(self, account: ChannelConfig) -> Reader | None:
        """What reads back for this account; None where the provider can read nothing."""
        ...

    def canary(self, account: ChannelConfig) -> Sequence[CheckResult]:
        """Try, without a trace for others, whether the account can act."""
        ...

    def close(self) -> None:
        """Close what is kept open."""
        ...


ProviderFactory = Callable[[ProviderContext], Provider]
