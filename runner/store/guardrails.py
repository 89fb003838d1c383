"""Guardrails: an account whose mail bounces or is complained about too often stops; repeated soft bounces turn hard.

The thresholds are practice, not law: 5 % bounces and 0.1 % complaints, judged only on enough sends (mailbox providers
limit or close accounts well above them).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection, func, select, update

from runner.engine.ports import Signal
from runner.model.channel import ChannelConfig
from runner.model.events import EventKind
from runner.store.health import open_problem
from runner.store.keys import Key
from runner.store.suppressions import suppress
from runner.store.tables import channel_configs, events, leads, outreach_attempts

DEFAULT_SOFT_LIMIT = 3


@dataclass(frozen=True, slots=True)
class Guardrail:
    """Stop an account when `kind` reaches `rate` of its sends within `window`, judged from `floor` sends on."""

    kind: EventKind
    rate: float
    floor: int
    window: timedelta


GUARDRAILS = (
    Guardrail(EventKind.BOUNCED, 0.05, 50, timedelta(days=7)),
    Guardrail(EventKind.COMPLAINED, 0.001, 100, timedelta(days=30)),
)


def rails_of(config: ChannelConfig) -> tuple[Guardrail, ...]:
    """The rails of an account: the usual ones with what its `health` sets (bounce_rate, complaint_floor ...)."""
    own = config.settings.get("health")
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


def guard_account(
    connection: Connection, config: ChannelConfig, now: datetime, rails: tuple[Guardrail, ...] | None = None
) -> None:
    """Stop the account if one of the rails is broken, its own by default, and open a problem that says so."""
    for rail in rails if rails is not None else rails_of(config):
        sent, back = _counts(connection, config.key, rail, now)
        if sent >= rail.floor and back >= rail.rate * sent:
            text = f"{config.key} was stopped: {back} of its last {sent} messages {rail.kind.value}"
            values = {"health": "stopped", "health_reason": text, "opened_at": now}
            fine = (channel_configs.c.key == config.key, channel_configs.c.health != "stopped")
            if connection.execute(update(channel_configs).where(*fine).values(**values)).rowcount:
                help_text = f"clean the list, then `runner channels resume {config.key}`"
                open_problem(connection, f"account:{config.key}", f"{rail.kind.value}_rate", text, help_text, now)


def _counts(connection: Connection, account: str, rail: Guardrail, now: datetime) -> tuple[int, int]:
    since = now - rail.window
    sends = select(func.count()).select_from(outreach_attempts)
    sends = sends.where(outreach_attempts.c.account == account, outreach_attempts.c.status == "sent",
                        outreach_attempts.c.finished_at > since)  # fmt: skip
    backs = select(func.count(events.c.source.distinct()))
    backs = backs.where(events.c.account == account, events.c.kind == rail.kind.value, events.c.recorded_at > since)
    if rail.kind is EventKind.BOUNCED:
        backs = backs.where(events.c.hard.is_(True))
    return connection.execute(sends).scalar_one(), connection.execute(backs).scalar_one()


def harden(
    connection: Connection, key: Key, lead_id: int, signal: Signal, config: ChannelConfig | None, now: datetime
) -> None:
    """Count soft bounces of a lead: at `soft_bounces_become_hard` (3 by default) the address counts as dead."""
    if signal.kind is not EventKind.BOUNCED or signal.hard:
        return
    limit = (config.settings if config else {}).get("soft_bounces_become_hard", DEFAULT_SOFT_LIMIT)
    where = (events.c.lead_id == lead_id, events.c.kind == EventKind.BOUNCED.value, events.c.hard.is_(False))
    seen = connection.execute(select(func.count(events.c.source.distinct())).where(*where)).scalar_one()
    email = connection.execute(select(leads.c.email).where(leads.c.id == lead_id)).scalar()
    if email and isinstance(limit, int) and limit and seen >= limit:
        suppress(connection, key, "address", email, reason="hard_bounce", actor=f"{seen} soft bounces", now=now)
