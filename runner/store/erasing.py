"""Erasing a person (GDPR Art. 17): names, addresses and texts go, the skeleton of what happened stays.

Which columns are emptied follows from the schema: every table that leads to a lead loses every text it holds, except
the machine's own words, which are named here. A table that leads to nobody has to be placed in `SEARCHED` or
`NOBODYS`; a test fails for one that is in neither.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import (
    JSON,
    Column,
    ColumnElement,
    Connection,
    LargeBinary,
    String,
    Table,
    cast,
    delete,
    false,
    func,
    null,
    or_,
    select,
    update,
)

from runner.errors import Refused
from runner.model.identity import suppressible
from runner.model.lead import Lead
from runner.store.context import Context
from runner.store.erasures import LABEL, count_erasure
from runner.store.kept_mail import mail_about
from runner.store.log import entries_of
from runner.store.operations import stop_enrollments
from runner.store.people import load_leads
from runner.store.suppressions import key_hash, suppress
from runner.store.tables import (
    claims,
    enrollments,
    inbox_cursors,
    leads,
    list_members,
    metadata,
    outreach_attempts,
    raw_messages,
    step_runs,
    suppressions,
    transitions,
)
from runner.store.traces import Traces

_ERASED_KINDS = frozenset({"address", "profile", "phone"})
KEPT: Mapping[str, frozenset[str]] = {
    "leads": frozenset({"linkedin_status"}),
    "list_members": frozenset(),
    "enrollments": frozenset({"status", "step", "waiting_on"}),
    "claims": frozenset({"token", "worker"}),
    "timers": frozenset(),
    "step_runs": frozenset({"step", "outcome", "stage", "action", "account", "variant", "key", "message_id"}),
    "outreach_messages": frozenset({"action", "template", "body_hash"}),
    "outreach_attempts": frozenset(
        {"channel", "account", "action", "status", "git_commit", "body_hash", "outcome", "reason", "message_id",
         "resolved_by"}
    ),
    "reservations": frozenset({"scope"}),
    "events": frozenset({"kind", "step", "account"}),
    "tasks": frozenset({"step", "kind", "status", "closed_by"}),
    "transitions": frozenset({"step", "kind"}),
}  # fmt: skip
"""Per table that leads to a lead: the texts that say nothing of a person. All others are emptied."""

NAMED_ONLY = frozenset({("enrollments", "end_reason"), ("events", "source")})
"""Texts of a person's rows that are the machine's words unless they name the person: only then they are replaced."""

SEARCHED: Mapping[str, tuple[str, ...]] = {
    "problems": ("text", "help", "scope"), "switches": ("reason",), "channel_configs": ("health_reason",),
    "channel_overlays": ("reason",), "inbox_cursors": ("error",),
}  # fmt: skip
"""Per table that leads to nobody: the texts that may name a person. `inbox_cursors.cursor` is gone through besides."""

NOBODYS = frozenset({"lists", "lanes", "sequences", "sequence_steps", "campaigns", "meta", "recovered_sends",
                     "raw_messages", "suppressions"})  # fmt: skip
"""Tables that hold nobody but by keyed hash, or (the last two) that are treated by hand below."""

ERASED = "about a person who was erased"


def erase(ctx: Context, lead_id: int, *, actor: str) -> None:
    """Erase a person: every enrollment ends, personal data goes, and the keyed hashes stay in the suppression list.

    Raises Refused while a message to them is under way: what the other side answers could name them.
    """
    now = ctx.now()
    with ctx.db.read() as connection:
        person = load_leads(connection, [lead_id])[lead_id]
        open_ones = select(enrollments.c.id).where(enrollments.c.lead_id == lead_id, enrollments.c.ended_at.is_(None))
        to_stop = list(connection.execute(open_ones).scalars())
    stop_enrollments(ctx, to_stop, "erased")
    traces = Traces.of(person)
    with ctx.db.write() as connection:
        count_erasure(connection)
        _refuse_while_sending(connection, lead_id)
        _suppress(connection, ctx, person, actor)
        gone = mail_about(connection, lead_id, traces)
        for one in gone:
            connection.execute(delete(raw_messages).where(raw_messages.c.id == one))
        _forget_in_cursors(connection, traces)
        for table in metadata.sorted_tables:
            if (mine := rows_of(table, lead_id)) is not None:
                _empty(connection, table, mine, traces)
            for name in SEARCHED.get(table.name, ()):
                column = table.c[name]
                connection.execute(update(table).where(_names(column, traces)).values({name: ERASED}))
        done = {"erased_at": now, "updated_at": now, "linkedin_status": "not_connected"}
        connection.execute(update(leads).where(leads.c.id == lead_id).values(done))
        connection.execute(delete(list_members).where(list_members.c.lead_id == lead_id))
    ctx.db.forget_deleted()


def rows_of(table: Table, lead_id: int) -> ColumnElement[bool] | None:
    """Which rows of a table are about a lead; None for a table that leads to nobody."""
    if table is leads:
        return leads.c.id == lead_id
    enrolled = select(enrollments.c.id).where(enrollments.c.lead_id == lead_id)
    if table is transitions:
        return transitions.c.id.in_(select(entries_of(enrolled).c.id))
    ways = {
        "lead_id": select(leads.c.id).where(leads.c.id == lead_id),
        "enrollment_id": enrolled,
        "step_run_id": select(step_runs.c.id).where(step_runs.c.enrollment_id.in_(enrolled)),
        "attempt_id": select(outreach_attempts.c.id).where(outreach_attempts.c.enrollment_id.in_(enrolled)),
    }
    found = [table.c[name].in_(ids) for name, ids in ways.items() if name in table.c]
    return or_(*found) if found else None


def emptied(table: Table) -> Iterator[Column[Any]]:
    """The columns of a table that leads to a lead in which something about the person may stand."""
    kept = KEPT.get(table.name, frozenset())
    for column in table.c:
        holds_text = isinstance(column.type, String | JSON | LargeBinary)
        if holds_text and column.name not in kept and (table.name, column.name) not in NAMED_ONLY:
            yield column


def _empty(connection: Connection, table: Table, mine: ColumnElement[bool], traces: Traces) -> None:
    if values := {column.name: _nothing(column) for column in emptied(table)}:
        connection.execute(update(table).where(mine).values(values))
    for name in (name for of, name in NAMED_ONLY if of == table.name):
        column = table.c[name]
        replaced = "erased" if table is enrollments else "erased:" + cast(table.c.id, String)
        connection.execute(update(table).where(mine, _names(column, traces)).values({name: replaced}))


def _nothing(column: Column[Any]) -> object:
    """What stands for nothing in a column."""
    if column.nullable:
        return null()
    if not isinstance(column.type, JSON):
        return b"" if isinstance(column.type, LargeBinary) else ""
    default = str(getattr(getattr(column.server_default, "arg", ""), "text", ""))
    return [] if "[" in default else {}


def _suppress(connection: Connection, ctx: Context, person: Lead, actor: str) -> None:
    """What recognises the person from now on are keyed hashes; labels of earlier suppressions are blanked."""
    for kind, value in suppressible(person):
        if kind in _ERASED_KINDS:
            suppress(connection, ctx.key, kind, value, reason="erased", actor=actor, now=ctx.now(), label=LABEL)
            same = suppressions.c.key_hash == key_hash(ctx.key, kind, value)
            connection.execute(update(suppressions).where(same).values(label=LABEL))


def _refuse_while_sending(connection: Connection, lead_id: int) -> None:
    mine = select(enrollments.c.id).where(enrollments.c.lead_id == lead_id)
    if connection.execute(select(claims.c.token).where(claims.c.enrollment_id.in_(mine))).first() is not None:
        words = "a message to this person is going out at this moment; every further one is stopped"
        raise Refused(words, help="erase them again in a minute")


def _forget_in_cursors(connection: Connection, traces: Traces) -> None:
    """Take the person out of what inboxes remember for their next read."""
    for account, cursor in connection.execute(select(inbox_cursors.c.account, inbox_cursors.c.cursor)).all():
        without = traces.taken_out_of(cursor)
        if without != cursor:
            mine = inbox_cursors.c.account == account
            connection.execute(update(inbox_cursors).where(mine).values(cursor=without))


def _names(column: Column[Any], traces: Traces) -> ColumnElement[bool]:
    """Whether a text names the person."""
    said = [func.lower(column).contains(name.lower(), autoescape=True) for name in traces.names]
    return or_(*said) if said else false()
