"""Several `serve` processes on one PostgreSQL database: every limit holds exactly, and nobody is written to twice."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert

from runner.channels.wiring import ChannelSet
from runner.clocks import SystemClock
from runner.engine.outcomes import Outcome, Permit, Sent
from runner.engine.ports import Gate, Job
from runner.lang.diagnostics import Diagnostic
from runner.model.campaign import Campaign
from runner.model.channel import ChannelConfig, ChannelType
from runner.model.project import ContactPolicy, ProjectSettings
from runner.model.rates import LimitSet, Rate
from runner.serve.app import App
from runner.serve.process import Options, run_service
from runner.store.context import Context
from runner.store.database import open_database
from runner.store.enrolling import enroll
from runner.store.invariants import broken
from runner.store.schema import upgrade
from runner.store.tables import leads
from runner.testing import Play

ONE_STEP = "version: 1\nname: one\nsteps:\n  - {id: first, channel: email, template: hello}\n"
PER = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class FileChannel:
    """A channel whose irrevocable byte is a line in a file: the line is the ledger, and its time the receiver's."""

    path: Path

    def check(self, config: ChannelConfig) -> Sequence[Diagnostic]:
        return ()

    def prepare(self, job: Job) -> _Line | Outcome:
        return _Line(self.path, job)

    def close(self) -> None:
        return None


@dataclass(frozen=True, slots=True)
class _Line:
    path: Path
    job: Job

    def fire(self, gate: Gate) -> Outcome:
        verdict = gate()
        if not isinstance(verdict, Permit):
            return verdict
        line = f"{time.time():.6f} {self.job.account.name} {self.job.lead.domain} {self.job.lead.id}\n"
        descriptor = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.write(descriptor, line.encode())
        os.close(descriptor)
        return Sent(f"<{self.job.key}@x>")

    def abandon(self) -> None:
        return None


def _limits(count: int) -> tuple[dict[str, ChannelConfig], Campaign, ProjectSettings]:
    """The same rate at every level: account, domain, campaign and project."""
    rate = Rate(count, PER)
    holder = LimitSet(rates=(rate,), recipient_domain=rate)
    accounts = {name: ChannelConfig(ChannelType.EMAIL, name, limits=holder) for name in ("one", "two")}
    campaign = Campaign("play", "one", limits={ChannelType.EMAIL: LimitSet(rates=(rate,))})
    policy = ContactPolicy(min_between=timedelta(0))
    return accounts, campaign, ProjectSettings(limits=LimitSet(rates=(rate,)), contact=policy)


def _play(url: str, people: int, count: int) -> Play:
    accounts, campaign, settings = _limits(count)
    db = open_database(url)
    upgrade(db)
    play = Play(ONE_STEP, (), db=db, accounts=accounts, campaign=campaign, settings=settings)
    now = SystemClock().now()
    with db.write() as connection:
        rows = [
            {"email": f"p{n}@d{n % 3}.example", "email_key": f"p{n}@d{n % 3}.example", "domain": f"d{n % 3}.example",
             "created_at": now, "updated_at": now}
            for n in range(people)
        ]  # fmt: skip
        connection.execute(insert(leads), rows)
    play.ctx = replace(play.ctx, clock=SystemClock(), machine=SystemClock())
    enroll(play.ctx, "play", range(1, people + 1))
    return play


def _serve(ctx: Context, url: str, ledger: Path) -> None:
    """One process: its own connections, its own worker id, the same book."""
    own = replace(ctx, db=open_database(url), worker=f"serve-{os.getpid()}")
    app = App(own, ChannelSet({ChannelType.EMAIL: FileChannel(ledger)}), Path())
    run_service(app, Options(workers=4, lease=10.0, until_idle=True))


def _run(ctx: Context, url: str, ledger: Path, processes: int) -> float:
    started, children = time.monotonic(), []
    ctx.db.close()
    for _ in range(processes):
        child = os.fork()
        if child == 0:
            code = 1
            try:
                null = os.open(os.devnull, os.O_WRONLY)
                os.dup2(null, 1)
                os.dup2(null, 2)
                _serve(ctx, url, ledger)
                code = 0
            finally:
                os._exit(code)
        children.append(child)
    assert all(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0 for child in children)
    return time.monotonic() - started


def _judge(ledger: Path, people: int, count: int) -> list[float]:
    lines = [line.split() for line in ledger.read_text().splitlines()]
    assert len(lines) == people
    assert max(Counter(line[3] for line in lines).values()) == 1
    times = sorted(float(line[0]) for line in lines)
    for group in (times, *_grouped(lines, 1), *_grouped(lines, 2)):
        for first, over in zip(group, group[count:], strict=False):
            assert over - first >= PER.total_seconds(), "a rolling window holds one too many"
    return times


def _grouped(lines: list[list[str]], column: int) -> list[list[float]]:
    names = {line[column] for line in lines}
    return [sorted(float(line[0]) for line in lines if line[column] == name) for name in names]


def _check(url: str, folder: Path, people: int, count: int, processes: int) -> float:
    play = _play(url, people, count)
    ledger = folder / "ledger.txt"
    _run(play.ctx, url, ledger, processes)
    times = _judge(ledger, people, count)
    assert broken(replace(play.ctx, db=open_database(url))) == []
    allowed = (people / count - 1) * PER.total_seconds()
    return allowed / max(times[-1] - times[0], 0.001)


def test_three_processes_keep_every_limit_exactly(postgres_url: str, tmp_path: Path) -> None:
    _check(postgres_url, tmp_path, people=30, count=10, processes=3)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_eight_processes_and_five_thousand_leads_keep_every_limit_and_the_pace(
    postgres_url: str, tmp_path: Path
) -> None:
    pace = _check(postgres_url, tmp_path, people=5000, count=200, processes=8)
    assert pace >= 0.8, f"only {pace:.0%} of what the limits allow"
