"""One piece of work: open it, look ahead, prepare, fire through the gate, record. The only caller of channels."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import structlog

from runner.engine.outcomes import AccountTrouble, Outcome, Permit, Refusal, Trouble
from runner.engine.ports import Channel, Prepared, Release
from runner.errors import DatabaseUnavailable, MissingSecret
from runner.model.channel import ChannelType
from runner.store.claims import Claim
from runner.store.context import Context
from runner.store.gatekeeping import look_ahead, pass_gate
from runner.store.results import abandon, record
from runner.store.work import Unworkable, Work, open_work

log = structlog.get_logger("runner.worker")
Failpoint = Callable[[str], None]


def _no_failpoint(_name: str) -> None:
    return None


@dataclass(frozen=True, slots=True)
class Worker:
    """Performs claims. `failpoint` is called at named places, so that tests can end the process exactly there."""

    context: Callable[[], Context]
    channels: Mapping[ChannelType, Channel]
    failpoint: Failpoint = _no_failpoint

    def perform(self, claim: Claim, release: Release | None = None) -> Outcome | None:
        """Act on a claim and record what came of it. None when the claim was lost or nothing was left to do.

        `release` is a person's word that this attempt may go out; it holds for this attempt alone.
        Trouble with the database ends the attempt where it stands; the rescue settles it by what was committed.
        """
        ctx = self.context()
        try:
            opened = open_work(ctx, claim, release)
            if opened is None:
                return None
            if isinstance(opened, Unworkable):
                return self._record(ctx, opened.work, opened.outcome)
            return self._attempt(ctx, opened)
        except DatabaseUnavailable as error:
            log.error("attempt.database_lost", enrollment=claim.enrollment_id, error=str(error))
            return None

    def _attempt(self, ctx: Context, work: Work) -> Outcome | None:
        try:
            outcome = self._send(ctx, work)
        except DatabaseUnavailable:
            raise
        except MissingSecret as error:
            outcome = AccountTrouble(Trouble.CONFIG, "missing_secret", str(error))
        except Exception as error:  # noqa: BLE001 - kept with its traceback, shown, and blocks nobody else
            log.error("attempt.crashed", enrollment=work.claim.enrollment_id, step=work.step, error=repr(error))
            abandon(ctx, work, error, traceback.format_exc(limit=12))
            return None
        return self._record(ctx, work, outcome)

    def _send(self, ctx: Context, work: Work) -> Outcome:
        intention = work.intention()
        refusal = look_ahead(ctx, intention)
        if refusal is not None:
            return refusal
        self.failpoint("before_prepare")
        prepared = self.channels[work.account.channel].prepare(work.job)
        if not _is_prepared(prepared):
            return prepared  # type: ignore[return-value]
        self.failpoint("prepared")

        def gate() -> Permit | Refusal:
            verdict = pass_gate(ctx, intention)
            self.failpoint("intent")
            return verdict

        outcome = prepared.fire(gate)  # type: ignore[union-attr]
        self.failpoint("fired")
        return outcome

    def _record(self, ctx: Context, work: Work, outcome: Outcome) -> Outcome:
        kept = record(ctx, work, outcome)
        self.failpoint("recorded")
        log.info(
            "attempt." + type(outcome).__name__.lower(),  # noqa: G003 - an event name, not a text
            campaign=work.campaign.name,
            enrollment=work.claim.enrollment_id,
            step=work.step,
            account=work.account.key,
            reason=getattr(outcome, "reason", None),
            recorded=kept,
        )
        return outcome


def _is_prepared(value: Prepared | Outcome) -> bool:
    return hasattr(value, "fire")
