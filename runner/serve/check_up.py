"""The checks of `runner doctor`, from the database outwards to the accounts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import func, select, text

from runner.channels.wiring import real_channels, secret_reader
from runner.model.calendar_holidays import holiday_data_version
from runner.model.calendar_zones import zone_data_problem
from runner.store.accounts import check_accounts
from runner.store.context import Context
from runner.store.invariants import INVARIANTS, broken
from runner.store.strangers import LOOK_BACK, strangers_since
from runner.store.tables import events, problems, transitions

CLOCK_SLACK = timedelta(minutes=5)


def invariant_rows(ctx: Context) -> list[dict[str, Any]]:
    """One row for each invariant: ok, or what breaks it."""
    found: dict[str, list[dict[str, Any]]] = {}
    for row in broken(ctx):
        found.setdefault(row["invariant"], []).append(row)
    rows = []
    for invariant in INVARIANTS:
        breaks = found.get(invariant.name, [])
        subject = ", ".join(str(row["id"]) for row in breaks[:5])
        verdict = f"{len(breaks)} broken" if breaks else "ok"
        rows.append({"check": invariant.name, "subject": subject, "verdict": verdict,
                     "remedy": f"must hold: {invariant.says}" if breaks else ""})  # fmt: skip
    return rows


def check_up(ctx: Context, root: Path, *, connect: bool) -> list[dict[str, Any]]:
    """Everything else: durability, clock, open problems, accounts and their secrets; with `connect`, servers too."""
    secrets = secret_reader(root)
    channel_set = real_channels(root, ctx.clock)
    accounts = check_accounts(ctx.book.project, channel_set.channels, secrets)
    rows = [_durable(ctx), _clock(ctx), _calendar(), *_problems(ctx), *_strangers(ctx)]
    rows += [{"check": "account", "subject": row["account"], **row} for row in accounts]
    if connect:
        rows += _remote(ctx, root)
    return rows


def _durable(ctx: Context) -> dict[str, Any]:
    from runner.errors import DatabaseUnavailable

    try:
        ctx.db.check_durable()
    except DatabaseUnavailable as error:
        return {"check": "durability", "subject": "database", "verdict": str(error), "remedy": error.help}
    return {"check": "durability", "subject": "database", "verdict": "ok", "remedy": ""}


def _clock(ctx: Context) -> dict[str, Any]:
    """The machine's clock must not be behind what the log already saw, nor far from the database server's."""
    now = ctx.machine.now()
    with ctx.db.read() as connection:
        times = [
            connection.execute(select(func.max(column))).scalar() for column in (transitions.c.at, events.c.recorded_at)
        ]
        if not ctx.db.is_sqlite:
            server = connection.execute(text("SELECT now()")).scalar_one()
            if abs(server - now) > CLOCK_SLACK:
                return _row("clock", "database server", f"{abs(server - now)} apart", "set both clocks by NTP")
    latest = max((at for at in times if at is not None), default=datetime.min.replace(tzinfo=UTC))
    if latest > now + CLOCK_SLACK:
        return _row("clock", "machine", f"behind the log by {latest - now}", "set the clock by NTP before sending")
    return _row("clock", "machine", "ok", "")


def _calendar() -> dict[str, Any]:
    """Time zones are there; the version of the holiday dates is named, since dates differ between versions."""
    problem = zone_data_problem()
    subject = f"time zones, holidays {holiday_data_version()}"
    return _row("calendar", subject, problem or "ok", "pip install tzdata" if problem else "")


def _problems(ctx: Context) -> list[dict[str, Any]]:
    with ctx.db.read() as connection:
        found = connection.execute(select(problems).where(problems.c.closed_at.is_(None)).order_by(problems.c.id)).all()
    return [_row("problem", row.scope, row.text, row.help) for row in found]


def _strangers(ctx: Context) -> list[dict[str, Any]]:
    """Mail that nothing ties to anybody is nothing wrong, but somebody should have read it."""
    with ctx.db.read() as connection:
        counts = strangers_since(connection, ctx.now() - LOOK_BACK)
    said = "of the last 7 days by people who were not written to; read them in the mailbox"
    return [_row("mail", row.account, "ok", f"{row.mails} {said}") for row in counts]


def _remote(ctx: Context, root: Path) -> list[dict[str, Any]]:
    from runner.channels.checks import remote_checks

    return [
        _row(check, subject, verdict, remedy)
        for check, subject, verdict, remedy in remote_checks(ctx.book.project, secret_reader(root), ctx.clock)
    ]


def _row(check: str, subject: str, verdict: str, remedy: str) -> dict[str, Any]:
    return {"check": check, "subject": subject, "verdict": verdict, "remedy": remedy}
