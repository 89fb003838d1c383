"""A database put back from a backup: noticed by the journal beside it, stopped, and reconciled.

The journal knows what went out; the restored database does not know the last of it. Until somebody has reconciled the
two nothing is sent. Then every such send is a row of `recovered_sends`: its limits are occupied, and when the person
comes to that step again it ends as unknown instead of going out.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from datetime import timedelta

from sqlalchemy import Connection, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from runner.store.context import Context
from runner.store.health import open_problem
from runner.store.journal import Journal, Line, OptOut
from runner.store.tables import (
    meta,
    outreach_attempts,
    problems,
    recovered_sends,
    reservations,
    step_runs,
    suppressions,
    switches,
)

RESTORED = "restored"
"""The kill switch that holds everything while the database is older than its journal."""
REASON = "the database is older than what was sent: it was restored from a backup"
HELP = "`runner db reconcile` shows what went out since, and lets sending go on"
LONGEST_FINISH = timedelta(minutes=10)
"""How long a send may have lasted from its intent: a server may take ten minutes over the final dot (RFC 5321)."""


def database_id(connection: Connection) -> str:
    """What names this database, copies and restored backups of it included; drawn once."""
    query = select(meta.c.value).where(meta.c.name == "database")
    known = connection.execute(query).scalar()
    if known is None:
        maker = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
        row = {"name": "database", "value": secrets.token_hex(8)}
        connection.execute(maker(meta).values(**row).on_conflict_do_nothing())
        known = connection.execute(query).scalar_one()
    return str(known)


def notice_restored(ctx: Context) -> bool:
    """Whether the database is held, or older than its journal and held from now on."""
    if ctx.journal is None:
        return False
    with ctx.db.read() as connection:
        missing, held = bool(_unknown(connection, ctx.journal.newest())), is_restored(connection)
    if missing and not held:
        hold_restored(ctx)
    return missing or held


def hold_restored(ctx: Context) -> None:
    """Let nothing pass the gate, in any process, until somebody has reconciled the database with what went out."""
    now = ctx.machine.now()
    with ctx.db.write() as connection:
        row = {"scope": RESTORED, "reason": REASON, "actor": "runner", "at": now}
        maker = sqlite.insert if ctx.db.is_sqlite else postgresql.insert
        connection.execute(maker(switches).values(**row).on_conflict_do_nothing())
        open_problem(connection, "database", RESTORED, REASON, HELP, now)


def is_restored(connection: Connection) -> bool:
    """Whether the database waits to be reconciled."""
    return connection.execute(select(switches.c.scope).where(switches.c.scope == RESTORED)).first() is not None


def sent_since(ctx: Context) -> list[Line]:
    """What the journal knows and the database does not, oldest first."""
    if ctx.journal is None:
        return []
    with ctx.db.read() as connection:
        return _unknown(connection, list(ctx.journal.lines()))


def reconcile(ctx: Context, sends: Sequence[Line]) -> int:
    """Take over what went out and who opted out since the backup, and let sending go on. Returns the opt-outs added."""
    now = ctx.machine.now()
    with ctx.db.write() as connection:
        for line in sends:
            row = {"key": line.key, "action": line.action, "at": line.at, "who": line.who, "campaign": line.campaign,
                   "step": line.step, "account": line.account}  # fmt: skip
            connection.execute(insert(recovered_sends).values(**row))
            occupied = {"reserved_at": line.at, "finished_at": min(line.at + LONGEST_FINISH, now)}
            for scope in line.scopes:
                connection.execute(insert(reservations).values(scope=scope, **occupied))
        added = _suppress(connection, ctx.journal.opt_outs() if ctx.journal else ())
        connection.execute(switches.delete().where(switches.c.scope == RESTORED))
        closed = (problems.c.kind == RESTORED, problems.c.closed_at.is_(None))
        connection.execute(update(problems).where(*closed).values(closed_at=now))
    return added


def note_opt_outs(ctx: Context, journal: Journal, after: int) -> int:
    """Write suppressions that are newer than the row `after` into the journal, once. Returns the newest row's id."""
    noted = {one.key_hash for one in journal.opt_outs()} if after == 0 else set()
    query = select(suppressions).where(suppressions.c.id > after).order_by(suppressions.c.id)
    with ctx.db.read() as connection:
        rows = connection.execute(query).all()
    for row in rows:
        if row.key_hash not in noted:
            journal.add(OptOut(row.kind, row.key_hash, row.label, row.reason, row.created_at))
        after = row.id
    return after


def _suppress(connection: Connection, opt_outs: Iterable[OptOut]) -> int:
    maker = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    added = 0
    for one in opt_outs:
        row = {"kind": one.kind, "key_hash": one.key_hash, "label": one.label, "reason": one.reason,
               "actor": "reconciled", "created_at": one.at}  # fmt: skip
        known = (suppressions.c.kind == one.kind, suppressions.c.key_hash == one.key_hash)
        if connection.execute(select(suppressions.c.id).where(*known)).first() is None:
            connection.execute(maker(suppressions).values(**row).on_conflict_do_nothing())
            added += 1
    return added


def _unknown(connection: Connection, lines: Sequence[Line]) -> list[Line]:
    """Those of the lines whose intent the database does not have."""
    known: dict[str, list[tuple[str, object]]] = {}
    keys = sorted({line.key for line in lines})
    tried = select(step_runs.c.key, outreach_attempts.c.action, outreach_attempts.c.intent_at).join(
        outreach_attempts, outreach_attempts.c.step_run_id == step_runs.c.id
    )
    for start in range(0, len(keys), 500):
        some = keys[start : start + 500]
        for query in (
            tried.where(step_runs.c.key.in_(some), outreach_attempts.c.intent_at.is_not(None)),
            select(recovered_sends.c.key, recovered_sends.c.action, recovered_sends.c.at)
            .where(recovered_sends.c.key.in_(some)),
        ):  # fmt: skip
            for key, action, at in connection.execute(query):
                known.setdefault(key, []).append((action, at))
    return [
        line for line in lines
        if not any(action == line.action and at >= line.at for action, at in known.get(line.key, ()))  # type: ignore[operator]
    ]  # fmt: skip
