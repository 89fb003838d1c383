"""What the engine needs of the world: the Protocols, each as small as its use."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from runner.engine.outcomes import AccountTrouble, Outcome, Permit, Refusal
from runner.lang.diagnostics import Diagnostic
from runner.model.channel import ChannelConfig, ChannelType
from runner.model.events import EventKind
from runner.model.lead import Lead
from runner.model.message import Rendered
from runner.model.sequence import ChannelStep
from runner.values import value

Gate = Callable[[], Permit | Refusal]
"""Called exactly once, just before the irrevocable byte. Anything but a Permit means: undo and return it."""


class Clock(Protocol):
    """A source of the time; the campaign's clock and the machine's are two of these."""

    def now(self) -> datetime:
        """The present instant, aware, in UTC."""
        ...


@dataclass(frozen=True, slots=True)
class ThreadRef:
    """The earlier message that a follow-up belongs to: its Message-ID, the ids before it, and its subject."""

    message_id: str
    references: tuple[str, ...]
    subject: str


@dataclass(frozen=True, slots=True)
class Release:
    """A person's word that this very attempt may go out now: who said it, and whether they saw it without its note."""

    by: str
    without_note: bool = False


@value
class Job:
    """One attempt, complete: everything a channel needs, nothing it has to look up.

    `key` is an unguessable token, the same at every try of this step for this lead: it goes into Message-ID, our
    header and the plus address, and comes back with replies and bounces. `action` is what to do now (on LinkedIn
    `connect` or `message`; elsewhere empty). `now` is the campaign's clock. `release` is set where an operator let this
    attempt go; a scheduled one has none.
    """

    key: str
    campaign: str
    sequence: str
    step: str
    body: ChannelStep
    action: str
    account: ChannelConfig
    lead: Lead
    content: Rendered
    now: datetime
    attempt: int = 1
    thread: ThreadRef | None = None
    unsubscribe_url: str | None = None
    vars: Mapping[str, object] = field(default_factory=dict)
    release: Release | None = None


class Prepared(Protocol):
    """All reversible work is done; what is left is the irrevocable byte."""

    def fire(self, gate: Gate) -> Outcome:
        """Call `gate` once, then act. A refusal of the gate is returned as it is, with nothing sent."""
        ...

    def abandon(self) -> None:
        """Give back what `prepare` holds, when `fire` will not be called."""
        ...


class Channel(Protocol):
    """A kind of channel. One instance serves every account of its kind, from several threads."""

    def check(self, config: ChannelConfig) -> Sequence[Diagnostic]:
        """What is wrong with an account's file that the schema cannot say. No network."""
        ...

    def prepare(self, job: Job) -> Prepared | Outcome:
        """Do everything that can be undone (resolve, connect, log in, recipient, body), or say why not."""
        ...

    def close(self) -> None:
        """Close what is kept open between jobs."""
        ...


@dataclass(frozen=True, slots=True)
class Doubt:
    """An attempt whose outcome is unknown, as its channel needs it to look for evidence."""

    key: str
    account: ChannelConfig
    lead: Lead
    action: str
    content: Rendered
    message_id: str | None
    intent_at: datetime


@dataclass(frozen=True, slots=True)
class Evidence:
    """Positive proof that a message went out."""

    found_in: str
    at: datetime
    detail: Mapping[str, object] = field(default_factory=dict)


class Reconciler(Protocol):
    """A channel that can look for evidence of a message after the fact."""

    def find(self, doubt: Doubt) -> Evidence | None:
        """Proof that it went out; None is not proof that it did not."""
        ...


@dataclass(frozen=True, slots=True)
class SentCopy:
    """A message of ours as it lies in the account's own mailbox: its token, when it was filed, and to whom it went."""

    key: str
    at: datetime
    recipient: str


class SentFolder(Protocol):
    """A channel that keeps what an account sent where it can be read again."""

    def sent_since(self, account: ChannelConfig, since: datetime) -> Sequence[SentCopy] | None:
        """What this project sent since then, oldest first; None where the account has no such place.

        Raises ChannelUnavailable when it cannot be read, MissingSecret without its credential.
        """
        ...


@dataclass(frozen=True, slots=True)
class Signal:
    """Something the world did, as an inbox saw it; the store ties it to a lead and a step.

    `source` is unique for the thing seen (mailbox, UIDVALIDITY and UID; conversation and message id), so that
    reading it twice records it once. It is matched by `key`, then `message_ids`, then `address` (e-mail) or
    `profile` (LinkedIn id), then by `domain`. `permanent`: this message will not arrive; `hard`: the address is dead.
    `resume_at` is the date an auto-reply names. `subjects` are those that it says it answers or quotes, for telling
    people where nothing else ties it. `data` is for people and the log.
    """

    kind: EventKind
    at: datetime
    source: str
    key: str | None = None
    message_ids: tuple[str, ...] = ()
    address: str | None = None
    profile: str | None = None
    domain: str | None = None
    permanent: bool = False
    hard: bool = False
    resume_at: datetime | None = None
    subjects: tuple[str, ...] = ()
    data: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RawMessage:
    """A message as it was read, kept so that a better classifier can read it again.

    `about` are the addresses of those who wrote it or whom it reports on; nothing is kept of who was erased.
    """

    source: str
    received_at: datetime
    content: bytes
    verdict: str
    about: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Note:
    """Something a person should know or decide: an odd message, an address that moved, a dead endpoint."""

    kind: str
    text: str
    address: str | None = None
    hold: bool = False


@dataclass(frozen=True, slots=True)
class InboxBatch:
    """What one read brought. It is stored whole, together with `cursor`, before the next read.

    `trouble`: the account itself was stopped while reading; it opens the circuit breaker as a failed send would.
    `fresh`: whether everything up to now was read; where it was not, follow-ups soon hold. `blind` says why replies
    cannot be read at all. `gone` are people (LinkedIn profiles) whose invitation is open no more without a connection.
    """

    cursor: Mapping[str, object]
    signals: tuple[Signal, ...] = ()
    raw: tuple[RawMessage, ...] = ()
    notes: tuple[Note, ...] = ()
    complete: bool = True
    trouble: AccountTrouble | None = None
    fresh: bool = True
    blind: str | None = None
    gone: tuple[str, ...] = ()


class Inbox(Protocol):
    """A channel that can read what came back for an account."""

    def read(
        self, account: ChannelConfig, cursor: Mapping[str, object], watched: Sequence[Lead], now: datetime
    ) -> InboxBatch:
        """Read on from `cursor` ({} at first). `watched` are leads with something open on this account.

        Raises ChannelUnavailable when the other side cannot be reached; nothing is lost, the cursor stays.
        """
        ...


class Watcher(Protocol):
    """Waits at one account's inbox. One thread waits, any thread may close."""

    def wait(self, seconds: float, cursor: Mapping[str, object]) -> bool:
        """Block until there is something beyond `cursor`, at most `seconds`. False when there is nothing.

        Raises ChannelUnavailable when the other side cannot be used; the next call connects anew.
        """
        ...

    def close(self) -> None:
        """End the wait and hang up; a later `wait` returns at once."""
        ...


INBOX_CHANNELS = frozenset({ChannelType.EMAIL, ChannelType.LINKEDIN})
