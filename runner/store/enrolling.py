"""Enrolling: leads that match a campaign's audience enter it, no more than `new_leads` allows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, exists, func, insert, select, update

from runner.lang.conditions import Facts, evaluate
from runner.model.campaign import Campaign
from runner.model.channel import ChannelType
from runner.model.country_policy import refusal
from runner.model.lead import Lead
from runner.store import log
from runner.store.context import Context
from runner.store.lanes import lane_for
from runner.store.people import load_leads
from runner.store.suppressions import suppressed_by
from runner.store.switching import switched_off
from runner.store.tables import campaigns, enrollments, leads, timers

SCAN = 1000
"""How many leads one pass looks at for one campaign; the next pass goes on behind them."""


@dataclass(frozen=True, slots=True)
class Enrolled:
    """What asking to enroll a lead came to: `enrolled`, or why not."""

    lead_id: int
    enrollment_id: int | None
    reason: str = ""


def enroll_matching(ctx: Context) -> int:
    """One pass over every open campaign. Returns how many people entered."""
    now, total = ctx.now(), 0
    for campaign_id, campaign in ctx.book.campaigns.items():
        if campaign.audience is None or not _is_open(campaign, now):
            continue
        with ctx.db.write() as connection:
            total += _one_pass(connection, ctx, campaign_id, campaign, now)
    return total


def _one_pass(connection: Connection, ctx: Context, campaign_id: int, campaign: Campaign, now: datetime) -> int:
    room = _room(connection, campaign_id, campaign, now)
    if room <= 0 or switched_off(connection, f"campaign:{campaign.name}"):
        return 0
    mark = select(campaigns.c.scanned_to).where(campaigns.c.id == campaign_id).with_for_update()
    scanned_to = connection.execute(mark).scalar_one()
    already = exists().where(and_(enrollments.c.lead_id == leads.c.id, enrollments.c.campaign_id == campaign_id))
    where = (leads.c.id > scanned_to, leads.c.erased_at.is_(None), ~already)
    ids = list(connection.execute(select(leads.c.id).where(*where).order_by(leads.c.id).limit(SCAN)).scalars())
    people = load_leads(connection, ids)
    entered, last = 0, 0
    for lead_id in ids:
        if entered >= room:
            break
        last = lead_id
        if _matches(campaign, people[lead_id], now):
            result = enroll_lead(connection, ctx, campaign_id, campaign, people[lead_id], now)
            entered += result.enrollment_id is not None
    else:
        last = ids[-1] if len(ids) == SCAN else 0  # the end was reached: begin again, for leads that changed
    connection.execute(update(campaigns).where(campaigns.c.id == campaign_id).values(scanned_to=last))
    return entered


def _matches(campaign: Campaign, lead: Lead, now: datetime) -> bool:
    assert campaign.audience is not None
    facts = Facts(now=now, lead=lead.values(), campaign=campaign.values(), vars=campaign.vars)
    return evaluate(campaign.audience, facts) is True


def enroll(ctx: Context, campaign_name: str, lead_ids: Sequence[int]) -> list[Enrolled]:
    """Enroll these leads in a campaign, whatever its audience says; every other rule holds."""
    now = ctx.now()
    campaign_id = next(key for key, campaign in ctx.book.campaigns.items() if campaign.name == campaign_name)
    with ctx.db.write() as connection:
        people = load_leads(connection, lead_ids)
        campaign = ctx.book.campaigns[campaign_id]
        return [
            enroll_lead(connection, ctx, campaign_id, campaign, people[lead_id], now)
            if lead_id in people
            else Enrolled(lead_id, None, "no such lead")
            for lead_id in lead_ids
        ]


def enroll_lead(
    connection: Connection, ctx: Context, campaign_id: int, campaign: Campaign, lead: Lead, now: datetime
) -> Enrolled:
    """Enroll one lead, unless they are in it, in another one that is running, or `kept_out`."""
    mine = select(enrollments.c.campaign_id, enrollments.c.ended_at).where(enrollments.c.lead_id == lead.id)
    rows = connection.execute(mine).all()
    if any(row.campaign_id == campaign_id for row in rows):
        return Enrolled(lead.id, None, "already in this campaign")
    if ctx.book.project.settings.contact.one_active_enrollment and any(row.ended_at is None for row in rows):
        return Enrolled(lead.id, None, "in another running campaign")
    if why := kept_out(connection, ctx, lead):
        return Enrolled(lead.id, None, why)
    lane = lane_for(connection, campaign_id)
    row: dict[str, Any] = {
        "campaign_id": campaign_id,
        "lead_id": lead.id,
        "sequence_id": ctx.book.newest[campaign.sequence],
    }
    entry = log.first_id(connection)
    row |= {"status": "active", "lane_id": lane, "due_at": now, "started_at": now, "last_transition_id": entry}
    enrollment_id = int(connection.execute(insert(enrollments).values(**row).returning(enrollments.c.id)).scalar_one())
    connection.execute(insert(timers).values(lane_id=lane, due_at=now, enrollment_id=enrollment_id))
    log.begin(connection, entry, enrollment_id, now, campaign=campaign.name)
    return Enrolled(lead.id, enrollment_id)


def kept_out(connection: Connection, ctx: Context, lead: Lead) -> str | None:
    """Why a lead enters no campaign of this project: closed on every channel, or without what every lead must have.

    A phone task is asked about, since what closes that closes everything.
    """
    settings = ctx.book.project.settings
    if why := suppressed_by(connection, ctx.key, lead, ChannelType.PHONE):
        return why
    if why := refusal(lead, ChannelType.PHONE, settings.policy):
        return why
    known = lead.values()
    missing = sorted(name for name in settings.required_fields if known.get(name) in (None, "", [], ()))
    named = ", ".join(f"`{name}`" for name in missing)
    return f"lacks {named}, which `lead_fields` says every lead has" if missing else None


def _room(connection: Connection, campaign_id: int, campaign: Campaign, now: datetime) -> int:
    """How many new people may still enter: a rolling window over those who did."""
    if campaign.new_leads is None:
        return SCAN
    since = now - campaign.new_leads.per
    where = (enrollments.c.campaign_id == campaign_id, enrollments.c.started_at > since)
    entered = connection.execute(select(func.count()).select_from(enrollments).where(*where)).scalar_one()
    return campaign.new_leads.count - int(entered)


def next_room(ctx: Context) -> datetime | None:
    """When a campaign that is full for now may take new people again; None when none is full."""
    now, found = ctx.now(), []
    with ctx.db.read() as connection:
        for campaign_id, campaign in ctx.book.campaigns.items():
            if campaign.new_leads is None or not _is_open(campaign, now):
                continue
            if _room(connection, campaign_id, campaign, now) <= 0:
                where = (
                    enrollments.c.campaign_id == campaign_id,
                    enrollments.c.started_at > now - campaign.new_leads.per,
                )
                oldest = connection.execute(select(func.min(enrollments.c.started_at)).where(*where)).scalar()
                if oldest is not None:
                    found.append(oldest + campaign.new_leads.per)
    return min(found, default=None)


def _is_open(campaign: Campaign, now: datetime) -> bool:
    started = campaign.starts_on is None or now.date() >= campaign.starts_on
    return campaign.enabled and started and (campaign.ends_on is None or now.date() <= campaign.ends_on)
