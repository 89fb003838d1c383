"""`serve` killed after DATA and before the 250: what was sent is found out where it can be, and never sent again."""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import pytest
from judges import disagreements, duplicates, listed, settle_by_evidence, sound
from lives import At, begin, die, end_on_receipt
from sqlalchemy import select
from stage import Stage, sandbox_process, set_stage

from runner.serve.process import Options
from runner.store.claims import rescue
from runner.store.context import Context
from runner.store.tables import claims, outreach_attempts, step_runs

ONE_MAIL = "version: 1\nname: quick\nsteps:\n  - {id: intro, channel: email, template: note}\n"
FATES = ("silent-ok", "silent-latebounce", "ok", "silent-reply", "silent-unseen", "silent-lost")
EVIDENT = ("ok", "silent-ok", "silent-latebounce", "silent-reply")
ALONE = Options(workers=1, lease=1.0, inbox_every=60.0)


def _person(number: int) -> Mapping[str, str]:
    return {"email": f"{FATES[number % len(FATES)]}.p{number}@d{number}.example", "first_name": f"P{number}"}


def _kill_one(stage: Stage, number: int) -> str:
    """One life that sends one message, ended between its DATA and its 250. Returns where."""
    place = ("dot", "intent", "dot", "body", "dot", "dot")[number // len(FATES) % 6]
    if place != "dot":  # the whole body is there and the dot is not: before the gate, or behind it
        life = begin(stage, ALONE, At("prepared" if place == "body" else "intent", 1, die))
        assert life.ended(20) == -9, stage.log()
        return place
    end_on_receipt(stage, "smtp", ALONE)
    return place


def _take_over(ctx: Context) -> None:
    """What the next `serve` does with the claims of the last one."""
    with ctx.db.read() as connection:
        workers = set(connection.execute(select(claims.c.worker)).scalars())
    rescue(ctx, dead_workers=sorted(workers))


def _accepted(stage: Stage) -> dict[str, str]:
    """The fate of each message that the server kept or lost, by key."""
    return {r["key"]: r["recipient"].partition(".")[0] for r in stage.records("smtp") if r["verdict"] != "refused"}


def _statuses(ctx: Context) -> dict[str, tuple[str, str | None]]:
    """By key, how its last attempt stands: one whose lease ran out before the gate was given up, and another made."""
    query = select(step_runs.c.key, outreach_attempts.c.status, outreach_attempts.c.resolved_by)
    with ctx.db.read() as connection:
        of_runs = query.join(step_runs, step_runs.c.id == outreach_attempts.c.step_run_id)
        rows = connection.execute(of_runs.order_by(outreach_attempts.c.id)).all()
    return {row.key: (row.status, row.resolved_by) for row in rows}


def _play(folder: Path, url: str, kills: int) -> Counter[str]:
    with sandbox_process(folder / "ledgers", mail_after=0.2) as ports:
        stage = set_stage(folder, url, ports, kills + 10, sequence=ONE_MAIL, hold="1h", person=_person)
        counts: Counter[str] = Counter(f"killed at {_kill_one(stage, number)}" for number in range(kills))
        with stage.looked_at() as ctx:
            _take_over(ctx)
            sound(ctx)
        time.sleep(0.5)  # the last bounce or reply is on its way
        settled = settle_by_evidence(stage)
    fates = _accepted(stage)
    with stage.looked_at() as ctx:
        assert duplicates(stage) == {}
        assert disagreements(stage, ctx) == []
        sound(ctx)
        doubtful = {row["id"] for row in listed(ctx)}
        statuses = _statuses(ctx)
    for key, (status, by) in statuses.items():
        told = (key, fates.get(key, "never arrived"), status, by)
        if status == "unknown":
            assert fates.get(key) not in EVIDENT, told
            counts[f"unknown: {fates.get(key, 'no dot')}"] += 1
        elif status == "sent":
            assert fates.get(key) in EVIDENT and (by is None or by.startswith("evidence:")), told
            counts[f"sent: {by or 'answered in time'}"] += 1
        else:
            assert (status, key in fates) == ("pending", False), told
            counts["not begun again yet"] += 1
    assert len(doubtful) == sum(status == "unknown" for status, _ in statuses.values())
    assert settled == sum(by is not None for _, by in statuses.values())
    return counts


@pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgres", marks=pytest.mark.slow)])
def test_serve_killed_before_the_250_sends_nothing_twice_and_settles_what_can_be_known(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    url = f"sqlite:///{tmp_path / 'chaos.db'}" if kind == "sqlite" else request.getfixturevalue("postgres_url")
    _play(tmp_path, url, 12)


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_serve_killed_two_hundred_times_before_the_250_settles_what_can_be_known(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    url = f"sqlite:///{tmp_path / 'chaos.db'}" if kind == "sqlite" else request.getfixturevalue("postgres_url")
    counts = _play(tmp_path, url, 200)
    sys.stdout.write(f"\n{kind}: {dict(sorted(counts.items()))}\n")
    assert counts["sent: evidence: imap:Sent"] >= 20
    assert counts["sent: evidence: imap:INBOX"] >= 20
