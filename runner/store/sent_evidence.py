"""What lies in the Sent folders and the database does not know: it went out after the backup that was restored.

The journal beside the database tells the same, and more, where it was not lost or restored together with it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, func, select

from runner.engine.limits import SendFacts, gaps_for, limits_for, scopes_of
from runner.engine.ports import SentCopy
from runner.model.campaign import Campaign
from runner.model.channel import ChannelConfig
from runner.model.identity import email_key
from runner.model.lead import Lead
from runner.store.context import Context
from runner.store.health import open_problem
from runner.store.journal import Line, person
from runner.store.people import load_leads
from runner.store.switching import lift_switch, set_switch, switched_off
from runner.store.tables import campaigns, enrollments, leads, outreach_attempts, recovered_sends, step_runs

LOOK_BACK = timedelta(days=2)
"""How long before the newest intent in the database a message may have gone out that it does not know."""
FAILED_LATER = timedelta(hours=1)
"""How long after an intent that came to nothing its message may be filed all the same."""
MAY_BE_OUT = frozenset({"sending", "sent", "unknown"})
ACTION = ""
"""What attempts of an e-mail step do; only LinkedIn's have a word for it."""
HOLDER = "runner: sent folder"
"""Who set the kill switch of an account whose Sent folder cannot be read."""


def since_when(connection: Connection) -> datetime | None:
    """From when on what was sent is compared; None for a database that has nobody to write to twice."""
    first: datetime | None = connection.execute(select(func.min(leads.c.created_at))).scalar()
    if first is None:
        return None
    newest: datetime | None = connection.execute(select(func.max(outreach_attempts.c.intent_at))).scalar()
    return first if newest is None else max(first, newest - LOOK_BACK)


def has_sent(connection: Connection) -> bool:
    """Whether anything went out by this database, as far as it knows itself."""
    passed = select(outreach_attempts.c.id).where(outreach_attempts.c.intent_at.is_not(None)).limit(1)
    return connection.execute(passed).first() is not None


def unknown_sends(
    connection: Connection, ctx: Context, account: ChannelConfig, copies: Sequence[SentCopy]
) -> list[Line]:
    """Those copies whose sending the database does not know, each told as far as it can be: whose, and which step."""
    tries, teller = _tries(connection, copies), _Teller(connection, ctx, account)
    missing = {copy.key: copy for copy in reversed(copies) if not _is_known(copy, tries)}
    return [teller.line(copy) for copy in reversed(missing.values())]


def _tries(connection: Connection, copies: Sequence[SentCopy]) -> Mapping[str, list[tuple[str, datetime]]]:
    """By token: what became of every try that passed the gate, and when it did."""
    found: dict[str, list[tuple[str, datetime]]] = {}
    columns = (step_runs.c.key, outreach_attempts.c.status, outreach_attempts.c.intent_at)
    tried = select(*columns).join(outreach_attempts, outreach_attempts.c.step_run_id == step_runs.c.id)
    keys = sorted({copy.key for copy in copies})
    for start in range(0, len(keys), 500):
        some = keys[start : start + 500]
        for key, status, at in connection.execute(
            tried.where(step_runs.c.key.in_(some), outreach_attempts.c.intent_at.is_not(None))
        ):
            found.setdefault(key, []).append((status, at))
        recovered = select(recovered_sends.c.key, recovered_sends.c.at).where(recovered_sends.c.key.in_(some))
        for key, at in connection.execute(recovered):
            found.setdefault(key, []).append(("sent", at))
    return found


def _is_known(copy: SentCopy, tries: Mapping[str, Sequence[tuple[str, datetime]]]) -> bool:
    return any(status in MAY_BE_OUT or at >= copy.at - FAILED_LATER for status, at in tries.get(copy.key, ()))


@dataclass(frozen=True, slots=True)
class _Teller:
    """Says of a message what the journal would have said."""

    connection: Connection
    ctx: Context
    account: ChannelConfig

    def line(self, copy: SentCopy) -> Line:
        lead = self._lead(copy.recipient)
        who = person(self.ctx.key, lead or Lead(0, email=copy.recipient))
        campaign, step = self._step(copy.key, lead)
        name = campaign.name if campaign else ""
        return Line(copy.at, copy.key, who, name, step, ACTION, self.account.key, self._scopes(copy, lead, campaign))

    def _lead(self, address: str) -> Lead | None:
        mine = select(leads.c.id).where(leads.c.email_key == email_key(address))
        lead_id = self.connection.execute(mine).scalar()
        return None if lead_id is None else load_leads(self.connection, [lead_id])[lead_id]

    def _step(self, key: str, lead: Lead | None) -> tuple[Campaign | None, str]:
        """The campaign and the step that a token stands for; neither where nobody here was on that way."""
        columns = (enrollments.c.id, enrollments.c.started_at, enrollments.c.sequence_id, campaigns.c.id.label("of"))
        query = select(*columns).join(campaigns)
        for row in self.connection.execute(query.where(enrollments.c.lead_id == lead.id)) if lead else ():
            for node in self.ctx.book.graph(row.sequence_id).nodes:
                if key == self.ctx.key.message_token(row.id, row.started_at, node.id):
                    return self.ctx.book.campaigns.get(row.of), node.id
        return None, ""

    def _scopes(self, copy: SentCopy, lead: Lead | None, campaign: Campaign | None) -> tuple[str, ...]:
        """The limits it occupies; of a person who is not here, those of account, domain and project."""
        facts = SendFacts(
            account=self.account, campaign=campaign or Campaign("", ""), project=self.ctx.book.project.settings,
            lead=lead or Lead(0, email=copy.recipient), action=ACTION, key=copy.key,
        )  # fmt: skip
        scopes = scopes_of(limits_for(facts), gaps_for(facts))
        return scopes if lead is not None else tuple(scope for scope in scopes if not scope.endswith("lead:0"))


def hold_unread(ctx: Context, account: str, error: str) -> None:
    """Nobody can tell what this account sent: it sends nothing until its Sent folder was read, or a person says so."""
    reason = f"no journal of what was sent is on this machine, and its Sent folder cannot be read: {error}"
    help_text = f"mend its IMAP access, or `runner db reconcile --accept --leave-out {account}`"
    now, scope = ctx.machine.now(), f"account:{account}"
    with ctx.db.write() as connection:
        if switched_off(connection, scope) is None:
            set_switch(connection, scope, reason=reason, actor=HOLDER, now=now)
            open_problem(connection, scope, "sent_unread", f"{account}: {reason}", help_text, now)


def lift_unread(ctx: Context, account: str) -> bool:
    """Its Sent folder was read, or left out. False when it was not held for that."""
    with ctx.db.write() as connection:
        return lift_switch(connection, f"account:{account}", ctx.machine.now(), actor=HOLDER)
