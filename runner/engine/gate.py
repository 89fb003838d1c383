"""The one gate: whether a send may happen at this instant. Pure; the store gathers the facts and keeps the answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from datetime import datetime, timedelta
from enum import Enum

from runner.engine.limits import Gap, Limit
from runner.engine.outcomes import Cancelled, Detail, NotNow, Refusal
from runner.model.calendar import SendWindow, next_slot
from runner.model.calendar_zones import Zones
from runner.values import value

IN_FLIGHT = timedelta(seconds=1)
"""When to look again at a limit that is full only because of sends still under way."""
STALE_RECHECK = timedelta(minutes=1)
STOPPED_RECHECK = timedelta(hours=1)


class Rule(Enum):
    """Every reason for which the gate refuses, as `Refusal.reason` names it."""

    CLAIM_LOST = "claim_lost"
    ENDED = "ended"
    PAUSED = "paused"
    SUPPRESSED = "suppressed"
    POLICY = "policy"
    EVENT_PENDING = "event_pending"
    KILL_SWITCH = "kill_switch"
    CAMPAIGN_CLOSED = "campaign_closed"
    ACCOUNT_STOPPED = "account_stopped"
    ACCOUNT_BACKING_OFF = "account_backing_off"
    INBOX_STALE = "inbox_stale"
    TOO_MANY_PENDING = "too_many_pending"
    WINDOW_NEVER_OPEN = "window_never_open"
    WINDOW = "window"
    LIMIT = "limit"
    GAP = "gap"


LOST = frozenset({Rule.CLAIM_LOST.value, Rule.ENDED.value, Rule.PAUSED.value})
"""Refusals that say somebody else already decided about this enrollment."""


@value
class GateFacts:
    """Everything the gate weighs, read in one transaction.

    `claimed` is whether the claim still holds; `switched_off` names the kill switch that is set; `suppressed` says
    by what; `retry_at` is set while the account backs off; `inbox_stale` while an inbox is unread that a reply could
    be in; `too_many_open` when an account has as many open invitations as it may; `used` says how many
    places of each limit are taken, in the order of `limits`, `frees_at` when a full one has a free one again (None: one
    under way holds it).
    """

    claimed: bool
    status: str
    campaign_open: bool = True
    switched_off: str | None = None
    suppressed: str | None = None
    forbidden: str | None = None
    account_stopped: str | None = None
    retry_at: datetime | None = None
    inbox_stale: str | None = None
    too_many_open: str | None = None
    events_pending: bool = False
    windows: Sequence[SendWindow] = ()
    zones: Zones = field(default_factory=Zones)
    limits: Sequence[Limit] = ()
    used: Sequence[int] = ()
    frees_at: Mapping[Limit, datetime | None] = field(default_factory=dict)
    gaps: Sequence[Gap] = ()
    last_finish: Mapping[str, datetime | None] = field(default_factory=dict)


def judge(facts: GateFacts, now: datetime) -> Refusal | None:
    """None lets it pass. What ends the step comes first, then what only defers it."""
    return _forbidden(facts) or _held(facts, now) or _windowed(facts, now) or _limited(facts, now)


def _no(rule: Rule, explanation: str) -> Cancelled:
    return Cancelled(rule.value, explanation)


def _later(
    rule: Rule, until: datetime, explanation: str, *, lane_wide: bool = False, detail: Detail | None = None
) -> NotNow:
    return NotNow(until, rule.value, explanation, lane_wide, detail or {})


def _forbidden(facts: GateFacts) -> Cancelled | None:
    if not facts.claimed:
        return _no(Rule.CLAIM_LOST, "another worker or an event took this enrollment over")
    if facts.status in ("completed", "stopped"):
        return _no(Rule.ENDED, "the enrollment has ended")
    if facts.status == "paused":
        return _no(Rule.PAUSED, "the enrollment is paused")
    if facts.suppressed is not None:
        return _no(Rule.SUPPRESSED, facts.suppressed)
    if facts.forbidden is not None:
        return _no(Rule.POLICY, facts.forbidden)
    return None


def _held(facts: GateFacts, now: datetime) -> NotNow | None:
    if facts.events_pending:
        return _later(Rule.EVENT_PENDING, now + IN_FLIGHT, "an event for this lead is about to be decided on")
    if facts.switched_off is not None:
        return _later(Rule.KILL_SWITCH, now + STOPPED_RECHECK, facts.switched_off, lane_wide=True)
    if not facts.campaign_open:
        return _later(Rule.CAMPAIGN_CLOSED, now + STOPPED_RECHECK, "the campaign is not running today", lane_wide=True)
    if facts.account_stopped is not None:
        return _later(Rule.ACCOUNT_STOPPED, now + STOPPED_RECHECK, facts.account_stopped, lane_wide=True)
    if facts.retry_at is not None and facts.retry_at > now:
        return _later(Rule.ACCOUNT_BACKING_OFF, facts.retry_at, "the account had trouble a moment ago", lane_wide=True)
    if facts.inbox_stale is not None:
        return _later(Rule.INBOX_STALE, now + STALE_RECHECK, f"a reply could be waiting: {facts.inbox_stale}")
    if facts.too_many_open is not None:
        return _later(Rule.TOO_MANY_PENDING, now + STOPPED_RECHECK, facts.too_many_open)
    return None


def _windowed(facts: GateFacts, now: datetime) -> NotNow | None:
    slot = next_slot(now, facts.windows, facts.zones)
    if slot is None:
        return _later(Rule.WINDOW_NEVER_OPEN, now + STOPPED_RECHECK, "the send windows share no hour of the year")
    if slot > now:
        return _later(Rule.WINDOW, slot, f"the send window opens at {slot.isoformat()}")
    return None


def _limited(facts: GateFacts, now: datetime) -> NotNow | None:
    """The refusal of the fullest limit: the one that frees its next place last."""
    worst: NotNow | None = None
    for limit, used in zip(facts.limits, facts.used, strict=True):
        if used >= limit.rate.count:
            until = facts.frees_at.get(limit) or now + IN_FLIGHT
            text = f"{limit.name} limit: {used} of {limit.rate.count} in {limit.rate.per}"
            detail = {"scope": limit.scope, "used": used, "count": limit.rate.count}
            worst = _fuller(worst, _later(Rule.LIMIT, until, text, lane_wide=limit.lane_wide, detail=detail))
    for gap in facts.gaps:
        if gap.scope in facts.last_finish:
            finish = facts.last_finish[gap.scope]
            until = now + IN_FLIGHT if finish is None else finish + gap.pause
            if until > now:
                text = f"{gap.pause.total_seconds():.0f}s between sends"
                worst = _fuller(worst, _later(Rule.GAP, until, text, lane_wide=True, detail={"scope": gap.scope}))
    return worst


def _fuller(one: NotNow | None, other: NotNow) -> NotNow:
    if one is None or one.until is None or (other.until is not None and other.until > one.until):
        return other
    return one
