"""The circuit breaker of an account: trouble makes it back off, and some kinds stop it until a person resumes it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from runner.engine.outcomes import AccountTrouble, Trouble

BACK_OFF = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=15), timedelta(hours=1))
LIMITED_PAUSE = timedelta(hours=5)
"""What an account rests after the other side said it is over a limit, where it named no time."""
PATIENCE = {Trouble.AUTH: 1, Trouble.CHALLENGE: 0, Trouble.CONFIG: 0, Trouble.LIMITED: 1}
"""How many times in a row, with no success in between, the other side may say such a thing before the account stops.

A connection that fails says nothing about the account: it is tried for ever, and does not count as a strike.
"""


@dataclass(frozen=True, slots=True)
class Health:
    """How an account is doing. `stopped` needs a person; `retry_at` only time.

    `failures` counts every trouble since the last success, `strikes` those that the other side had with the account.
    """

    failures: int = 0
    strikes: int = 0
    stopped: bool = False
    retry_at: datetime | None = None
    reason: str = ""


def after_trouble(health: Health, trouble: AccountTrouble, now: datetime) -> Health:
    """The account's health after one more trouble. A challenge stops it at once; no trouble shortens a rest."""
    failures = health.failures + 1
    reason = trouble.explanation or trouble.reason
    patience = PATIENCE.get(trouble.kind)
    strikes = health.strikes + (patience is not None)
    if trouble.stops or (patience is not None and strikes > patience):
        return Health(failures, strikes, stopped=True, reason=reason)
    wait = BACK_OFF[min(failures, len(BACK_OFF)) - 1]
    if trouble.kind is Trouble.LIMITED:
        wait = trouble.after or LIMITED_PAUSE
    until = now + max(wait, trouble.after or timedelta(0))
    if health.retry_at is not None and health.retry_at > until:
        return Health(failures, strikes, retry_at=health.retry_at, reason=health.reason)
    return Health(failures, strikes, retry_at=until, reason=reason)
