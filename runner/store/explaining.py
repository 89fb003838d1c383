"""Why nothing went out, and until when: every state of an enrollment has words here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select

from runner.engine.outcomes import NotNow
from runner.engine.state import WaitingOn
from runner.model.campaign import CampaignMode
from runner.model.senders import unknown_sender
from runner.store.context import Context
from runner.store.due_send import due_send
from runner.store.gatekeeping import Intention, look_ahead
from runner.store.loading import Loaded, load
from runner.store.releasing import RELEASABLE
from runner.store.tables import campaigns, claims, enrollments, inbox_cursors, step_runs, switches, tasks
from runner.store.tables import outreach_attempts as attempts


@dataclass(frozen=True, slots=True)
class Explanation:
    """Where an enrollment stands: in a word, in a sentence, until when at the latest, and what to do about it."""

    enrollment_id: int
    campaign: str
    step: str | None
    state: str
    sentence: str
    until: datetime | None = None
    help: str = ""

    def row(self) -> dict[str, Any]:
        """As a row for a table or JSON."""
        until = self.until.isoformat(timespec="seconds") if self.until else None
        return {"enrollment": self.enrollment_id, "campaign": self.campaign, "step": self.step, "state": self.state,
                "why": self.sentence, "until": until, "help": self.help}  # fmt: skip


def explain_lead(ctx: Context, lead_id: int) -> list[Explanation]:
    """One explanation for each campaign the lead is in; for a lead in none, why that is."""
    with ctx.db.read() as connection:
        ids = connection.execute(select(enrollments.c.id).where(enrollments.c.lead_id == lead_id)).scalars().all()
        found = [explain_one(connection, ctx, enrollment_id) for enrollment_id in ids]
    return [_gated(ctx, each) if isinstance(each, _AtTheGate) else each for each in found]


@dataclass(frozen=True, slots=True)
class _AtTheGate:
    loaded: Loaded
    intention: Intention | None
    explanation: Explanation


def explain_one(connection: Connection, ctx: Context, enrollment_id: int) -> Explanation | _AtTheGate:
    """Explain one enrollment. What the gate would say is asked outside of this read."""
    row = connection.execute(
        select(enrollments, campaigns.c.name.label("campaign")).join(campaigns).where(enrollments.c.id == enrollment_id)
    ).one()  # fmt: skip
    if row.status in ("completed", "stopped"):
        return _say(row, row.status, f"ended: {row.end_reason}")
    if row.status == "paused":
        help_text = f"`runner resume --enrollment {row.id}` lets it go on"
        word = "parked" if row.waiting_on == WaitingOn.PARKED.value else "paused"
        return _say(row, word, row.waiting_why or "paused by hand", row.pause_until, help_text)
    if connection.execute(select(claims.c.token).where(claims.c.enrollment_id == row.id)).first():
        return _say(row, "sending", "a worker is acting on it at this moment")
    if row.due_at is None:
        return _say(row, "lost", "nothing will ever happen to it", None, "`runner doctor --invariants` reports this")
    return _waiting(connection, ctx, row)


def _waiting(connection: Connection, ctx: Context, row: Row[Any]) -> Explanation | _AtTheGate:
    why, until = row.waiting_why, row.due_at
    match WaitingOn(row.waiting_on) if row.waiting_on else None:
        case WaitingOn.WAIT:
            return _say(row, "waiting", f"the wait `{row.step}` is not over", until)
        case WaitingOn.EVENT:
            return _say(row, "waiting", f"`{row.step}` waits for something to happen", until)
        case WaitingOn.ACCEPTANCE:
            return _say(row, "waiting", "the invitation is not accepted yet", until)
        case WaitingOn.RETRY:
            return _say(row, "waiting", f"`{row.step}` is tried again after {why or 'a temporary refusal'}", until)
        case WaitingOn.SETTLE:
            return _say(row, "waiting", f"`{why}` went out, and a bounce could still come back", until)
        case WaitingOn.INBOX:
            return _say(row, "waiting", _inbox_words(connection, row, why), until, "`runner doctor` tests the inbox")
        case WaitingOn.TASK:
            task, releasable = _open_task(connection, row)
            help_text = f"`runner tasks {'release' if releasable else 'done'} {task}`"
            return _say(row, "task", f"a person has to act: task {task}", until, help_text)
        case WaitingOn.UNKNOWN:
            help_text = "`runner attempts list`, then `runner attempts resolve ID --sent` or `--not-sent`"
            return _say(row, "unknown", f"`{row.step}` may or may not have gone out ({why})", until, help_text)
        case WaitingOn.ACCOUNT:
            return _say(row, "account", f"the account had trouble: {why}", until, "`runner channels show`")
        case WaitingOn.AUTO_REPLY:
            return _say(row, "waiting", "the lead is away, says their auto-reply", until)
        case WaitingOn.PAUSED | WaitingOn.PARKED:
            return _say(row, "paused", why or "paused", until)
        case WaitingOn.GATE | WaitingOn.SLOT | None:
            [loaded] = load(connection, ctx.book, [row.id])
            words = "due, a worker will take it up"
            if row.waiting_on == WaitingOn.GATE.value and why and until > ctx.now():
                words = f"{_put_off(connection, row)}; it is tried again then"
            said = _say(row, "due", words, until)
            return _AtTheGate(loaded, due_send(connection, ctx, loaded), said)


def _gated(ctx: Context, at: _AtTheGate) -> Explanation:
    """What the gate says to the step that is due: the rule that holds it, with its numbers."""
    from dataclasses import replace

    said, loaded = at.explanation, at.loaded
    if loaded.campaign.mode is CampaignMode.DRY_RUN:
        return replace(said, state="dry run", sentence="the campaign is in dry_run mode and sends nothing")
    if at.intention is None:
        return said
    if unknown := unknown_sender(at.intention.account, at.intention.lead):
        return replace(said, state="refused", sentence=f"unknown_sender: {unknown}", help="correct the lead's field")
    refusal = look_ahead(ctx, at.intention)
    if refusal is None:
        return said
    until = refusal.until if isinstance(refusal, NotNow) else said.until
    state = "held" if isinstance(refusal, NotNow) else "refused"
    return replace(said, state=state, sentence=f"{refusal.reason}: {refusal.explanation}", until=until)


def _put_off(connection: Connection, row: Row[Any]) -> str:
    """What the last try was put off by, in its own words: the gate then, or the channel, which the gate cannot ask."""
    mine = (attempts.c.enrollment_id == row.id, attempts.c.status == "pending")
    text = connection.execute(select(attempts.c.explanation).where(*mine)).scalar()
    return f"{row.waiting_why}: {text}" if text else f"put off by {row.waiting_why}"


def _open_task(connection: Connection, row: Row[Any]) -> tuple[int | None, bool]:
    mine = (tasks.c.enrollment_id == row.id, tasks.c.step == row.step, tasks.c.aside.is_(False))
    where = (*mine, tasks.c.status == "open")
    task = connection.execute(select(tasks.c.id, tasks.c.detail).where(*where)).first()
    return (task.id, bool((task.detail or {}).get(RELEASABLE))) if task else (None, False)


def _inbox_words(connection: Connection, row: Row[Any], step: str | None) -> str:
    where = (step_runs.c.enrollment_id == row.id, step_runs.c.step == step)
    account = connection.execute(select(step_runs.c.account).where(*where)).scalar()
    inbox = connection.execute(select(inbox_cursors).where(inbox_cursors.c.account == account)).first()
    if inbox is not None and inbox.failing_since:
        return f"the inbox of {account} cannot be read since {inbox.failing_since.isoformat()}: {inbox.error}"
    return f"the inbox of {account} was not read since `{step}` settled"


def _say(row: Row[Any], state: str, sentence: str, until: datetime | None = None, help_text: str = "") -> Explanation:
    return Explanation(row.id, row.campaign, row.step, state, sentence, until, help_text)


def not_enrolled(ctx: Context, lead_id: int) -> list[str]:
    """For a lead in no campaign: why, for each campaign."""
    from runner.lang.conditions import Facts, evaluate, trace
    from runner.store.enrolling import kept_out
    from runner.store.people import load_leads

    with ctx.db.read() as connection:
        lead = load_leads(connection, [lead_id])[lead_id]
        closed = kept_out(connection, ctx, lead)
        off = {row.scope: row.reason for row in connection.execute(select(switches))}
    if closed:
        return [f"in no campaign: {closed}"]
    lines = []
    for campaign in ctx.book.campaigns.values():
        if campaign.audience is None:
            lines.append(f"{campaign.name}: has no audience; people enter by `runner enroll`")
            continue
        facts = Facts(now=ctx.now(), lead=lead.values(), campaign=campaign.values(), vars=campaign.vars)
        if evaluate(campaign.audience, facts) and (why := off.get(f"campaign:{campaign.name}")):
            lines.append(f"{campaign.name}: matches, but the campaign is switched off: {why}")
        elif evaluate(campaign.audience, facts):
            lines.append(f"{campaign.name}: matches, and enters as soon as `new_leads` has room")
        else:
            saw = ", ".join(f"{name} is {value}" for name, value in trace(campaign.audience, facts))
            lines.append(f"{campaign.name}: does not match `{campaign.audience.text}` ({saw})")
    return lines
