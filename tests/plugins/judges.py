"""What must be true after any number of deaths: the database against the ledgers of the servers, and against itself."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from datetime import timedelta
from typing import Any

from sqlalchemy import exists, func, select
from stage import Stage

from runner.serve.reconciler import Reconciliation
from runner.store.context import Context
from runner.store.histories import attempt_rows
from runner.store.invariants import broken
from runner.store.tables import claims, enrollments, leads, outreach_attempts, step_runs, timers

GOT = ("accepted", "lost")
"""What the SMTP sink says of a message whose dot it saw: kept, or lost by its own fault."""


def received(stage: Stage) -> Counter[tuple[str, str]]:
    """How often each message reached its server: by channel, and the message's key or the person."""
    mails = (("email", r["key"]) for r in stage.records("smtp") if r["verdict"] in GOT)
    taken = (
        ("linkedin", f"{r['kind']} {r['public_id']}")
        for r in stage.records("linkedin")
        if r["kind"] != "read" and r["taken"]
    )
    forms = (("contact_form", _greeted(r["fields"])) for r in stage.records("sites"))
    return Counter([*mails, *taken, *forms])


def _greeted(fields: list[list[str]]) -> str:
    """Whom the message in a form greets: a site's name may be shared, the person's first name is not."""
    [name] = {found[1] for _, value in fields if (found := re.search(r"Hello (P\d+)", value))}
    return name


def duplicates(stage: Stage) -> dict[tuple[str, str], int]:
    """Everything that somebody received more than once. Empty is what at-most-once means."""
    return {what: times for what, times in received(stage).items() if times > 1}


def disagreements(stage: Stage, ctx: Context) -> list[tuple[str, str, list[str]]]:
    """Where the database says of a message what its server denies.

    What arrived must count as sent or be in doubt; what counts as sent must have arrived.
    """
    got, found = received(stage), []
    for (channel, name), statuses in _attempts(ctx).items():
        arrived, counts = got.pop((channel, name), 0) > 0, {"sent", "unknown"} & set(statuses)
        if (arrived and not counts) or ("sent" in statuses and not arrived):
            found.append((channel, name, statuses))
    return found + [(channel, name, ["not in the database"]) for channel, name in got]


def _attempts(ctx: Context) -> dict[tuple[str, str], list[str]]:
    columns = (outreach_attempts.c.channel, outreach_attempts.c.status, outreach_attempts.c.action, step_runs.c.key)
    query = select(*columns, leads.c.linkedin_url, leads.c.first_name).select_from(outreach_attempts)
    query = query.join(step_runs, step_runs.c.id == outreach_attempts.c.step_run_id)
    query = query.join(leads, leads.c.id == outreach_attempts.c.lead_id)
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    with ctx.db.read() as connection:
        for row in connection.execute(query):
            profile = (row.linkedin_url or "").rstrip("/").rpartition("/")[2]
            kind = "invitation" if row.action == "connect" else row.action
            names = {"email": row.key, "linkedin": f"{kind} {profile}", "contact_form": row.first_name}
            found[(row.channel, names[row.channel])].append(row.status)
    return found


def conservation(ctx: Context) -> Counter[str]:
    """Where everybody is; raises ValueError when somebody is nowhere, or in two places."""
    queued = exists().where(timers.c.enrollment_id == enrollments.c.id)
    claimed = exists().where(claims.c.enrollment_id == enrollments.c.id)
    query = select(enrollments.c.id, enrollments.c.status, enrollments.c.ended_at)
    places: Counter[str] = Counter()
    with ctx.db.read() as connection:
        for row in connection.execute(query.add_columns(queued.label("queued"), claimed.label("claimed"))):
            held = {"ended": row.ended_at is not None, "paused": row.status == "paused"}
            held |= {"claimed": row.claimed, "queued": row.queued}
            [place] = [name for name, there in held.items() if there]
            places[place] += 1
        assert places.total() == connection.execute(select(func.count()).select_from(leads)).scalar_one()
    return places


def sound(ctx: Context) -> Counter[str]:
    """Nobody is lost and no invariant is broken. Returns where everybody is."""
    assert broken(ctx) == []
    return conservation(ctx)


def listed(ctx: Context) -> list[dict[str, Any]]:
    """What `runner attempts list` shows: every attempt whose end nobody knows."""
    return attempt_rows(ctx, status="unknown", campaign=None)


def doubtful_mail(ctx: Context) -> set[str]:
    """The keys of the messages whose end nobody knows."""
    query = select(step_runs.c.key).join(outreach_attempts, outreach_attempts.c.step_run_id == step_runs.c.id)
    where = (outreach_attempts.c.status == "unknown", outreach_attempts.c.channel == "email")
    with ctx.db.read() as connection:
        return set(connection.execute(query.where(*where)).scalars())


def filed_mail(stage: Stage) -> set[str]:
    """The keys of the messages of which the sender's Sent folder holds a copy."""
    return {r["key"] for r in stage.records("smtp") if r["verdict"] == "accepted"}


def attempts_by_status(ctx: Context) -> Counter[tuple[str, str]]:
    """How many attempts of each channel ended how."""
    query = select(outreach_attempts.c.channel, outreach_attempts.c.status)
    with ctx.db.read() as connection:
        return Counter((row.channel, row.status) for row in connection.execute(query))


def settle_by_evidence(stage: Stage) -> int:
    """Look for evidence of everything unknown, now. Returns how many were settled as sent."""
    app = stage.app()
    try:
        return Reconciliation(app.context, app.channel_set.reconcilers, grace=timedelta(0)).run()
    finally:
        app.close()
