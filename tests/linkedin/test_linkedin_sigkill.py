"""`serve` killed in the middle of LinkedIn sends, a hundred times: the stand-in's ledger says what people got."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy import func, select

from runner.clocks import SystemClock
from runner.leads.importer import import_leads
from runner.sandbox.linkedin import LinkedInSandbox
from runner.store.database import open_database
from runner.store.enrolling import enroll
from runner.store.invariants import broken
from runner.store.leads import SqlLeads
from runner.store.opening import open_context
from runner.store.schema import upgrade
from runner.store.tables import enrollments, leads, outreach_attempts

PAUSE = threading.Event()
KILLS = 100
PEOPLE = 300
SEQUENCE = """
version: 1
name: play
steps:
  - {id: reach, channel: linkedin, template: hello, timeout: 1h}
"""
ACCOUNT = """
version: 1
channel: linkedin
name: ada
provider: voyager
accept_terms_risk: true
base_url: URL
poll: 1s
cookies: {li_at: {env: PLAY_COOKIE}, jsessionid: {env: PLAY_COOKIE}}
limits: {connect: {per_day: 100000}, message: {per_day: 100000}}
"""
CAMPAIGN = """
version: 1
name: play
sequence: play
audience: '"nobody" in lead.lists'
accounts: {linkedin: [ada]}
"""
PROJECT = """
version: 1
database: sqlite:///play.db
contact: {min_between: 0s}
"""


def write_project(root: Path, url: str) -> None:
    files = {
        "runner.yaml": PROJECT,
        "sequences/play.yaml": SEQUENCE,
        "sequences/templates/hello.md": "Hello {{ lead.first_name }}\n",
        "channel_configs/ada.yaml": ACCOUNT.replace("URL", url),
        "campaigns/play.yaml": CAMPAIGN,
    }
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.lstrip())
    rows = [f"P{n},https://www.linkedin.com/in/{'already' if n % 2 else 'accepts-now'}-p{n}" for n in range(PEOPLE)]
    (root / "people.csv").write_text("\n".join(["first_name,linkedin_url", *rows]) + "\n")


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.setenv("PLAY_COOKIE", "ada")
    monkeypatch.setenv("RUNNER_KEY", "play")
    sandbox = LinkedInSandbox(SystemClock()).start()
    write_project(tmp_path, sandbox.url)
    db = open_database(f"sqlite:///{tmp_path / 'play.db'}", create=True)
    upgrade(db)
    ctx = open_context(tmp_path, db=db)
    import_leads(tmp_path / "people.csv", SqlLeads(ctx.db, ctx.clock), "people")
    with ctx.db.read() as connection:
        ids = list(connection.execute(select(leads.c.id)).scalars())
    enroll(ctx, "play", ids)
    yield tmp_path, sandbox, ctx
    sandbox.stop()
    ctx.db.close()


def posts(sandbox):
    return [record for record in sandbox.ledger.records() if record.kind in {"invitation", "message"}]


class Serving:
    """The process that starts `serve` again and again."""

    def __init__(self, root):
        command = [sys.executable, str(Path(__file__).with_name("killable_serve.py")), str(root)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=root)

    def start(self) -> int:
        self.process.stdin.write("go\n")
        self.process.stdin.flush()
        return int(self._line())

    def kill(self, pid: int) -> None:
        os.kill(pid, signal.SIGKILL)
        while self._line() != "ended":
            continue

    def close(self) -> None:
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait(30)

    def _line(self) -> str:
        line = self.process.stdout.readline()
        assert line, "the process that serves has ended"
        return line.strip()


def wait_until(ready, seconds: float) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if ready():
            return True
        PAUSE.wait(0.0005)
    return False


def still_due(ctx) -> int:
    with ctx.db.read() as connection:
        query = select(func.count()).select_from(enrollments)
        soon = (enrollments.c.ended_at.is_(None), enrollments.c.due_at <= ctx.now())
        return connection.execute(query.where(*soon)).scalar_one()


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_a_hundred_sigkills_during_sends_send_nothing_twice(place):
    root, sandbox, ctx = place
    chance = random.Random(20261122)
    serving = Serving(root)
    for _ in range(KILLS):
        before = len(posts(sandbox))
        pid = serving.start()
        assert wait_until(lambda before=before: len(posts(sandbox)) > before, 60), "nothing was sent"
        PAUSE.wait(chance.choice((0, 0, 0, chance.uniform(0, 0.02), chance.uniform(0, 0.2))))
        serving.kill(pid)
    pid = serving.start()
    assert wait_until(lambda: _is_quiet(ctx, sandbox), 300)
    serving.kill(pid)
    serving.close()

    tried = Counter((record.kind, record.public_id) for record in posts(sandbox))
    assert {key: count for key, count in tried.items() if count > 1} == {}
    with ctx.db.read() as connection:
        unknown = connection.execute(
            select(func.count()).select_from(outreach_attempts).where(outreach_attempts.c.reason == "worker_died")
        ).scalar_one()
        reasons = Counter(
            connection.execute(select(enrollments.c.status, enrollments.c.waiting_on, enrollments.c.end_reason)).all()
        )
    assert broken(ctx) == []
    assert unknown >= KILLS / 4, "the kills missed the sends"
    assert sum(reasons.values()) == PEOPLE
    assert all(status != "active" and (waiting or ended) for status, waiting, ended in reasons), reasons
    told = f"{KILLS} kills, {len(posts(sandbox))} requests, {unknown} left unknown, {dict(reasons)}\n"
    sys.stdout.write(told)


def _is_quiet(ctx, sandbox) -> bool:
    seen = len(posts(sandbox))
    PAUSE.wait(2)
    return still_due(ctx) == 0 and len(posts(sandbox)) == seen
