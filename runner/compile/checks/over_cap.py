"""Campaigns that share accounts and together ask for more than the accounts may send."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from math import floor

from runner.compile.reporting import warning
from runner.compile.view import ProjectView
from runner.lang.diagnostics import Diagnostic, Related
from runner.lang.source import Source
from runner.model.campaign import Campaign
from runner.model.channel import ChannelConfig, ChannelType
from runner.model.graph import StepGraph, outcomes_of
from runner.model.rates import LimitSet
from runner.model.sequence import END

SLUG = "over-cap"
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class _Demand:
    """What one campaign asks of a channel on an ordinary day, and of which accounts."""

    source: Source
    campaign: Campaign
    per_day: int
    accounts: frozenset[str]


def check(view: ProjectView) -> Iterator[Diagnostic]:
    """Yield one diagnostic for each group of accounts that is asked for more than its daily caps add up to."""
    if not view.has_all_accounts:
        return
    by_name = {account.name: account for account in view.accounts.values()}
    for channel in ChannelType:
        demands = [demand for demand in _demands(view, channel) if demand.per_day and demand.accounts]
        for group in _groups(demands):
            names = frozenset[str]().union(*(demand.accounts for demand in group))
            caps = [daily_cap(by_name[name]) for name in sorted(names)]
            asked = sum(demand.per_day for demand in group)
            allowed = sum(cap for cap in caps if cap is not None)
            if None not in caps and asked > allowed:
                yield _over(group, channel, asked, allowed)


def _over(group: Sequence[_Demand], channel: ChannelType, asked: int, allowed: int) -> Diagnostic:
    first, *others = group
    accounts = ", ".join(f"`{name}`" for name in sorted(frozenset[str]().union(*(item.accounts for item in group))))
    span = first.source.at(("limits", "new_leads")) if first.campaign.new_leads else first.source.at(("name",))
    asks = "this campaign asks" if not others else f"{len(group)} campaigns together ask"
    related = tuple(Related(other.source.at(("name",)), f"`{other.campaign.name}` asks for {other.per_day}")
                    for other in others)  # fmt: skip
    return warning(
        SLUG, f"{asks} for {asked} sends a day on {channel.value}, the accounts allow {allowed}", span,
        help=f"let in fewer `new_leads`, or add accounts to {accounts}: else people wait longer every day",
        related=related,
    )  # fmt: skip


def _demands(view: ProjectView, channel: ChannelType) -> Iterator[_Demand]:
    for source, campaign, compiled in view.running():
        steps = ordinary_sends(compiled.graph).get(channel, 0)
        new = campaign.new_leads
        wanted = floor(new.count * (_DAY / new.per)) * steps if new is not None and new.per else None
        own = per_day(campaign.limits.get(channel, LimitSet()))
        known = [figure for figure in (wanted, own if steps else None) if figure is not None]
        accounts = view.accounts_for(campaign, channel)
        yield _Demand(source, campaign, min(known, default=0), frozenset(account.name for account in accounts))


def _groups(demands: Sequence[_Demand]) -> list[list[_Demand]]:
    """Demands that share accounts, directly or through another."""
    groups: list[list[_Demand]] = []
    for demand in demands:
        touching = [group for group in groups if any(item.accounts & demand.accounts for item in group)]
        groups = [group for group in groups if group not in touching]
        groups.append([item for group in touching for item in group] + [demand])
    return groups


def ordinary_sends(graph: StepGraph) -> Mapping[ChannelType, int]:
    """How often each channel acts for a person with whom everything goes well and who never answers.

    Steps with a condition are fallbacks as a rule, and are not counted.
    """
    found: dict[ChannelType, int] = {}
    nodes = {node.id: node for node in graph.nodes}
    step = graph.first.id
    while step != END:
        node = nodes[step]
        outcomes = outcomes_of(node.body)
        if not outcomes:
            break
        if node.condition is None and node.channel is not None:
            found[node.channel] = found.get(node.channel, 0) + 1
        step = node.routes[outcomes[0] if node.condition is None else "skipped"]
    return found


def daily_cap(account: ChannelConfig) -> int | None:
    """The most an account sends in a day, or None where nothing bounds it."""
    caps = [cap for cap in (per_day(account.limits),) if cap is not None]
    if account.limits.ramp is not None:
        caps.append(account.limits.ramp.ceiling)
    return min(caps, default=None)


def per_day(limits: LimitSet) -> int | None:
    """What a holder's rates come to in a day."""
    return min((floor(rate.count * (_DAY / rate.per)) for rate in limits.rates if rate.per), default=None)
