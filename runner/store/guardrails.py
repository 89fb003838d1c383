"""Guardrails: an account or a campaign whose mail bounces or is complained about too often stops by itself.

The thresholds are practice, not law: 5 % bounces and 0.1 % complaints, judged only on enough sends (mailbox providers
limit or close accounts well above them). An account is judged on what it sent for all campaigns, a campaign on what it
sent through all its accounts: a bad list stops before it has spoilt every account it is spread over.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, Select, func, select, update

from runner.model.campaign import Campaign
from runner.model.channel import ChannelConfig, ChannelType
from runner.model.events import EventKind
from runner.store.context import Context
from runner.store.health import open_problem
from runner.store.switching import set_switch, switched_off
from runner.store.tables import channel_configs, enrollments, events, outreach_attempts, problems

GUARD = "guardrail"
"""Who switched a campaign off, where it was no person."""


@dataclass(frozen=True, slots=True)
class Guardrail:
    """Stop when `kind` reaches `rate` of what was sent within `window`, judged from `floor` sends on."""

    kind: EventKind
    rate: float
    floor: int
    window: timedelta


GUARDRAILS = (
    Guardrail(EventKind.BOUNCED, 0.05, 50, timedelta(days=7)),
    Guardrail(EventKind.COMPLAINED, 0.001, 100, timedelta(days=30)),
)


def rails_of(own: object) -> tuple[Guardrail, ...]:
    """The usual rails with what a `health:` map sets otherwise (bounce_rate, complaint_floor ...)."""
    if not isinstance(own, Mapping):
        return GUARDRAILS
    names = {EventKind.BOUNCED: "bounce", EventKind.COMPLAINED: "complaint"}
    return tuple(
        replace(
            rail,
            rate=float(own.get(f"{names[rail.kind]}_rate", rail.rate)),
            floor=int(own.get(f"{names[rail.kind]}_floor", rail.floor)),
        )
        for rail in GUARDRAILS
    )


def guard(
    connection: Connection, ctx: Context, config: ChannelConfig | None, touched: Collection[int], now: datetime
) -> None:
    """After something came back: judge the account it came by, and the campaigns of these enrollments."""
    if config is not None:
        guard_account(connection, config, now, rails_of(config.settings.get("health")))
    concerned = select(enrollments.c.campaign_id).where(enrollments.c.id.in_(sorted(touched))).distinct()
    for (campaign_id,) in connection.execute(concerned).all() if touched else ():
        if (campaign := ctx.book.campaigns.get(campaign_id)) is not None:
            guard_campaign(connection, campaign_id, campaign, now, rails_of(campaign.health))


def guard_account(
    connection: Connection, config: ChannelConfig, now: datetime, rails: tuple[Guardrail, ...] = GUARDRAILS
) -> None:
    """Stop the account if one of the rails is broken, and open a problem that says so."""
    scope = f"account:{config.key}"
    for rail in rails:
        sends, backs = outreach_attempts.c.account == config.key, events.c.account == config.key
        if (words := _broken(connection, scope, rail, now, _sent(sends), _back(backs))) is None:
            continue
        text = f"{config.key} was stopped: {words}"
        values = {"health": "stopped", "health_reason": text, "opened_at": now}
        fine = (channel_configs.c.key == config.key, channel_configs.c.health != "stopped")
        if connection.execute(update(channel_configs).where(*fine).values(**values)).rowcount:
            help_text = f"clean the list, then `runner channels resume {config.key}`"
            open_problem(connection, scope, f"{rail.kind.value}_rate", text, help_text, now)


def guard_campaign(
    connection: Connection, campaign_id: int, campaign: Campaign, now: datetime,
    rails: tuple[Guardrail, ...] = GUARDRAILS,
) -> None:  # fmt: skip
    """Switch the campaign off if one of the rails is broken, and open a problem that says so."""
    scope = f"campaign:{campaign.name}"
    mine = enrollments.c.campaign_id == campaign_id
    sent = _sent(outreach_attempts.c.channel == ChannelType.EMAIL.value, mine)
    sent = sent.join(enrollments, enrollments.c.id == outreach_attempts.c.enrollment_id)
    back = _back(events.c.step.is_not(None), mine).join(enrollments, enrollments.c.id == events.c.enrollment_id)
    for rail in rails:
        if (words := _broken(connection, scope, rail, now, sent, back)) is None:
            continue
        if switched_off(connection, scope) is not None:
            return  # by a person, or by the other rail
        help_text = f"clean the list, then `runner resume --campaign {campaign.name}`"
        set_switch(connection, scope, reason=f"{words}; {help_text}", actor=GUARD, now=now)
        text = f"campaign {campaign.name} was paused: {words}"
        open_problem(connection, scope, f"{rail.kind.value}_rate", text, help_text, now)


def _broken(
    connection: Connection, scope: str, rail: Guardrail, now: datetime, sent: Select[int],
    back: Select[int],
) -> str | None:  # fmt: skip
    """How the rail is broken, in words; None while it holds. What was before a person resumed it no longer counts."""
    resumed = select(func.max(problems.c.closed_at)).where(
        problems.c.scope == scope, problems.c.kind == f"{rail.kind.value}_rate"
    )
    since = max(now - rail.window, connection.execute(resumed).scalar() or now - rail.window)
    hard = (events.c.hard.is_(True),) if rail.kind is EventKind.BOUNCED else ()
    came = back.where(events.c.kind == rail.kind.value, events.c.recorded_at > since, *hard)
    returned = connection.execute(came).scalar_one()
    if returned == 0:
        return None
    went = connection.execute(sent.where(outreach_attempts.c.finished_at > since)).scalar_one()
    if went < rail.floor or returned < rail.rate * went:
        return None
    return f"{returned} of its last {went} messages {rail.kind.value}"


def _sent(*where: ColumnElement[bool]) -> Select[int]:
    return select(func.count(outreach_attempts.c.id)).where(outreach_attempts.c.status == "sent", *where)


def _back(*where: ColumnElement[bool]) -> Select[int]:
    return select(func.count(events.c.source.distinct())).where(*where)
