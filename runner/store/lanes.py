"""Lanes: one queue for each campaign and account, and one a campaign for waits and conditions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, insert, select, text

from runner.store.bulk import bulk_insert
from runner.store.fixed import Fixed
from runner.store.tables import lanes, timers


@dataclass(frozen=True, slots=True)
class Lane:
    """A queue. `account` is empty in a campaign's own lane, where nothing is sent."""

    id: int
    campaign_id: int
    channel: str
    account: str


def make_lanes(connection: Connection, wanted: Iterable[tuple[int, str]]) -> None:
    """Make the lanes that are new of these: of an account in a campaign, or a campaign's own without an account.

    Publishing does it. Made where the first message comes to a lane, it would belong to a transaction with hundreds of
    people, for whose end every other process waits that needs the same lane, and two could wait for each other.
    """
    known = {(lane.campaign_id, lane.account) for lane in all_lanes(connection).values()}
    missing = sorted(set(wanted) - known)
    rows = [(campaign_id, _channel(account), account) for campaign_id, account in missing]
    bulk_insert(lanes, ("campaign_id", "channel", "account"), connection.dialect).run(connection, rows)


def lane_for(connection: Connection, campaign_id: int, account: str = "") -> int:
    """The id of an account's lane in a campaign, or of the campaign's own; one that was never published is made."""
    values = {"campaign_id": campaign_id, "channel": _channel(account), "account": account}
    for (lane_id,) in _FIND.rows(connection, **values):
        return int(lane_id)
    if connection.dialect.name == "postgresql":
        from sqlalchemy.dialects.postgresql import insert as upsert

        connection.execute(upsert(lanes).values(**values).on_conflict_do_nothing())
        [(lane_id,)] = _FIND.rows(connection, **values)
        return int(lane_id)
    return int(connection.execute(insert(lanes).values(**values).returning(lanes.c.id)).scalar_one())


def _channel(account: str) -> str:
    """The channel of an account's key (`email/ada`); none where there is no account."""
    return account.partition("/")[0]


_FIND = Fixed(
    select(lanes.c.id).where(
        lanes.c.campaign_id == bindparam("campaign_id"),
        lanes.c.channel == bindparam("channel"),
        lanes.c.account == bindparam("account"),
    )
)
_ALL = Fixed(select(lanes.c.id, lanes.c.campaign_id, lanes.c.channel, lanes.c.account))


def all_lanes(connection: Connection) -> dict[int, Lane]:
    """Every lane by id."""
    return {row[0]: Lane(*row) for row in _ALL.rows(connection)}


_OCCUPIED = Fixed(
    text(
        """
    WITH RECURSIVE occupied(lane_id) AS (
        SELECT min(lane_id) FROM timers
        UNION ALL
        SELECT (SELECT min(lane_id) FROM timers WHERE timers.lane_id > occupied.lane_id)
        FROM occupied WHERE occupied.lane_id IS NOT NULL
    )
    SELECT lane_id, (SELECT min(due_at) FROM timers WHERE timers.lane_id = occupied.lane_id) AS due_at
    FROM occupied WHERE lane_id IS NOT NULL
    """
    ).columns(timers.c.lane_id, timers.c.due_at)
)
"""The lanes that have timers, found by leaping from one to the next: its cost is the lanes, not the timers."""


def first_due(connection: Connection) -> dict[int, datetime]:
    """When the earliest timer of each lane is due."""
    return {lane_id: earliest for lane_id, earliest in _OCCUPIED.rows(connection) if earliest is not None}
