"""The gate's transaction: facts are read, judged, and on a permit the intent and every reservation are written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection, func, insert, or_, select, update

from runner.engine.gate import GateFacts, Usage, judge
from runner.engine.limits import Gap, Limit, SendFacts, gaps_for, limits_for, scopes_of
from runner.engine.outcomes import NotNow, Permit, Refusal
from runner.model.calendar_zones import Zones
from runner.model.campaign import Campaign
from runner.model.channel import ChannelConfig, ChannelType
from runner.model.country_policy import refusal
from runner.model.inboxes import has_inbox
from runner.model.lead import Lead
from runner.model.linkedin_limits import CONNECT, CONNECT_WITH_NOTE, MAX_PENDING
from runner.model.sequence import ChannelStep
from runner.store.claims import Claim, holds
from runner.store.context import Context
from runner.store.overlays import overlay_limits
from runner.store.restoring import RESTORED
from runner.store.suppressions import suppressed_by
from runner.store.tables import channel_configs, enrollments, events, inbox_cursors, reservations, switches
from runner.store.tables import outreach_attempts as attempts
from runner.store.withdrawing import open_invitations


@dataclass(frozen=True, slots=True)
class Intention:
    """One send that asks to pass: who, by which account, as which attempt. `claim` is None for a mere look ahead."""

    enrollment_id: int
    attempt_id: int | None
    claim: Claim | None
    campaign: Campaign
    account: ChannelConfig
    lead: Lead
    body: ChannelStep
    action: str
    key: str
    wrote_from: frozenset[str]

    def ways(self) -> Iterator[Intention]:
        """How it may go out, best first: an invitation whose note may be dropped can also pass without its quota."""
        yield self
        rule = self.body.settings.get("note") or self.account.settings.get("note")
        if self.action == CONNECT_WITH_NOTE and rule != "required":
            yield replace(self, action=CONNECT)


def pass_gate(ctx: Context, intention: Intention) -> Permit | Refusal:
    """The gate and the intent in one durable transaction."""
    refused: Refusal | None = None
    with ctx.db.write() as connection:
        now = ctx.now()  # not before: another process may have held the write lock for long
        for way in intention.ways():
            verdict, scopes = _verdict(connection, ctx, way, now, lock=True)
            if verdict is None:
                return _intend(connection, way, scopes, now, without_note=way.action != intention.action)
            refused = _sooner(refused, verdict)
    assert refused is not None
    return refused


def look_ahead(ctx: Context, intention: Intention) -> Refusal | None:
    """What the gate would say now. Nothing is written; used before connecting, and to explain."""
    now = ctx.now()
    with ctx.db.read() as connection:
        refused: Refusal | None = None
        for way in intention.ways():
            verdict, _ = _verdict(connection, ctx, way, now, lock=False)
            if verdict is None:
                return None
            refused = _sooner(refused, verdict)
    return refused


def _sooner(one: Refusal | None, other: Refusal) -> Refusal:
    """Of the refusals of two ways the one that ends first: a month's quota must not hold what only waits a minute."""
    if isinstance(one, NotNow) and isinstance(other, NotNow) and other.until is not None:
        return other if one.until is None or other.until < one.until else one
    return one or other


def _verdict(
    connection: Connection, ctx: Context, intention: Intention, now: datetime, *, lock: bool
) -> tuple[Refusal | None, tuple[str, ...]]:
    """What the gate says, and the scopes on which a permit has to reserve."""
    send = _send_facts(connection, ctx, intention, now)
    limits, gaps = limits_for(send), gaps_for(send)
    scopes = scopes_of(limits, gaps)
    if lock:
        ctx.db.lock_scopes(connection, scopes)
    return judge(_facts(connection, ctx, intention, limits, gaps, now), now), scopes


def _intend(
    connection: Connection, intention: Intention, scopes: Sequence[str], now: datetime, *, without_note: bool
) -> Permit:
    assert intention.attempt_id is not None
    rows = [{"attempt_id": intention.attempt_id, "scope": scope, "reserved_at": now} for scope in scopes]
    if rows:
        connection.execute(insert(reservations), rows)
    where = (attempts.c.id == intention.attempt_id, attempts.c.status == "claimed")
    changed = connection.execute(update(attempts).where(*where).values(status="sending", intent_at=now))
    if changed.rowcount != 1:
        raise RuntimeError(f"attempt {intention.attempt_id} is not claimed, although its claim holds")
    return Permit(intention.attempt_id, without_note, now, tuple(scopes))


def _send_facts(connection: Connection, ctx: Context, intention: Intention, now: datetime) -> SendFacts:
    ramp = intention.account.limits.ramp
    return SendFacts(
        account=intention.account,
        campaign=intention.campaign,
        project=ctx.book.project.settings,
        lead=intention.lead,
        action=intention.action,
        key=intention.key,
        active_days=_active_days(connection, intention.account.key, now) if ramp else 0,
        overlay=overlay_limits(connection, intention.campaign.name, intention.account.channel, now),
    )


def _facts(
    connection: Connection, ctx: Context, intention: Intention, limits: Sequence[Limit], gaps: Sequence[Gap],
    now: datetime,
) -> GateFacts:  # fmt: skip
    account, campaign = intention.account, intention.campaign
    query = select(enrollments.c.status).where(enrollments.c.id == intention.enrollment_id)
    health = connection.execute(
        select(channel_configs.c.health, channel_configs.c.health_reason, channel_configs.c.retry_at)
        .where(channel_configs.c.key == account.key)
    ).first()  # fmt: skip
    windows = [window for window in (intention.body.send_window, account.send_window) if window is not None]
    zones = Zones(intention.lead.timezone, account.timezone, ctx.book.project.settings.timezone, intention.lead.country)
    return GateFacts(
        claimed=intention.claim is None or holds(connection, ctx, intention.claim),
        status=connection.execute(query).scalar() or "stopped",
        campaign_open=_is_open(campaign, now),
        switched_off=_switch(connection, campaign, account),
        suppressed=suppressed_by(connection, ctx.key, intention.lead, account.channel),
        forbidden=refusal(intention.lead, account.channel, ctx.book.project.settings.policy),
        account_stopped=(health.health_reason or "stopped") if health and health.health == "stopped" else None,
        retry_at=health.retry_at if health and health.health == "backing_off" else None,
        inbox_stale=_stale_inbox(connection, ctx, intention.wrote_from, now),
        too_many_open=_too_many_open(connection, intention),
        events_pending=_has_pending_events(connection, intention.enrollment_id),
        windows=windows,
        zones=zones,
        limits=limits,
        usage={limit: _usage(connection, limit, now) for limit in limits},
        gaps=gaps,
        last_finish=dict(_last_finishes(connection, gaps)),
    )


def _is_open(campaign: Campaign, now: datetime) -> bool:
    today = now.date()
    started = campaign.starts_on is None or today >= campaign.starts_on
    return campaign.enabled and started and (campaign.ends_on is None or today <= campaign.ends_on)


def _switch(connection: Connection, campaign: Campaign, account: ChannelConfig) -> str | None:
    scopes = ("global", RESTORED, f"campaign:{campaign.name}", f"account:{account.key}")
    row = connection.execute(select(switches.c.scope, switches.c.reason).where(switches.c.scope.in_(scopes))).first()
    if row is not None and row.scope == RESTORED:
        return str(row.reason)
    return f"{row.scope} is switched off: {row.reason}" if row else None


def _stale_inbox(connection: Connection, ctx: Context, accounts: Iterable[str], now: datetime) -> str | None:
    """What is wrong with the inbox of one of these accounts, in which a reply could wait; None when all were read."""
    configs = [config for key in accounts if (config := ctx.book.account(key)) is not None]
    watched = sorted(config.key for config in configs if has_inbox(config))
    if not watched:
        return None
    query = select(inbox_cursors).where(inbox_cursors.c.account.in_(watched))
    cursors = {row.account: row for row in connection.execute(query)}
    for key in watched:
        row = cursors.get(key)
        if row is None or row.read_at is None:
            return f"the inbox of {key} was never read" + (f": {row.error}" if row is not None and row.error else "")
        if now - row.read_at > ctx.book.project.settings.contact.inbox_max_age:
            why = f": {row.error}" if row.error else ""
            return f"the inbox of {key} was last read at {row.read_at.isoformat(timespec='minutes')}{why}"
    return None


def _too_many_open(connection: Connection, intention: Intention) -> str | None:
    """An account's invitations that wait for an answer are bounded, whoever sends them and however it is read."""
    account = intention.account
    if account.channel is not ChannelType.LINKEDIN or intention.action not in (CONNECT, CONNECT_WITH_NOTE):
        return None
    most = account.settings.get("max_pending", MAX_PENDING)
    waiting = open_invitations(connection, account.key)
    if not isinstance(most, int) or waiting < most:
        return None
    return f"{waiting} invitations of {account.key} wait for an answer, and it may have {most}: withdraw old ones"


def _has_pending_events(connection: Connection, enrollment_id: int) -> bool:
    where = (events.c.enrollment_id == enrollment_id, events.c.pending.is_(True))
    return connection.execute(select(events.c.id).where(*where).limit(1)).first() is not None


def _usage(connection: Connection, limit: Limit, now: datetime) -> Usage:
    """How many reservations occupy a limit: those under way, and those finished less than its window ago."""
    since = now - limit.rate.per
    occupying = or_(reservations.c.finished_at.is_(None), reservations.c.finished_at > since)
    where = [reservations.c.scope == limit.scope, occupying]
    if limit.besides_lead is not None:
        others = select(attempts.c.id).where(attempts.c.lead_id != limit.besides_lead)
        where.append(reservations.c.attempt_id.in_(others))
    used = connection.execute(select(func.count()).select_from(reservations).where(*where)).scalar_one()
    if used < limit.rate.count or limit.rate.count == 0:
        return Usage(used, now + timedelta(days=1) if limit.rate.count == 0 else None)
    ordered = select(reservations.c.finished_at).where(*where, reservations.c.finished_at.is_not(None))
    freeing = ordered.order_by(reservations.c.finished_at).offset(used - limit.rate.count).limit(1)
    finish = connection.execute(freeing).scalar()
    return Usage(used, finish + limit.rate.per if finish else None)


def _last_finishes(connection: Connection, gaps: Sequence[Gap]) -> Iterable[tuple[str, datetime | None]]:
    """The end of the last send on each scope; None while one is under way, nothing for a scope never used."""
    for gap in gaps:
        where = reservations.c.scope == gap.scope
        total, finished, last = connection.execute(
            select(func.count(), func.count(reservations.c.finished_at), func.max(reservations.c.finished_at))
            .where(where)
        ).one()  # fmt: skip
        if total:
            yield gap.scope, None if finished < total else last


def _active_days(connection: Connection, account: str, now: datetime) -> int:
    """On how many earlier days the account sent: what its ramp has grown by."""
    day = func.date(attempts.c.finished_at)
    sent = attempts.c.status == "sent", attempts.c.account == account
    return connection.execute(
        select(func.count(day.distinct())).where(*sent, day < now.date().isoformat())
    ).scalar_one()


__all__ = ["Intention", "NotNow", "look_ahead", "pass_gate"]
