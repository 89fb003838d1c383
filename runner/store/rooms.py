"""How many sends a lane can begin by the limits that everybody on it shares: whoever else is claimed is only refused.

The gate stays the judge: what is counted here is not locked, and other processes count the same places.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import Connection, func, select

from runner.engine.limits import (
    GLOBAL,
    LaneFacts,
    Limit,
    account_scope,
    campaign_scope,
    shared_limits,
    shortest_gap,
)
from runner.model.channel import ChannelType
from runner.store.book import Book
from runner.store.context import Context
from runner.store.fixed import Fixed
from runner.store.gatekeeping import active_days
from runner.store.lanes import Lane
from runner.store.occupancy import counted, frees_at, last_finishes
from runner.store.overlays import Overlays
from runner.store.tables import claims

AT_THE_DOOR = timedelta(milliseconds=50)
"""When to look again for a place that is only held by sends under way, or by claims that have not reached the gate."""


@dataclass(slots=True)
class Rooms:
    """The free places of a few lanes, as they are given away. `closed`: lanes without one, and when to look again."""

    shared: Mapping[int, tuple[Limit, ...]]
    free: dict[Limit, int]
    closed: dict[int, datetime] = field(default_factory=dict)
    one_at_a_time: set[int] = field(default_factory=set)

    def take(self, lane: Lane, wanted: int) -> int:
        """Give up to so many places to a lane. Returns how many it got."""
        limits = self.shared.get(lane.id, ())  # of an account that is gone, the gate decides
        given = min([wanted, *(self.free[limit] for limit in limits)])
        if lane.id in self.one_at_a_time:
            given = min(given, 1)
        for limit in limits:
            self.free[limit] -= given
        return given


def rooms(connection: Connection, ctx: Context, lanes: Iterable[Lane], every: Mapping[int, Lane]) -> Rooms:
    """The free places of these lanes now; `every` are all lanes there are, by id."""
    now = ctx.now()
    asked = list(lanes)
    overlays = Overlays.read(connection, now) if asked else Overlays({})
    facts = {lane.id: each for lane in asked if (each := _facts(connection, overlays, ctx, lane, now))}
    shared = {lane_id: shared_limits(each) for lane_id, each in facts.items()}
    limits = list(dict.fromkeys(limit for each in shared.values() for limit in each))
    if not limits and all(shortest_gap(each.account) is None for each in facts.values()):
        return Rooms(shared, {})
    used, claimed = counted(connection, limits, now), _claimed(connection, ctx.book, every)
    taken = {limit: used[limit] + claimed[limit.scope] for limit in limits}
    found = Rooms(shared, {limit: max(0, limit.rate.count - taken[limit]) for limit in limits})
    again = {limit: at or now + AT_THE_DOOR for limit, at in frees_at(connection, taken.items(), now).items()}
    for lane_id, each in facts.items():
        closed = [again[limit] for limit in shared[lane_id] if limit in again]
        closed += _resting(connection, each, claimed, now)
        if any(until > now for until in closed):
            found.closed[lane_id] = max(closed)
        if shortest_gap(each.account) is not None:
            found.one_at_a_time.add(lane_id)
    return found


def _facts(connection: Connection, overlays: Overlays, ctx: Context, lane: Lane, now: datetime) -> LaneFacts | None:
    account, campaign = ctx.book.account(lane.account), ctx.book.campaigns.get(lane.campaign_id)
    if account is None or campaign is None:
        return None
    return LaneFacts(
        account=account,
        campaign=campaign,
        project=ctx.book.project.settings,
        active_days=active_days(connection, account, now),
        overlay=overlays.limits(campaign.name, account.channel),
    )


def _resting(connection: Connection, facts: LaneFacts, claimed: Counter[str], now: datetime) -> list[datetime]:
    """Until when an account rests between two sends, as far as that is the same for every message."""
    gap = shortest_gap(facts.account)
    if gap is None:
        return []
    if claimed[gap.scope]:
        return [now + AT_THE_DOOR]
    return [now + AT_THE_DOOR if at is None else at + gap.pause for _, at in last_finishes(connection, [gap])]


_CLAIMED = Fixed(select(claims.c.lane_id, func.count()).group_by(claims.c.lane_id))


def _claimed(connection: Connection, book: Book, every: Mapping[int, Lane]) -> Counter[str]:
    """How many are claimed, by each scope they will be counted in; those past the gate are counted a second time."""
    found: Counter[str] = Counter()
    for lane_id, count in _CLAIMED.rows(connection):
        lane = every.get(lane_id)
        campaign = book.campaigns.get(lane.campaign_id) if lane is not None else None
        if lane is not None and campaign is not None and lane.account:
            scope = campaign_scope(campaign.name, ChannelType(lane.channel))
            found.update({account_scope(lane.account): count, scope: count, GLOBAL: count})
    return found
