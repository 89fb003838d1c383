"""A crowd under limits at every level, sent to by several `serve` processes on one PostgreSQL database.

The channel's irrevocable byte is a line in a file, so the file is the receiver's own ledger; the judge knows the limits
and reads nothing else. The tests demand exactness of it, the benchmark pace.
"""

from __future__ import annotations

import os
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from sqlalchemy import insert, text

from runner.channels.wiring import ChannelSet
from runner.clocks import SystemClock
from runner.compile.sequences import Surroundings, compile_sequence
from runner.engine.outcomes import Outcome, Permit, Sent
from runner.engine.ports import Gate, Job
from runner.lang.diagnostics import Diagnostic
from runner.model.campaign import Campaign
from runner.model.channel import ChannelConfig, ChannelType
from runner.model.project import ContactPolicy, Project, ProjectSettings
from runner.model.rates import LimitSet, Rate
from runner.serve.app import App
from runner.serve.process import Options, run_service
from runner.store.context import Context
from runner.store.database import open_database
from runner.store.definitions import publish
from runner.store.enrolling import enroll
from runner.store.invariants import broken
from runner.store.keys import Key
from runner.store.schema import upgrade
from runner.store.tables import leads

ONE_STEP = "version: 1\nname: one\nsteps:\n  - {id: first, channel: email, template: hello}\n"
PER = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class Trial:
    """A crowd and its limits, each `{count, per: 5s}`. The first tenth of the people is in a second campaign, too."""

    people: int
    accounts: int
    domains: int
    per_account: int
    per_domain: int
    per_campaign: int
    overall: int
    processes: int

    @property
    def sends(self) -> int:
        """How many messages there are to send."""
        return self.people + self.people // 10

    @property
    def shortest(self) -> float:
        """The least number of seconds in which the limits let all of it out."""
        together = min(self.overall, self.accounts * self.per_account, 2 * self.per_campaign)
        windows = max(self.people / self.per_campaign, self.sends / together)
        return max(0.0, windows - 1) * PER.total_seconds()


AT_EVERY_LEVEL = Trial(5000, accounts=8, domains=10, per_account=20, per_domain=20, per_campaign=20, overall=20,
                       processes=8)  # fmt: skip
"""Twenty in five seconds at every level."""
ALL_IT_CAN = Trial(5000, accounts=8, domains=10, per_account=20, per_domain=10, per_campaign=140, overall=150,
                   processes=8)  # fmt: skip
"""About as many as two cores can do."""


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
        job = self.job
        line = f"{time.time():.6f} {job.account.name} {job.lead.domain} {job.campaign} {job.lead.id}\n"
        descriptor = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.write(descriptor, line.encode())
        os.close(descriptor)
        return Sent(f"<{job.key}@x>")

    def abandon(self) -> None:
        return None


def _project(trial: Trial) -> Project:
    """A limit at every level: lead, domain, account, campaign and project."""
    holder = LimitSet(rates=(Rate(trial.per_account, PER),), recipient_domain=Rate(trial.per_domain, PER))
    names = [f"a{number}" for number in range(trial.accounts)]
    accounts = {name: ChannelConfig(ChannelType.EMAIL, name, limits=holder) for name in names}
    of_campaign = {ChannelType.EMAIL: LimitSet(rates=(Rate(trial.per_campaign, PER),))}
    campaigns = {name: Campaign(name, "one", limits=of_campaign) for name in ("main", "extra")}
    contact = ContactPolicy(min_between=PER, one_active_enrollment=False)
    settings = ProjectSettings(limits=LimitSet(rates=(Rate(trial.overall, PER),)), contact=contact)
    templates = {"hello": "Hello"}
    compiled, _ = compile_sequence(ONE_STEP, "one.yaml", templates, surroundings=Surroundings(check_templates=False))
    assert compiled is not None
    return Project(Path(), settings, {"one": compiled}, accounts, campaigns)


def _crowd(url: str, trial: Trial) -> Context:
    db, clock = open_database(url), SystemClock()
    upgrade(db)
    now = clock.now()
    ctx = Context(db, publish(db, _project(trial), now), clock, clock, Key(b"0" * 32))
    with db.write() as connection:
        rows = [
            {"email": f"p{n}@d{n % trial.domains}.example", "email_key": f"p{n}@d{n % trial.domains}.example",
             "domain": f"d{n % trial.domains}.example", "created_at": now, "updated_at": now}
            for n in range(trial.people)
        ]  # fmt: skip
        connection.execute(insert(leads), rows)
    enroll(ctx, "main", range(1, trial.people + 1))
    enroll(ctx, "extra", range(1, trial.people // 10 + 1))
    return ctx


def _serve(ctx: Context, url: str, ledger: Path) -> None:
    """One process: its own connections, its own worker id, the same book."""
    own = replace(ctx, db=open_database(url), worker=f"serve-{os.getpid()}")
    app = App(own, ChannelSet({ChannelType.EMAIL: FileChannel(ledger)}), Path())
    run_service(app, Options(workers=4, lease=10.0, until_idle=True))


def _run(ctx: Context, url: str, ledger: Path, processes: int) -> None:
    ctx.db.close()
    children = []
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


def judge(ledger: Path, trial: Trial) -> list[float]:
    """Every rolling window of the ledger, at every level. Returns the times of all sends in order."""
    lines = [line.split() for line in ledger.read_text().splitlines()]
    assert len(lines) == trial.sends
    assert max(Counter((line[3], line[4]) for line in lines).values()) == 1, "somebody was written to twice"
    levels = {
        "account": (trial.per_account, [1]), "domain": (trial.per_domain, [1, 2]),
        "campaign": (trial.per_campaign, [3]), "lead": (1, [4]), "project": (trial.overall, []),
    }  # fmt: skip
    for level, (count, columns) in levels.items():
        for group in _grouped(lines, columns).values():
            assert min(_spans(group, count), default=PER.total_seconds()) >= PER.total_seconds(), (
                f"a rolling window of a {level} holds one too many"
            )
    return sorted(float(line[0]) for line in lines)


def _grouped(lines: Sequence[Sequence[str]], columns: Sequence[int]) -> Mapping[tuple[str, ...], list[float]]:
    groups: dict[tuple[str, ...], list[float]] = {}
    for line in lines:
        groups.setdefault(tuple(line[column] for column in columns), []).append(float(line[0]))
    return {name: sorted(times) for name, times in groups.items()}


def _spans(times: Sequence[float], count: int) -> Iterator[float]:
    """How long after each send the `count`-th one after it went out."""
    return (over - first for first, over in zip(times, times[count:], strict=False))


@dataclass(frozen=True, slots=True)
class Tried:
    """What a trial came to: how many were sent in how many seconds, and in how many the limits would have let them."""

    sends: int
    seconds: float
    shortest: float

    @property
    def pace(self) -> float:
        """The shortest time that the limits allow, as a share of the time that it took."""
        return self.shortest / self.seconds

    @property
    def rate(self) -> float:
        """Sends a second."""
        return self.sends / self.seconds


def tried(url: str, folder: Path, trial: Trial) -> Tried:
    """Send it all, judge it, and say how long it took."""
    ctx = _crowd(url, trial)
    ledger = folder / "ledger.txt"
    _run(ctx, url, ledger, trial.processes)
    times = judge(ledger, trial)
    after = open_database(url)
    assert broken(replace(ctx, db=after)) == []
    with after.read() as connection:
        deadlocks = text("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        assert connection.execute(deadlocks).scalar_one() == 0, "processes waited for each other in a ring"
    after.close()
    found = Tried(len(times), max(times[-1] - times[0], 0.001), trial.shortest)
    sys.stdout.write(
        f"{found.sends} sends, {trial.processes} processes, {found.seconds:.1f} s, of which the limits want "
        f"{found.shortest:.1f}: pace {found.pace:.0%}; overshoot 0\n"
    )
    return found
