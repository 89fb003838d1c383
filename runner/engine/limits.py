"""Which limits one send falls under. They stack: every one of them has to have room, so the smallest wins."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from runner.model.campaign import Campaign
from runner.model.channel import ChannelConfig, ChannelType
from runner.model.companies import company_of
from runner.model.lead import Lead
from runner.model.project import ProjectSettings
from runner.model.rates import LimitSet, Rate
from runner.values import value

DAY = timedelta(days=1)
A_LIFE = timedelta(days=36500)
GLOBAL = "global"


@value
class Limit:
    """A rate on a scope. `scope` is the key it is counted by; `lane_wide` limits hold everybody on the account.

    With `besides_lead`, what went to that lead does not count. A send looks its limits up in a dozen maps, so what
    hardly tells two of them apart stays out of the hash.
    """

    scope: str
    rate: Rate = field(hash=False)
    name: str
    lane_wide: bool = field(hash=False)
    besides_lead: int | None = None


@dataclass(frozen=True, slots=True)
class Gap:
    """The least pause on a scope between the end of one send and the next."""

    scope: str
    pause: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneFacts:
    """What decides which limits everybody shares on an account's lane in a campaign.

    `active_days` are earlier days on which the account sent, for its ramp.
    """

    account: ChannelConfig
    campaign: Campaign
    project: ProjectSettings
    active_days: int = 0
    overlay: LimitSet | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SendFacts(LaneFacts):
    """What decides which limits one send falls under."""

    lead: Lead
    action: str
    key: str


def limits_for(facts: SendFacts) -> tuple[Limit, ...]:
    """Every limit this send counts against."""
    holders = _holders(facts)
    found = _shared(facts, holders)
    for holder in holders:
        found += _of_holder(*holder, facts)
    between = facts.project.contact.min_between
    if between:
        found.append(Limit(f"lead:{facts.lead.id}", Rate(1, between), "time between contacts", False))
    gap, company = facts.project.contact.same_company_gap, company_of(facts.lead)
    if gap and company:
        name = f"people of {company}"
        found.append(Limit(f"company:{company}", Rate(1, gap), name, False, besides_lead=facts.lead.id))
    return tuple(found)


def shared_limits(facts: LaneFacts) -> tuple[Limit, ...]:
    """The limits that everybody falls under whom this account writes to for this campaign."""
    return tuple(_shared(facts, _holders(facts)))


_Holder = tuple[LimitSet, str, str]
"""Somebody's limits, the scope they are counted by, and whose they are."""


def _holders(facts: LaneFacts) -> list[_Holder]:
    account, campaign = facts.account, facts.campaign
    found = [(account.limits, account_scope(account.key), "account")]
    of_campaign = campaign.limits.get(account.channel)
    if of_campaign is not None:
        found.append((of_campaign, campaign_scope(campaign.name, account.channel), "campaign"))
    if facts.overlay is not None:
        found.append((facts.overlay, campaign_scope(campaign.name, account.channel), "overlay"))
    return found


def _shared(facts: LaneFacts, holders: Sequence[_Holder]) -> list[Limit]:
    found: list[Limit] = []
    for limits, scope, name in holders:
        found += [Limit(scope, rate, name, True) for rate in limits.rates]
        if limits.ramp is not None:
            found.append(Limit(scope, Rate(limits.ramp.cap(facts.active_days), DAY), f"{name} ramp", True))
    return found + [Limit(GLOBAL, rate, "project", True) for rate in facts.project.limits.rates]


def account_scope(key: str) -> str:
    """What an account's sends are counted by."""
    return f"account:{key}"


def campaign_scope(name: str, channel: ChannelType) -> str:
    """What a campaign's sends on a channel are counted by."""
    return f"campaign:{name}:{channel.value}"


def _of_holder(limits: LimitSet, scope: str, name: str, facts: SendFacts) -> list[Limit]:
    actions = actions_of(facts.action) if limits.by_action else ()
    found = [Limit(f"{scope}:{action}", rate, f"{name} {action}", False)
             for action, rate in limits.by_action if action in actions]  # fmt: skip
    if limits.per_lead is not None:
        found.append(Limit(f"{scope}:lead:{facts.lead.id}", Rate(limits.per_lead, A_LIFE), f"{name} per lead", False))
    if limits.recipient_domain is not None and (receiver := _receiver(facts, scope)):
        found.append(Limit(receiver[0], limits.recipient_domain, f"{name} per domain {receiver[1]}", False))
    return found


def _receiver(facts: SendFacts, scope: str) -> tuple[str, str] | None:
    """The domain that receives, and the scope it is counted by: a site is one site whichever account submits to it."""
    if facts.account.channel is ChannelType.CONTACT_FORM:
        site = facts.lead.site
        return (f"site:{site}", site) if site else None
    domain = facts.lead.domain
    return (f"{scope}:domain:{domain}", domain) if domain else None


def actions_of(action: str) -> tuple[str, ...]:
    """The limits an action counts against: an invitation with a note is also an invitation."""
    return ("connect", action) if action == "connect_with_note" else (action,)


def gaps_for(facts: SendFacts) -> tuple[Gap, ...]:
    """The pauses this send has to keep. Jitter is seeded by the message, so that a retry waits the same."""
    if shortest_gap(facts.account) is None:
        return ()
    pause = facts.account.limits.gap(random.Random(facts.key).random())
    return (Gap(account_scope(facts.account.key), pause),) if pause else ()


def shortest_gap(account: ChannelConfig) -> Gap | None:
    """The pause that every send of an account keeps at least."""
    pause = account.limits.gap(0.0)
    return Gap(account_scope(account.key), pause) if pause else None


def scopes_of(limits: Sequence[Limit], gaps: Sequence[Gap]) -> tuple[str, ...]:
    """The scopes to reserve on, each once, in the order in which everybody locks them: the widest first.

    What many wait for is then one queue, in which everybody stands once. Locked after something narrower, it would let
    in only one of those who wait for that as well, and their account would get less than its share.
    """
    found = {limit.scope for limit in limits}
    found.update([gap.scope for gap in gaps])
    ordered = sorted([(_WIDTHS.get(scope.partition(":")[0], len(_WIDTHS)), scope) for scope in found])
    return tuple([scope for _, scope in ordered])


_WIDTHS = {GLOBAL: 0, "campaign": 1, "account": 2}
