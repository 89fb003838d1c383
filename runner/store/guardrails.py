"""Guardrails: an account or a campaign whose mail bounces or is complained about too often stops by itself.

The thresholds are practice, not law: 5 % bounces and 0.1 % complaints, judged only on enough sends (mailbox providers
limit or close accounts well above them). An account is judged on what it sent for all campaigns, a campaign on what it
sent through all its accounts: a bad list stops before it has spoilt every account it is spread over.

Each is judged when something came back, and again from time to time: the sends that make a rate count may come later
than the bounces.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, Select, and_, func, or_, select, update

from runner.model.campaign import Campaign
from runner.model.channel import ChannelConfig, ChannelType
from runner.model.events import EventKind
from runner.store.context import Context
from runner.store.health import open_problem
from runner.store.switching import set_switch, switched_off
from runner.store.tables import channel_configs, enrollments, events, outreach_attempts, problems, step_runs

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
    """After something came back: judge the account it came by, those that wrote, and the enrollments' campaigns."""
    concerned = _concerned(connection, touched) if touched else set()
    if config is not None:
        concerned.add(config.key)
    for key in sorted(concerned):
        if (account := ctx.book.account(key)) is not None:
            guard_account(connection, account, now, rails_of(account.settings.get("health")))
    campaigns = select(enrollments.c.campaign_id).where(enrollments.c.id.in_(sorted(touched))).distinct()
    for (campaign_id,) in connection.execute(campaigns).all() if touched else ():
        if (campaign := ctx.book.campaigns.get(campaign_id)) is not None:
            guard_campaign(connection, campaign_id, campaign, now, rails_of(campaign.health))


def _concerned(connection: Connection, touched: Collection[int]) -> set[str]:
    """The email accounts that wrote to these: an inbox may be read for several of them."""
    wrote = (step_runs.c.enrollment_id.in_(sorted(touched)), step_runs.c.account.startswith("email/"))
    return set(connection.execute(select(step_runs.c.account).where(*wrote).distinct()).scalars())


def guard_all(ctx: Context) -> list[str]:
    """Judge every account and campaign that still sends. Returns the keys and names of those that were stopped.

    Nothing is locked for counting; what has to stop is judged once more in the transaction that stops it.
    """
    now, stopped = ctx.now(), []
    with ctx.db.read() as connection:
        accounts, campaigns = list(_bad_accounts(connection, ctx, now)), list(_bad_campaigns(connection, ctx, now))
    for config in accounts:
        with ctx.db.write() as connection:
            if guard_account(connection, config, now, rails_of(config.settings.get("health"))):
                stopped.append(config.key)
    for campaign_id, campaign in campaigns:
        with ctx.db.write() as connection:
            if guard_campaign(connection, campaign_id, campaign, now, rails_of(campaign.health)):
                stopped.append(campaign.name)
    return stopped


def _bad_accounts(connection: Connection, ctx: Context, now: datetime) -> Iterator[ChannelConfig]:
    off = select(channel_configs.c.key).where(channel_configs.c.health == "stopped")
    stopped = set(connection.execute(off).scalars())
    for config in ctx.book.project.channels.values():
        if config.channel is ChannelType.EMAIL and config.key not in stopped:
            rails, counted = rails_of(config.settings.get("health")), _of_account(config)
            if any(_broken(connection, f"account:{config.key}", rail, now, *counted) for rail in rails):
                yield config


def _bad_campaigns(connection: Connection, ctx: Context, now: datetime) -> Iterator[tuple[int, Campaign]]:
    for campaign_id, campaign in ctx.book.campaigns.items():
        scope, counted = f"campaign:{campaign.name}", _of_campaign(campaign_id)
        if switched_off(connection, scope) is None and any(
            _broken(connection, scope, rail, now, *counted) for rail in rails_of(campaign.health)
        ):
            yield campaign_id, campaign


def guard_account(
    connection: Connection, config: ChannelConfig, now: datetime, rails: tuple[Guardrail, ...] = GUARDRAILS
) -> bool:
    """Stop the account if one of the rails is broken, and open a problem that says so. True when it was stopped."""
    scope, stopped = f"account:{config.key}", False
    for rail in rails:
        if (words := _broken(connection, scope, rail, now, *_of_account(config))) is None:
            continue
        text = f"{config.key} was stopped: {words}"
        values = {"health": "stopped", "health_reason": text, "opened_at": now}
        fine = (channel_configs.c.key == config.key, channel_configs.c.health != "stopped")
        if connection.execute(update(channel_configs).where(*fine).values(**values)).rowcount:
            help_text = f"clean the list, then `runner channels resume {config.key}`"
            open_problem(connection, scope, f"{rail.kind.value}_rate", text, help_text, now)
            stopped = True
    return stopped


def guard_campaign(
    connection: Connection, campaign_id: int, campaign: Campaign, now: datetime,
    rails: tuple[Guardrail, ...] = GUARDRAILS,
) -> bool:  # fmt: skip
    """Switch the campaign off if one of the rails is broken, and open a problem that says so. True when it was."""
    scope = f"campaign:{campaign.name}"
    for rail in rails:
        if (words := _broken(connection, scope, rail, now, *_of_campaign(campaign_id))) is None:
            continue
        if switched_off(connection, scope) is not None:
            return False  # by a person, or by the other rail
        help_text = f"clean the list, then `runner resume --campaign {campaign.name}`"
        set_switch(connection, scope, reason=f"{words}; {help_text}", actor=GUARD, now=now)
        text = f"campaign {campaign.name} was paused: {words}"
        open_problem(connection, scope, f"{rail.kind.value}_rate", text, help_text, now)
        return True
    return False


def _of_account(config: ChannelConfig) -> tuple[Select[int], Select[int]]:
    """What it sent, and what came back of that, by whichever inbox. What is tied to no step counts for the inbox."""
    sent = _sent(outreach_attempts.c.account == config.key)
    elsewhere = events.alias()
    tied = select(elsewhere.c.id).where(elsewhere.c.source == events.c.source, elsewhere.c.step.is_not(None)).exists()
    strays = and_(events.c.step.is_(None), events.c.account == config.key, ~tied)
    run = (step_runs.c.enrollment_id == events.c.enrollment_id, step_runs.c.step == events.c.step)
    back = _back(or_(step_runs.c.account == config.key, strays))
    return sent, back.select_from(events.outerjoin(step_runs, and_(*run)))


def _of_campaign(campaign_id: int) -> tuple[Select[int], Select[int]]:
    """What it sent by e-mail, and what came back of that."""
    mine = enrollments.c.campaign_id == campaign_id
    sent = _sent(outreach_attempts.c.channel == ChannelType.EMAIL.value, mine)
    sent = sent.join(enrollments, enrollments.c.id == outreach_attempts.c.enrollment_id)
    back = _back(events.c.step.is_not(None), mine).join(enrollments, enrollments.c.id == events.c.enrollment_id)
    return sent, back


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
    if returned == 0 or returned < rail.rate * rail.floor:
        return None  # too few, however few were sent
    went = connection.execute(sent.where(outreach_attempts.c.finished_at > since)).scalar_one()
    if went < rail.floor or returned < rail.rate * went:
        return None
    return f"{returned} of its last {went} messages {rail.kind.value}"


def _sent(*where: ColumnElement[bool]) -> Select[int]:
    return select(func.count(outreach_attempts.c.id)).where(outreach_attempts.c.status == "sent", *where)


def _back(*where: ColumnElement[bool]) -> Select[int]:
    return select(func.count(events.c.source.distinct())).where(*where)
