"""Looking for evidence of unknown attempts, once a grace period has passed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

import structlog

from runner.engine.ports import Doubt, Reconciler
from runner.errors import ChannelUnavailable, DatabaseUnavailable, MissingSecret, Refused
from runner.model.channel import ChannelType
from runner.store.context import Context
from runner.store.health import is_silenced
from runner.store.reconciling import doubts, resolve

log = structlog.get_logger("runner.reconcile")
GRACE = timedelta(minutes=15)
"""Longer than the ten minutes a server may take over the final dot (RFC 5321 section 4.5.3.2.6)."""

LOOKED_FOR = timedelta(days=7)
"""After that no bounce comes any more (senders give up after four or five days, section 4.5.4.1), and what is not in
Sent will not be: asking on would only be log-ins without end. A late reply is an event of its own."""


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """Asks each channel for positive evidence; finding none changes nothing."""

    context: Callable[[], Context]
    reconcilers: Mapping[ChannelType, Reconciler]
    grace: timedelta = GRACE

    def run(self) -> int:
        """One pass over the unknown attempts. Returns how many were settled."""
        ctx = self.context()
        now = ctx.now()
        with ctx.db.read() as connection:
            open_doubts = list(doubts(connection, ctx, now - LOOKED_FOR, now - self.grace))
        return sum(self._tried(ctx, attempt_id, doubt) for attempt_id, doubt in open_doubts)

    def _tried(self, ctx: Context, attempt_id: int, doubt: Doubt) -> bool:
        try:
            return self._settle(ctx, attempt_id, doubt)
        except DatabaseUnavailable:
            raise
        except Exception:
            log.exception("reconcile.crashed", attempt=attempt_id)  # it stays in doubt, and holds up no other
            return False

    def _settle(self, ctx: Context, attempt_id: int, doubt: Doubt) -> bool:
        reconciler = self.reconcilers.get(doubt.account.channel)
        with ctx.db.read() as connection:
            if reconciler is None or is_silenced(connection, doubt.account):
                return False
        try:
            evidence = reconciler.find(doubt)
        except (ChannelUnavailable, MissingSecret) as error:
            log.warning("reconcile.unreachable", account=doubt.account.key, error=str(error))
            return False
        if evidence is None:
            return False
        try:
            resolve(ctx, attempt_id, sent=True, by=f"evidence: {evidence.found_in}")
        except Refused:
            return False
        log.info("attempt.resolved", attempt=attempt_id, found_in=evidence.found_in)
        return True
