"""The gate's transaction: facts are read, judged, and on a permit the intent and every reservation are written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import Connection, Dialect, bindparam, exists, func, or_, select, update

from runner.engine.gate import GateFacts, judge
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
from runner.store.bulk import as_keys, bulk_insert, wanted
from runner.store.claims import Claim, still_held
from runner.store.context import Context
from runner.store.fixed import Fixed
from runner.store.occupancy import counted, frees_at, last_finishes
from runner.store.overlays import Overlays
from runner.store.restoring import RESTORED
from runner.store.suppressions import Hit, suppressions_of, why_suppressed
from runner.store.tables import channel_configs, enrollments, events, inbox_cursors, reservations, switches
from runner.store.tables import outreach_attempts as attempts
from runner.store.withdrawing import open_invitations
from runner.values import value


@value
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
    return ctx.db.together(_pass, ctx, intention)


def _pass(
    connection: Connection, ctx: Context, asking: Sequence[Intention], alone: bool
) -> dict[int, Permit | Refusal]:
    """One whose claim was not found asks again alone: perhaps somebody else only has its row locked."""
    reading = _Reading(connection, ctx, asking, alone=alone)
    ways = [[(way, _bounds(reading, way, ctx.now())) for way in each.ways()] for each in asking]
    together = _of_all([bounds for mine in ways for _, bounds in mine])
    ctx.db.lock_scopes(connection, together.scopes)
    now = ctx.now()  # not before: by the time from before a wait for the locks, a window holds what has left it
    passing = _Passing(reading, now, counted(connection, together.limits, now))
    may_ask = {place: mine for place, mine in enumerate(ways) if alone or passing.is_claimed(mine[0][0])}
    verdicts = {place: passing.verdict(mine) for place, mine in may_ask.items()}
    passing.write()
    return verdicts


@dataclass(slots=True)
class _Passing:
    """Those at the gate in one transaction, judged one after the other: a permit takes its places from the next.

    `used` is how many places of each limit are taken. Intents are gathered, and written together.
    """

    reading: _Reading
    now: datetime
    used: dict[Limit, int]
    reserved: list[tuple[int, str, datetime]] = field(default_factory=list)
    intended: list[int] = field(default_factory=list)
    under_way: set[str] = field(default_factory=set)

    def verdict(self, ways: Sequence[tuple[Intention, _Bounds]]) -> Permit | Refusal:
        """The first way that may pass, or the refusal that ends first."""
        refused: Refusal | None = None
        for way, bounds in ways:
            verdict = self._judge(way, bounds)
            if verdict is None:
                return self._permit(way, bounds, without_note=way is not ways[0][0])
            refused = _sooner(refused, verdict)
        assert refused is not None
        return refused

    def is_claimed(self, intention: Intention) -> bool:
        """Whether its claim stands. One who only looks ahead has none."""
        return intention.claim is None or intention.claim in self.reading.claims()

    def _judge(self, way: Intention, bounds: _Bounds) -> Refusal | None:
        if _invites(way):
            self.write()  # what waits for an answer is counted in the table
        facts = _facts(self.reading, way, bounds, self.used, self.now, claimed=self.is_claimed(way))
        busy = {gap.scope: None for gap in bounds.gaps if gap.scope in self.under_way}
        return judge(replace(facts, last_finish={**facts.last_finish, **busy}) if busy else facts, self.now)

    def _permit(self, way: Intention, bounds: _Bounds, *, without_note: bool) -> Permit:
        assert way.attempt_id is not None
        self.intended.append(way.attempt_id)
        self.reserved += [(way.attempt_id, scope, self.now) for scope in bounds.scopes]
        self.under_way.update(bounds.scopes)
        for limit in self.used:
            if limit.scope in bounds.scopes and limit.besides_lead != way.lead.id:
                self.used[limit] += 1
        return Permit(way.attempt_id, without_note, self.now, tuple(bounds.scopes))

    def write(self) -> None:
        """Write the intents and reservations that were gathered."""
        connection = self.reading.connection
        dialect = connection.dialect
        bulk_insert(reservations, ("attempt_id", "scope", "reserved_at"), dialect).run(connection, self.reserved)
        keys = as_keys(self.intended, dialect)
        if self.intended and _intend(dialect).change(connection, keys=keys, now=self.now) != len(self.intended):
            raise RuntimeError(f"of the attempts {self.intended} not all are claimed, although their claims hold")
        self.reserved.clear()
        self.intended.clear()


def look_ahead(ctx: Context, intention: Intention) -> Refusal | None:
    """What the gate would say now. Nothing is written; used to explain."""
    with ctx.db.read() as connection:
        return foresee(connection, ctx, [intention])[0]


def foresee(connection: Connection, ctx: Context, asking: Sequence[Intention]) -> list[Refusal | None]:
    """What the gate would say now to each alone, whether or not the claim still holds: that is the gate's to see."""
    reading, now = _Reading(connection, ctx, asking), ctx.now()
    ways = [[(way, _bounds(reading, way, now)) for way in each.ways()] for each in asking]
    used = counted(connection, _of_all([bounds for mine in ways for _, bounds in mine]).limits, now)
    return [_foresee_one(reading, mine, used, now) for mine in ways]


def _foresee_one(
    reading: _Reading, ways: Iterable[tuple[Intention, _Bounds]], used: Mapping[Limit, int], now: datetime
) -> Refusal | None:
    refused: Refusal | None = None
    for way, bounds in ways:
        verdict = judge(_facts(reading, way, bounds, used, now, claimed=True), now)
        if verdict is None:
            return None
        refused = _sooner(refused, verdict)
    return refused


def _sooner(one: Refusal | None, other: Refusal) -> Refusal:
    """Of the refusals of two ways the one that ends first: a month's quota must not hold what only waits a minute."""
    if isinstance(one, NotNow) and isinstance(other, NotNow) and other.until is not None:
        return other if one.until is None or other.until < one.until else one
    return one or other


@dataclass(slots=True)
class _Reading:
    """What is the same for several at the gate in one transaction, or is read for all of them when the first asks."""

    connection: Connection
    ctx: Context
    asking: Sequence[Intention]
    alone: bool = True
    overlays: Overlays = field(init=False)
    _standing: Mapping[tuple[int, str], _Standing] | None = None
    _suppressed: Mapping[int, Sequence[Hit]] | None = None
    _claims: frozenset[Claim] | None = None

    def __post_init__(self) -> None:
        self.overlays = Overlays.read(self.connection, self.ctx.now())

    def claims(self) -> frozenset[Claim]:
        """Those of the claims that still stand; on PostgreSQL nobody takes them away from here on."""
        if self._claims is None:
            asked = [each.claim for each in self.asking if each.claim is not None]
            self._claims = still_held(self.connection, self.ctx, asked, wait=self.alone)
        return self._claims

    def standing(self, intention: Intention) -> _Standing:
        """How enrollment and account stand, whether events wait, and whether any switch is set."""
        if self._standing is None:
            accounts = sorted({each.account.key for each in self.asking})
            self._standing = _read_standing(self.connection, [each.enrollment_id for each in self.asking], accounts)
        return self._standing.get((intention.enrollment_id, intention.account.key), _NOBODY)

    def suppressed(self, intention: Intention) -> str | None:
        """Why the lead must not be written to on the account's channel."""
        if self._suppressed is None:
            self._suppressed = suppressions_of(self.connection, self.ctx.key, [each.lead for each in self.asking])
        return why_suppressed(self._suppressed.get(intention.lead.id, ()), intention.account.channel)


@value
class _Bounds:
    """What bounds a send, and the scopes on which a permit has to reserve."""

    limits: Sequence[Limit]
    gaps: Sequence[Gap]
    scopes: Sequence[str]


def _bounds(reading: _Reading, intention: Intention, now: datetime) -> _Bounds:
    send = _send_facts(reading, intention, now)
    limits, gaps = limits_for(send), gaps_for(send)
    return _Bounds(limits, gaps, scopes_of(limits, gaps))


def _of_all(every: Sequence[_Bounds]) -> _Bounds:
    """The limits, gaps and scopes of several, each once."""
    if len(every) == 1:
        return every[0]
    limits = list(dict.fromkeys([limit for bounds in every for limit in bounds.limits]))
    gaps = [gap for bounds in every for gap in bounds.gaps]
    return _Bounds(limits, gaps, scopes_of(limits, gaps))


def _send_facts(reading: _Reading, intention: Intention, now: datetime) -> SendFacts:
    return SendFacts(
        account=intention.account,
        campaign=intention.campaign,
        project=reading.ctx.book.project.settings,
        lead=intention.lead,
        action=intention.action,
        key=intention.key,
        active_days=active_days(reading.connection, intention.account, now),
        overlay=reading.overlays.limits(intention.campaign.name, intention.account.channel),
    )


def _facts(
    reading: _Reading, intention: Intention, bounds: _Bounds, used: Mapping[Limit, int], now: datetime, *, claimed: bool
) -> GateFacts:
    connection, ctx = reading.connection, reading.ctx
    account, campaign = intention.account, intention.campaign
    standing = reading.standing(intention)
    windows = [window for window in (intention.body.send_window, account.send_window) if window is not None]
    counts = [used[limit] for limit in bounds.limits]
    zones = Zones(intention.lead.timezone, account.timezone, ctx.book.project.settings.timezone, intention.lead.country)
    return GateFacts(
        claimed=claimed,
        status=standing.status,
        campaign_open=_is_open(campaign, now),
        switched_off=_switch(connection, campaign, account) if standing.switched else None,
        suppressed=reading.suppressed(intention),
        forbidden=refusal(intention.lead, account.channel, ctx.book.project.settings.policy),
        account_stopped=(standing.health_reason or "stopped") if standing.health == "stopped" else None,
        retry_at=standing.retry_at if standing.health == "backing_off" else None,
        inbox_stale=_stale_inbox(connection, ctx, intention.wrote_from, now),
        too_many_open=_too_many_open(connection, intention),
        events_pending=standing.pending,
        windows=windows,
        zones=zones,
        limits=bounds.limits,
        used=counts,
        frees_at=frees_at(connection, zip(bounds.limits, counts, strict=True), now),
        gaps=bounds.gaps,
        last_finish=dict(last_finishes(connection, bounds.gaps)),
    )


class _Standing(NamedTuple):
    """How an enrollment and an account stand; `switched` is whether anything is switched off."""

    status: str = "stopped"
    pending: bool = False
    switched: bool = False
    health: str | None = None
    health_reason: str | None = None
    retry_at: datetime | None = None


_NOBODY = _Standing()


def _read_standing(
    connection: Connection, ids: Sequence[int], accounts: Sequence[str]
) -> Mapping[tuple[int, str], _Standing]:
    """Of each of these enrollments with each of these accounts; of an account that is gone, nothing is known."""
    dialect = connection.dialect
    keys = {"keys": as_keys(ids, dialect), "accounts": as_keys(accounts, dialect)}
    people: dict[int, tuple[str, bool, bool]] = {}
    known: dict[str | None, Sequence[Any]] = {}
    for enrollment_id, status, pending, switched, account, *health in _standing(dialect).rows(connection, **keys):
        people[enrollment_id], known[account] = (status, bool(pending), bool(switched)), health
    return {(each, key): _Standing(*people[each], *known.get(key, ())) for each in people for key in accounts}


@lru_cache(maxsize=8)
def _standing(dialect: Dialect) -> Fixed:
    asked = wanted(channel_configs.c.key, dialect, "accounts")
    return Fixed(
        select(
            enrollments.c.id,
            enrollments.c.status,
            exists().where(events.c.enrollment_id == enrollments.c.id, events.c.pending.is_(True)),
            exists(select(switches.c.scope)),
            channel_configs.c.key,
            channel_configs.c.health,
            channel_configs.c.health_reason,
            channel_configs.c.retry_at,
        )
        .select_from(enrollments.outerjoin(channel_configs, asked))
        .where(wanted(enrollments.c.id, dialect))
    )


_OFF = switches.c.scope
_SWITCHED_OFF = Fixed(
    select(_OFF, switches.c.reason).where(
        or_(_OFF == "global", _OFF == RESTORED, bindparam("campaign") == _OFF, bindparam("account") == _OFF)
    )
)


@lru_cache(maxsize=8)
def _intend(dialect: Dialect) -> Fixed:
    mine = (wanted(attempts.c.id, dialect), attempts.c.status == "claimed")
    return Fixed(update(attempts).where(*mine).values(status="sending", intent_at=bindparam("now")))


def _is_open(campaign: Campaign, now: datetime) -> bool:
    today = now.date()
    started = campaign.starts_on is None or today >= campaign.starts_on
    return campaign.enabled and started and (campaign.ends_on is None or today <= campaign.ends_on)


def _switch(connection: Connection, campaign: Campaign, account: ChannelConfig) -> str | None:
    found = _SWITCHED_OFF.rows(connection, campaign=f"campaign:{campaign.name}", account=f"account:{account.key}")
    if not found:
        return None
    scope, reason = found[0]
    return str(reason) if scope == RESTORED else f"{scope} is switched off: {reason}"


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


def _invites(intention: Intention) -> bool:
    channel = intention.account.channel
    return channel is ChannelType.LINKEDIN and intention.action in (CONNECT, CONNECT_WITH_NOTE)


def _too_many_open(connection: Connection, intention: Intention) -> str | None:
    """An account's invitations that wait for an answer are bounded, whoever sends them and however it is read."""
    account = intention.account
    if not _invites(intention):
        return None
    most = account.settings.get("max_pending", MAX_PENDING)
    waiting = open_invitations(connection, account.key)
    if not isinstance(most, int) or waiting < most:
        return None
    return f"{waiting} invitations of {account.key} wait for an answer, and it may have {most}: withdraw old ones"


def active_days(connection: Connection, account: ChannelConfig, now: datetime) -> int:
    """On how many earlier days the account sent: what its ramp has grown by. 0 without a ramp."""
    if account.limits.ramp is None:
        return 0
    day = func.date(attempts.c.finished_at)
    sent = attempts.c.status == "sent", attempts.c.account == account.key
    return connection.execute(
        select(func.count(day.distinct())).where(*sent, day < now.date().isoformat())
    ).scalar_one()


__all__ = ["Intention", "NotNow", "active_days", "foresee", "look_ahead", "pass_gate"]
