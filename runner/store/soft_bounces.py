"""Soft bounces add up: after so many of them an address counts as dead.

Those that say nothing of the address do not count: a message taken for spam, a blocklist, trouble on the way.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, select

from runner.engine.ports import Signal
from runner.model.channel import ChannelConfig
from runner.model.events import EventKind
from runner.store.keys import Key
from runner.store.suppressions import suppress
from runner.store.tables import events, leads

DEFAULT_SOFT_LIMIT = 3
NOT_OF_THE_ADDRESS = frozenset(
    {"spamdetected", "virusdetected", "contenterror", "notcompliantrfc", "policyviolation", "mesgtoobig", "rejected",
     "authfailure", "norelaying", "securityerror", "blocked", "badreputation", "requireptr", "toomanyconn",
     "networkerror", "systemerror", "mailererror", "syntaxerror"}
)  # fmt: skip
"""Reasons that the classifier gives for a refusal of the message or the sender, or for trouble on the way."""


def harden(
    connection: Connection, key: Key, lead_id: int, signal: Signal, config: ChannelConfig | None, now: datetime
) -> None:
    """Count soft bounces of a lead: at `soft_bounces_become_hard` (3 by default) the address counts as dead."""
    if signal.kind is not EventKind.BOUNCED or signal.hard or signal.data.get("reason") in NOT_OF_THE_ADDRESS:
        return
    limit = (config.settings if config else {}).get("soft_bounces_become_hard", DEFAULT_SOFT_LIMIT)
    where = (events.c.lead_id == lead_id, events.c.kind == EventKind.BOUNCED.value, events.c.hard.is_(False))
    rows = connection.execute(select(events.c.source, events.c.data).where(*where))
    seen = len({row.source for row in rows if (row.data or {}).get("reason") not in NOT_OF_THE_ADDRESS})
    email = connection.execute(select(leads.c.email).where(leads.c.id == lead_id)).scalar()
    if email and isinstance(limit, int) and limit and seen >= limit:
        suppress(connection, key, "address", email, reason="hard_bounce", actor=f"{seen} soft bounces", now=now)
