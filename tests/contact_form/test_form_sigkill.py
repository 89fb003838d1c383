"""`serve` killed around the submission of forms, a hundred times: the sites' own ledger says what each of them got."""

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
from runner.sandbox.sites import FormSites
from runner.store.database import open_database
from runner.store.enrolling import enroll
from runner.store.invariants import broken
from runner.store.leads import SqlLeads
from runner.store.opening import open_context
from runner.store.schema import upgrade
from runner.store.tables import enrollments, leads, outreach_attempts

PAUSE = threading.Event()
KILLS = 100
SITES = 500
STARTER = Path(__file__).resolve().parents[1] / "linkedin" / "killable_serve.py"
FILES = {
    "runner.yaml": "version: 1\ndatabase: sqlite:///play.db\ncontact: {min_between: 0s}\n",
    "sequences/play.yaml": (
        "version: 1\nname: play\nsteps:\n  - {id: form, channel: contact_form, template: hello}\n"
        "  - {id: later, wait: 30d}\n"
    ),
    "sequences/templates/hello.md": "Hello {{ lead.first_name }}, may I call?\n",
    "channel_configs/site.yaml": (
        "version: 1\nchannel: contact_form\nname: site\nsender: {name: Ada Lovelace, email: ada@lumen.example}\n"
        "allow_private_networks: true\nconnect_to: 127.0.0.1:PORT\npace: 0s\ndwell: 0s\nlimits: {per_day: 100000}\n"
    ),
    "campaigns/play.yaml": "version: 1\nname: play\nsequence: play\naudience: '\"nobody\" in lead.lists'\n",
}


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.setenv("RUNNER_KEY", "play")
    server = FormSites(SystemClock(), slow_seconds=0.1).start()
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.replace("PORT", str(server.port)))
    kinds = ("slow", "plain", "csrf", "thanks")
    rows = [f"P{n},http://{kinds[n % 4]}.p{n}.sites.example/contact" for n in range(SITES)]
    (tmp_path / "people.csv").write_text("\n".join(["first_name,contact_form_url", *rows]) + "\n")
    db = open_database(f"sqlite:///{tmp_path / 'play.db'}", create=True)
    upgrade(db)
    ctx = open_context(tmp_path, db=db)
    import_leads(tmp_path / "people.csv", SqlLeads(ctx.db, ctx.clock), "people")
    with ctx.db.read() as connection:
        ids = list(connection.execute(select(leads.c.id)).scalars())
    enroll(ctx, "play", ids)
    yield tmp_path, server, ctx
    server.stop()
    ctx.db.close()


class Serving:
    """The process that starts `serve` again and again."""

    def __init__(self, root: Path) -> None:
        command = [sys.executable, str(STARTER), str(root)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=root)

    def start(self) -> int:
        self.process.stdin.write("go\n")
        self.process.stdin.flush()
        return int(self._word(str.isdigit))

    def kill(self, pid: int) -> None:
        os.kill(pid, signal.SIGKILL)
        self._word(lambda word: word == "ended")

    def close(self) -> None:
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait(30)

    def _word(self, wanted) -> str:
        while line := self.process.stdout.readline():
            if wanted(line.strip()):
                return line.strip()
        raise AssertionError("the process that serves has ended")


def _wait_until(ready, seconds: float) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if ready():
            return True
        PAUSE.wait(0.0005)
    return False


def _is_quiet(ctx, server) -> bool:
    seen = len(server.ledger)
    PAUSE.wait(3)
    with ctx.db.read() as connection:
        soon = (enrollments.c.ended_at.is_(None), enrollments.c.due_at <= ctx.now())
        due = connection.execute(select(func.count()).select_from(enrollments).where(*soon)).scalar_one()
    return due == 0 and len(server.ledger) == seen


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_a_hundred_sigkills_around_submissions_submit_nothing_twice(place):
    root, server, ctx = place
    chance = random.Random(20261122)
    serving = Serving(root)
    for _ in range(KILLS):
        before = len(server.ledger)
        pid = serving.start()
        assert _wait_until(lambda before=before: len(server.ledger) > before, 90), "nothing was submitted"
        PAUSE.wait(chance.choice((0, 0, 0, chance.uniform(0, 0.02), chance.uniform(0, 0.2))))
        serving.kill(pid)
    pid = serving.start()
    _wait_until(lambda: _is_quiet(ctx, server), 20)  # time to do again what must not be done again
    serving.kill(pid)
    serving.close()

    received = Counter(entry.value("message") for entry in server.ledger)
    assert {message: count for message, count in received.items() if count > 1} == {}
    with ctx.db.read() as connection:
        died = select(func.count()).where(outreach_attempts.c.reason == "worker_died")
        unknown = connection.execute(died.select_from(outreach_attempts)).scalar_one()
        states = Counter(connection.execute(select(enrollments.c.status)).scalars())
    assert broken(ctx) == []
    assert unknown >= KILLS / 4, "the kills missed the submissions"
    assert sum(states.values()) == SITES
    sys.stdout.write(f"{KILLS} kills, {len(server.ledger)} submissions, {unknown} left unknown, {dict(states)}\n")
