"""One piece of work: open it, prepare, fire through the gate, record. The only caller of channels."""

from __future__ import annotations

import threading
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

import structlog
from structlog.typing import FilteringBoundLogger

from runner.engine.outcomes import AccountTrouble, Outcome, Permit, Refusal, Trouble, Unknown
from runner.engine.ports import Channel, Gate, Prepared, Release
from runner.errors import DatabaseUnavailable, MissingSecret
from runner.model.channel import ChannelType
from runner.store.claims import Claim, set_aside
from runner.store.context import Context
from runner.store.gatekeeping import pass_gate
from runner.store.results import abandon, give_back, record
from runner.store.work import Unworkable, Work, note_intent, open_work

log = structlog.get_logger("runner.worker")
Failpoint = Callable[[str], None]
T = TypeVar("T")
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 2.0
"""Seconds between tries to write what must not be forgotten while the database is away."""
STOPPING_SECONDS = 10.0
_NEVER = threading.Event()


def _no_failpoint(_name: str) -> None:
    return None


def _bound_log() -> FilteringBoundLogger:
    """Bound to how logs are set up by now: asking that anew for each line takes as long as many a line."""
    bound: FilteringBoundLogger = log.bind()
    return bound


def _say(error: DatabaseUnavailable) -> None:
    log.error("database.unavailable", error=str(error), help=error.help)


@dataclass(frozen=True, slots=True)
class Patience:
    """What a worker does while the database is away: `told` hears of it, `stopping` or the time ends the waiting."""

    seconds: float = 60.0
    told: Callable[[DatabaseUnavailable], None] = _say
    stopping: threading.Event = field(default_factory=threading.Event)

    def is_over(self, waited: float) -> bool:
        """Whether to give up after so many seconds; a process that is to stop waits only for a short while."""
        return waited > (min(self.seconds, STOPPING_SECONDS) if self.stopping.is_set() else self.seconds)


@dataclass(frozen=True, slots=True)
class Worker:
    """Performs claims. `failpoint` is called at named places, so that tests can end the process exactly there."""

    context: Callable[[], Context]
    channels: Mapping[ChannelType, Channel]
    failpoint: Failpoint = _no_failpoint
    patience: Patience = field(default_factory=Patience)
    log: FilteringBoundLogger = field(default_factory=_bound_log)

    def perform(
        self, claim: Claim, release: Release | None = None, opened: Work | Unworkable | None = None
    ) -> Outcome | None:
        """Act on a claim and record what came of it. None when the claim was lost or nothing was left to do.

        `opened` is the claim's work where whoever claimed has opened it already. `release` is a person's word that
        this attempt may go out; it holds for this attempt alone.
        When the database goes away before anything went out, the claim is given back as soon as it returns; after
        that the result is recorded then. What cannot wait so long is settled by the rescue, by what was committed.
        """
        ctx = self.context()
        with ctx.db.on_the_way():
            return self._perform(ctx, claim, release, opened)

    def _perform(
        self, ctx: Context, claim: Claim, release: Release | None, opened: Work | Unworkable | None
    ) -> Outcome | None:
        try:
            opened = opened or open_work(ctx, claim, release)
            if opened is None:
                return None
            if isinstance(opened, Unworkable):
                return self._record(ctx, opened.work, opened.outcome)
            return self._attempt(ctx, opened)
        except DatabaseUnavailable as error:
            self.patience.told(error)
            self._when_back(claim, lambda: give_back(ctx, claim))
        except Exception as error:  # noqa: BLE001 - a fault of ours outside the channel: it too blocks nobody else
            self.log.error("attempt.crashed", enrollment=claim.enrollment_id, error=repr(error))
            trace = traceback.format_exc(limit=12)
            self._when_back(claim, lambda: set_aside(ctx, claim, trace))
        return None

    def _attempt(self, ctx: Context, work: Work) -> Outcome | None:
        """Raises DatabaseUnavailable only while it is certain that nothing went out."""
        gate = _GateOfOne(ctx, work, self.failpoint)
        try:
            outcome = self._send(work, gate)
        except DatabaseUnavailable as error:
            if not gate.passed:
                raise
            outcome = Unknown("database", str(error))
        except MissingSecret as error:
            outcome = AccountTrouble(Trouble.CONFIG, "missing_secret", str(error))
        except Exception as error:  # noqa: BLE001 - kept with its traceback, shown, and blocks nobody else
            self.log.error("attempt.crashed", enrollment=work.claim.enrollment_id, step=work.step, error=repr(error))
            fault, trace = error, traceback.format_exc(limit=12)
            self._when_back(work.claim, lambda: abandon(ctx, work, fault, trace))
            return None
        return self._record(ctx, work, outcome)

    def _send(self, work: Work, gate: Gate) -> Outcome:
        if work.refused is not None:
            return work.refused
        self.failpoint("before_prepare")
        prepared = self.channels[work.account.channel].prepare(work.job)
        if not _is_prepared(prepared):
            return prepared  # type: ignore[return-value]
        self.failpoint("prepared")
        outcome = prepared.fire(gate)  # type: ignore[union-attr]
        self.failpoint("fired")
        return outcome

    def _when_back(self, claim: Claim, act: Callable[[], T]) -> T | None:
        """What `act` gives once the database takes it; None when that took too long, and the rescue sees to it."""
        pause, since = FIRST_PAUSE, time.monotonic()
        while True:
            try:
                return act()
            except DatabaseUnavailable as error:
                self.patience.told(error)
                if self.patience.is_over(time.monotonic() - since):
                    self.log.error("attempt.left_to_rescue", enrollment=claim.enrollment_id, error=str(error))
                    return None
                _NEVER.wait(pause)
                pause = min(2 * pause, LONGEST_PAUSE)

    def _record(self, ctx: Context, work: Work, outcome: Outcome) -> Outcome:
        kept = self._when_back(work.claim, lambda: record(ctx, work, outcome))
        self.failpoint("recorded")
        self.log.info(
            "attempt." + type(outcome).__name__.lower(),  # noqa: G003 - an event name, not a text
            campaign=work.campaign.name,
            enrollment=work.claim.enrollment_id,
            step=work.step,
            account=work.account.key,
            reason=getattr(outcome, "reason", None),
            recorded=kept,
        )
        return outcome


@dataclass(slots=True)
class _GateOfOne:
    """The gate as one attempt's channel calls it. From when it has `passed`, something may have gone out: the answer
    is there, and an intent durable.
    """

    ctx: Context
    work: Work
    failpoint: Failpoint
    passed: bool = False

    def __call__(self) -> Permit | Refusal:
        verdict = pass_gate(self.ctx, self.work.intention())
        if isinstance(verdict, Permit):
            note_intent(self.ctx, self.work, verdict)
        self.passed = True
        self.failpoint("intent")
        return verdict


def _is_prepared(value: Prepared | Outcome) -> bool:
    return hasattr(value, "fire")
