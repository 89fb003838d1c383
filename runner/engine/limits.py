"""Which limits one send falls under. They stack: every one of them has to have room, so the smallest wins."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
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
    found = list(shared_limits(facts))
    for limits, scope, name in _holders(facts):
        found += _of_holder(limits, scope, name, facts)
    between = facts.project.contact.min_between
    if between:
        found.append(Limit(f"lead:{facts.lead.id}", Rate(1, between), "time between contacts", False))
    gap, company = facts.project.contact.same_company_gap, company_of(facts.lead)
    if gap and company:
        name = f"people of {company}"
        found.append(Limit(f"company:{company}", Rate(1, gap), name, False, besides_lead=facts.lead.id))
    return tuple(found)


def shared_limits(facts: LaneFacts) -> Iterator[Limit]:
    """The limits that everybody falls under whom this account writes to for this campaign."""
    for limits, scope, name in _holders(facts):
        for rate in limits.rates:
            yield Limit(scope, rate, name, True)
        if limits.ramp is not None:
            yield Limit(scope, Rate(limits.ramp.cap(facts.active_days), DAY), f"{name} ramp", True)
    for rate in facts.project.limits.rates:
        yield Limit(GLOBAL, rate, "project", True)


def _holders(facts: LaneFacts) -> Iterator[tuple[LimitSet, str, str]]:
    account, campaign = facts.account, facts.campaign
    yield account.limits, account_scope(account.key), "account"
    of_campaign = campaign_scope(campaign.name, account.channel)
    for limits, name in ((campaign.limits.get(account.channel), "campaign"), (facts.overlay, "overlay")):
        if limits is not None:
            yield limits, of_campaign, name


def account_scope(key: str) -> str:
    """What an account's sends are counted by."""
    return f"account:{key}"


def campaign_scope(name: str, channel: ChannelType) -> str:
    """What a campaign's sends on a channel are counted by."""
    return f"campaign:{name}:{channel.value}"


def _of_holder(limits: LimitSet, scope: str, name: str, facts: SendFacts) -> Iterator[Limit]:
    for action, rate in limits.by_action:
        if action in actions_of(facts.action):
            yield Limit(f"{scope}:{action}", rate, f"{name} {action}", False)
    if limits.per_lead is not None:
        yield Limit(f"{scope}:lead:{facts.lead.id}", Rate(limits.per_lead, A_LIFE), f"{name} per lead", False)
    if limits.recipient_domain is not None and (found := _receiver(facts, scope)):
        yield Limit(found[0], limits.recipient_domain, f"{name} per domain {found[1]}", False)


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
    found = {limit.scope for limit in limits} | {gap.scope for gap in gaps}
    return tuple(sorted(found, key=lambda scope: (_WIDTHS.get(scope.partition(":")[0], len(_WIDTHS)), scope)))


_WIDTHS = {GLOBAL: 0, "campaign": 1, "account": 2}
