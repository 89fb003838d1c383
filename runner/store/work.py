"""From a claim to a complete job: account, text and attempt are fixed and stored before anything is tried."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import lru_cache
from hashlib import sha256
from typing import Any, TypeAlias

from sqlalchemy import Connection, Dialect, and_, bindparam, exists, insert, null, or_, select, text, update

from runner.engine.outcomes import Failed, Permit, Refusal, Unknown
from runner.engine.ports import Job, Release, ThreadRef
from runner.lang.templates import TemplateError, parse_template, render
from runner.model.campaign import Campaign
from runner.model.channel import ChannelConfig
from runner.model.lead import Lead, LeadValues
from runner.model.linkedin_limits import counted_action
from runner.model.message import Rendered
from runner.model.senders import message_id_of, sender_of
from runner.model.sequence import ChannelStep, Variant
from runner.store.book import Book
from runner.store.bulk import BulkSelect, bulk_insert, bulk_update, wanted
from runner.store.claims import RESCUED, Claim, drop, take_up
from runner.store.context import Context
from runner.store.fixed import Fixed
from runner.store.gatekeeping import Intention, foresee
from runner.store.journal import Line, person
from runner.store.lanes import Lane
from runner.store.loading import Loaded, load, wrote_from
from runner.store.log import newest_is
from runner.store.tables import outreach_attempts, outreach_messages, recovered_sends, step_runs
from runner.store.ticking import claim_due
from runner.values import value


@value
class Work:
    """One attempt about to be made, with the rows it belongs to.

    `refused` is what the gate would have said when it was opened: then there is no need to connect, only to be told no.
    """

    claim: Claim
    step: str
    step_run_id: int
    attempt_id: int
    action: str
    account: ChannelConfig
    lead: Lead
    campaign: Campaign
    job: Job
    wrote_from: frozenset[str]
    refused: Refusal | None = None

    def intention(self) -> Intention:
        """What the gate is asked."""
        return Intention(
            enrollment_id=self.claim.enrollment_id,
            attempt_id=self.attempt_id,
            claim=self.claim,
            campaign=self.campaign,
            account=self.account,
            lead=self.lead,
            body=self.job.body,
            action=limit_action(self.job),
            key=self.job.key,
            wrote_from=self.wrote_from,
        )


@dataclass(frozen=True, slots=True)
class Unworkable:
    """A claim that cannot become a job: its outcome is known without trying."""

    work: Work
    outcome: Failed | Unknown


def note_intent(ctx: Context, work: Work, permit: Permit) -> None:
    """Write an intent into the journal beside the database. Raises DatabaseUnavailable where that cannot be done."""
    if ctx.journal is not None and permit.at is not None:
        who = person(ctx.key, work.lead)
        line = Line(permit.at, work.job.key, who, work.campaign.name, work.step, work.action, work.account.key,
                    permit.scopes)  # fmt: skip
        ctx.journal.add(line)


def limit_action(job: Job) -> str:
    """The action as limits count it: an invitation with a note has a quota of its own."""
    bare = job.release is not None and job.release.without_note
    return job.action if bare else counted_action(job.action, job.content.body)


Opened: TypeAlias = "Work | Unworkable | None"
"""A claim that was opened: None when it is gone or has nothing left to do."""


def claim_and_open(ctx: Context, lane: Lane, limit: int) -> tuple[tuple[Claim, ...], Mapping[Claim, Opened]]:
    """Claim up to `limit` due enrollments of an account's lane, and open together those that can be.

    Workers open the others: those whose opening ended a process before, so that it is known whose it was the next time;
    all of them when one cannot be opened or the database went away; and on PostgreSQL, where one transaction would lock
    several people's rows. The claims are committed first: when opening ends this process, they are the evidence.
    """
    claims = claim_due(ctx, lane, limit).claims
    if not claims or not ctx.db.is_sqlite:
        return claims, {}
    try:
        with ctx.db.write() as connection:
            doubtful = newest_is(connection, [claim.enrollment_id for claim in claims], RESCUED)
            trusted = [claim for claim in claims if claim.enrollment_id not in doubtful]
            opened = _open(connection, ctx, [(claim, None) for claim in trusted], False)
            return claims, {trusted[place]: each for place, each in opened.items()}
    except Exception:  # noqa: BLE001 - whoever opens the one at fault, or asks the database again, will say so
        return claims, {}


def open_work(ctx: Context, claim: Claim, release: Release | None = None) -> Opened:
    """Fix account, text and attempt for a claim. None when the claim is gone or has nothing left to do."""
    return ctx.db.together(_open, ctx, (claim, release))


def _open(
    connection: Connection, ctx: Context, asked: Sequence[tuple[Claim, Release | None]], alone: bool
) -> dict[int, Opened]:
    """What is gone, and who is held by somebody else, is told apart alone."""
    ours = take_up(connection, ctx, [claim for claim, _ in asked], wait=alone)
    held = {claim.enrollment_id: claim for claim in ours}
    found = load(connection, ctx.book, held)
    loaded = {held[each.state.id]: each for each in found}
    begun = _begun(connection, found)
    now, texts = ctx.now(), _Texts()
    opened: dict[int, Opened] = {}
    for place, (claim, release) in enumerate(asked):
        mine = loaded.get(claim)
        body = _to_send(ctx, mine) if mine is not None else None
        if mine is not None and body is not None:
            opened[place] = _Opening(connection, ctx, claim, mine, body, now, release, texts).work(begun)
        elif mine is not None:
            drop(connection, claim)
            opened[place] = None
        elif alone:
            opened[place] = None
    texts.keep(connection)
    return _looked_ahead(connection, ctx, opened)


def _to_send(ctx: Context, loaded: Loaded) -> ChannelStep | None:
    """The step at which somebody stands, if it acts and has not ended."""
    run = loaded.state.runs.get(loaded.state.step or "")
    if run is None or run.outcome is not None:
        return None
    body = ctx.book.graph(loaded.sequence_id).node(run.step).body
    return body if isinstance(body, ChannelStep) else None


def _looked_ahead(connection: Connection, ctx: Context, opened: Mapping[int, Opened]) -> dict[int, Opened]:
    """The same, with what the gate would say now: then there is no need to connect."""
    works = {place: each for place, each in opened.items() if isinstance(each, Work)}
    verdicts = foresee(connection, ctx, [work.intention() for work in works.values()])
    told = zip(works.items(), verdicts, strict=True)
    refused = {place: replace(work, refused=verdict) for (place, work), verdict in told if verdict is not None}
    return {**opened, **refused}


@value
class _Begun:
    """What earlier tries of a step left: the token of its message, the attempt that is open, the text that was fixed.

    `recovering` is whether sends are known that a restored database forgot.
    """

    key: str
    recovering: bool
    attempt_id: int | None
    text: Rendered | None


def _begun(connection: Connection, every: Iterable[Loaded]) -> Mapping[int, _Begun]:
    """By step run, for the step at which each stands."""
    runs = [each.run_ids[step] for each in every if (step := each.state.step or "") in each.run_ids]
    found = {}
    for run_id, key, recovering, attempt_id, body, subject, preheader in _statement(connection.dialect).run(
        connection, runs
    ):
        text = None if body is None else Rendered(body=body, subject=subject or "", preheader=preheader or "")
        found[run_id] = _Begun(key, bool(recovering), attempt_id, text)
    return found


@dataclass(frozen=True, slots=True)
class _Texts:
    """What was rendered in one transaction, and the variant that each step run drew for it."""

    messages: list[tuple[Any, ...]] = field(default_factory=list)
    variants: list[tuple[str, int]] = field(default_factory=list)

    def keep(self, connection: Connection) -> None:
        """Write it all: from now on a retry goes out with the same text."""
        bulk_insert(outreach_messages, _MESSAGE, connection.dialect).run(connection, self.messages)
        bulk_update(step_runs, ("variant",), connection.dialect).run(connection, self.variants)


_MESSAGE = ("step_run_id", "action", "sequence_id", "template", "subject", "preheader", "body", "body_hash",
            "rendered_at")  # fmt: skip


@value
class _Opening:
    """The transaction that opens one piece of work."""

    connection: Connection
    ctx: Context
    claim: Claim
    loaded: Loaded
    body: ChannelStep
    now: datetime
    release: Release | None
    texts: _Texts

    def work(self, every: Mapping[int, _Begun]) -> Work | Unworkable:
        run = self.loaded.state.runs[self.loaded.state.step or ""]
        step, action, tries, run_id = run.step, run.action, run.tries, self.loaded.run_ids[run.step]
        begun = every[run_id]
        account = self._account(run_id, self.loaded.accounts.get(step))
        content: Rendered | Failed = Failed("accounts_off", "every account of this channel is switched off")
        if account is not None:
            content = self._content(step, run_id, action, account, begun.text)
        body_text = content if isinstance(content, Rendered) else Rendered(body="")
        account = account or ChannelConfig(self.body.channel, "none", enabled=False)
        attempt_id = self._attempt(begun.attempt_id, run_id, action, tries, account, body_text)
        job = self._job(step, begun.key, action, account, body_text, tries)
        work = Work(
            claim=self.claim,
            step=step,
            step_run_id=run_id,
            attempt_id=attempt_id,
            action=action,
            account=account,
            lead=self.loaded.state.lead,
            campaign=self.loaded.campaign,
            job=job,
            wrote_from=wrote_from(self.loaded, step),
        )
        if begun.recovering and (recovered := self._recovered(work)):
            return Unworkable(work, recovered)
        return Unworkable(work, content) if isinstance(content, Failed) else work

    def _recovered(self, work: Work) -> Unknown | None:
        """What the journal of a restored database knows of this very step: it went out before, so it must not again."""
        who = person(self.ctx.key, work.lead)
        mine = or_(recovered_sends.c.key == work.job.key, and_(
            recovered_sends.c.who == who, recovered_sends.c.campaign == work.campaign.name,
            recovered_sends.c.step == work.step,
        ), and_(recovered_sends.c.who == who, recovered_sends.c.step == ""))  # fmt: skip
        query = select(recovered_sends).where(mine, recovered_sends.c.action == work.action)
        row = self.connection.execute(query.order_by(recovered_sends.c.step == "", recovered_sends.c.at)).first()
        if row is None:
            return None
        if not row.step:  # nobody knows which step it was: this one, and no other
            same = (recovered_sends.c.key == row.key, recovered_sends.c.at == row.at)
            named = update(recovered_sends).where(*same, recovered_sends.c.action == row.action)
            self.connection.execute(named.values(campaign=work.campaign.name, step=work.step))
        attempt, run = outreach_attempts.c.id == work.attempt_id, step_runs.c.id == work.step_run_id
        values = {"status": "sending", "intent_at": row.at}
        self.connection.execute(update(outreach_attempts).where(attempt).values(**values))
        self.connection.execute(update(step_runs).where(run).values(key=row.key))  # as replies and bounces name it
        return Unknown("restored", f"it went out at {row.at.isoformat()}, before the database was restored")

    def _account(self, run_id: int, key: str | None) -> ChannelConfig | None:
        serving = serving_account(self.ctx.book, self.loaded, self.body, key)
        if serving is not None and serving.key != key:
            mine = step_runs.c.id == run_id
            self.connection.execute(update(step_runs).where(mine).values(account=serving.key))
        return serving

    def _content(
        self, step: str, run_id: int, action: str, account: ChannelConfig, kept: Rendered | None
    ) -> Rendered | Failed:
        """The text of the first try, or rendered now and kept. An invitation of `auto` carries no note."""
        if not carries_text(self.body, action):
            return Rendered(body="")
        if kept is not None:
            return kept
        try:
            variant, sequence_id, rendered = draft(self.ctx.book, self.loaded, step, self.body, account)
        except TemplateError as error:
            return Failed("template", str(error))
        self.texts.messages.append((run_id, action, sequence_id, variant.template, rendered.subject,
                                    rendered.preheader, rendered.body, body_hash(rendered), self.now))  # fmt: skip
        self.texts.variants.append((variant.id, run_id))
        return rendered

    def _attempt(
        self, begun: int | None, run_id: int, action: str, tries: int, account: ChannelConfig, content: Rendered
    ) -> int:
        """An attempt that was begun and came to nothing irrevocable is gone on with; there is at most one."""
        given: dict[str, Any] = {"account": account.key, "now": self.now}
        if begun is not None:
            _GO_ON.change(self.connection, attempt=begun, **given)
            return begun
        given |= {"run": run_id, "action": action}
        given |= {"enrollment": self.claim.enrollment_id, "lead": self.loaded.state.lead.id, "tries": tries}
        given |= {"channel": self.body.channel.value, "commit": self.ctx.book.project.git_commit}
        [(attempt_id,)] = _BEGIN.rows(self.connection, **given, body_hash=body_hash(content))
        return int(attempt_id)

    def _job(self, step: str, key: str, action: str, account: ChannelConfig, content: Rendered, tries: int) -> Job:
        graph = self.ctx.book.graph(self.loaded.sequence_id)
        return Job(
            key=key,
            campaign=self.loaded.campaign.name,
            sequence=graph.name,
            step=step,
            body=self.body,
            action=action,
            account=account,
            lead=self.loaded.state.lead,
            content=content,
            now=self.now,
            attempt=tries + 1,
            thread=self._thread(account),
            vars=graph.vars,
            release=self.release,
        )

    def _thread(self, account: ChannelConfig) -> ThreadRef | None:
        """The message this one follows, with every message before it in the same thread."""
        chain: list[tuple[tuple[str, ...], str]] = []
        graph = self.ctx.book.graph(self.loaded.sequence_id)
        step = self.body.thread
        while step is not None:
            found = self._sent_message(step, account)
            if found is not None:
                chain.append(found)
            earlier = graph.node(step).body
            step = earlier.thread if isinstance(earlier, ChannelStep) else None
        if not chain:
            return None
        ids = tuple(message_id for some, _ in reversed(chain) for message_id in some)
        return ThreadRef(message_id=ids[-1], references=ids[:-1], subject=chain[-1][1])

    def _sent_message(self, step: str, account: ChannelConfig) -> tuple[tuple[str, ...], str] | None:
        """The ids of what went out, or may have: ours, and behind it the one that a relay put in its place."""
        joined = step_runs.join(outreach_messages, outreach_messages.c.step_run_id == step_runs.c.id)
        joined = joined.join(outreach_attempts, outreach_attempts.c.step_run_id == step_runs.c.id)
        where = (step_runs.c.enrollment_id == self.claim.enrollment_id, step_runs.c.step == step)
        columns = select(step_runs.c.key, step_runs.c.message_id, step_runs.c.account, outreach_messages.c.subject,
                         outreach_attempts.c.provider_ref).select_from(joined)  # fmt: skip
        row = self.connection.execute(columns.where(*where, _OUT)).first()
        if row is None:
            return None
        wrote = (self.ctx.book.account(row.account) if row.account else None) or account
        ours = row.message_id or message_id_of(row.key, wrote, self.loaded.state.lead)  # nobody told that it went
        replaced = (row.provider_ref,) if (row.provider_ref or "").startswith("<") else ()
        return (ours, *replaced), row.subject


_OPEN = text("outreach_attempts.status IN ('pending', 'claimed')")  # as in the index, or it is not used
_OUT = text("outreach_attempts.status IN ('sending', 'sent', 'unknown')")  # likewise


@lru_cache(maxsize=8)
def _statement(dialect: Dialect) -> BulkSelect:
    attempt = (outreach_attempts.c.step_run_id == step_runs.c.id, outreach_attempts.c.action == step_runs.c.action)
    message = (outreach_messages.c.step_run_id == step_runs.c.id, outreach_messages.c.action == step_runs.c.action)
    joined = step_runs.outerjoin(outreach_attempts, and_(*attempt, _OPEN)).outerjoin(outreach_messages, and_(*message))
    columns = (
        step_runs.c.id,
        step_runs.c.key,
        exists(select(recovered_sends.c.key)).label("recovering"),
        outreach_attempts.c.id,
        outreach_messages.c.body,
        outreach_messages.c.subject,
        outreach_messages.c.preheader,
    )
    return BulkSelect(select(*columns).select_from(joined).where(wanted(step_runs.c.id, dialect)), dialect)


_CLAIMED = {"status": "claimed", "claimed_at": bindparam("now"), "account": bindparam("account")}
_FRESH = {"step_run_id": "run", "enrollment_id": "enrollment", "lead_id": "lead", "channel": "channel",
          "action": "action", "retry_count": "tries", "git_commit": "commit", "body_hash": "body_hash"}  # fmt: skip
_BEGIN = Fixed(
    insert(outreach_attempts)
    .values(_CLAIMED | {column: bindparam(name) for column, name in _FRESH.items()})
    .returning(outreach_attempts.c.id)
)
_GO_ON = Fixed(
    update(outreach_attempts)
    .where(outreach_attempts.c.id == bindparam("attempt"))
    .values({outreach_attempts.c[name]: value for name, value in _CLAIMED.items()})
    .values(outcome=null(), next_retry_at=null())
)


def serving_account(book: Book, loaded: Loaded, body: ChannelStep, key: str | None) -> ChannelConfig | None:
    """The account of this key, drawn at entry, or another one when that was switched off since."""
    current = book.account(key) if key else None
    if current is not None and current.enabled:
        return current
    return book.draw_account(loaded.campaign, body.channel, loaded.state.lead.id)


def carries_text(body: ChannelStep, action: str) -> bool:
    """Whether an action has a text of its own; an invitation of `auto` has no note."""
    return bool(body.variants) and not (body.action == "auto" and action == "connect")


def draft(
    book: Book, loaded: Loaded, step: str, body: ChannelStep, account: ChannelConfig
) -> tuple[Variant, int, Rendered]:
    """The variant of a lead, the sequence its text is of, and the text. Raises TemplateError."""
    seed = text_seed(loaded, step)
    variant = draw_variant(body.variants, seed)
    sequence_id, source = newest_text(book, loaded, step, variant.template)
    values = template_values(loaded.state.lead, loaded.campaign, book.graph(loaded.sequence_id).vars, account)
    return variant, sequence_id, render(parse_template(source, variant.template), values, seed)


def text_seed(loaded: Loaded, step: str) -> str:
    """What variant and text of a step are drawn by: the same for a retry, a preview and an explanation."""
    return f"{loaded.state.lead.id}|{loaded.campaign.sequence}|{step}"


def draw_variant(variants: tuple[Variant, ...], seed: str) -> Variant:
    """The variant of a lead at a step: the same for the same seed, in proportion to the weights."""
    if len(variants) == 1:
        return variants[0]
    weights = [variant.weight for variant in variants]
    return random.Random(f"variant|{seed}").choices(variants, weights if any(weights) else None)[0]


def newest_text(book: Book, loaded: Loaded, step: str, template: str) -> tuple[int, str]:
    """The text to render: from the newest version of the sequence that still has the step and the template."""
    newest = book.newest.get(loaded.campaign.sequence, loaded.sequence_id)
    definition = book.by_id.get(newest)
    if definition is not None and template in definition.templates:
        if any(node.id == step for node in definition.graph.nodes):
            return newest, definition.templates[template]
    return loaded.sequence_id, book.by_id[loaded.sequence_id].templates[template]


def template_values(
    lead: Lead, campaign: Campaign, variables: Mapping[str, object], account: ChannelConfig
) -> Mapping[str, Mapping[str, object]]:
    """What `lead.*`, `campaign.*`, `vars.*` and `sender.*` mean in a template."""
    return {
        "lead": LeadValues(lead),
        "campaign": {**campaign.vars, **campaign.values()},
        "vars": {**variables, **campaign.vars},
        "sender": dict(sender_of(account, lead)),
    }


def body_hash(content: Rendered) -> str:
    """The hash of a text as it goes out, for the log."""
    return sha256(f"{content.subject}\0{content.preheader}\0{content.body}".encode()).hexdigest()
