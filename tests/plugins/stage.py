"""A small project whose durations are seconds, the sandbox it sends to, and its leads: what lives and deaths play on.

The sandbox runs in a process of its own, and its ledgers are the judges: what it received is what really went out.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from small_project import CAMPAIGN, QUICK
from sqlalchemy import func, select

from runner.channels.wiring import real_channels
from runner.clocks import SystemClock
from runner.engine.ports import Clock
from runner.leads.importer import ImportOptions, import_leads
from runner.model.project import Project
from runner.sandbox.world import COOKIE_VARIABLE, Ports
from runner.serve.app import App, build
from runner.store.context import Context
from runner.store.database import open_database
from runner.store.enrolling import enroll_matching
from runner.store.keys import KEY_VARIABLE
from runner.store.leads import SqlLeads
from runner.store.opening import DATABASE_VARIABLE, compile_or_raise
from runner.store.schema import upgrade
from runner.store.tables import enrollments

FILES = {
    "runner.yaml": "version: 1\ntimezone: UTC\n"
    "contact: {min_between: 0s, one_active_enrollment: true, unknown_hold: <hold>}\n",
    "campaigns/quick.yaml": CAMPAIGN,
    "sequences/templates/note.md": "---\nsubject: Hello\n---\nHello {{ lead.first_name | default('there') }}\n",
    "channel_configs/desk.yaml": """\
version: 1
channel: email
name: desk
from: {name: Ada, address: ada@lumen.example}
smtp: {host: 127.0.0.1, port: <smtp>, security: "off", timeouts: {dot: <dot>}}
imap:
  {host: 127.0.0.1, port: <imap>, security: "off", username: ada@lumen.example, password: {env: RUNNER_SANDBOX_COOKIE}}
limits: {per_day: 1000000}
footer: {postal_address: "Lumen GmbH, Alte Str. 1, 10115 Berlin", unsubscribe: reply}
""",
    "channel_configs/profile.yaml": """\
version: 1
channel: linkedin
name: profile
provider: voyager
accept_terms_risk: true
base_url: http://127.0.0.1:<linkedin>
poll: 1s
cookies: {li_at: {env: RUNNER_SANDBOX_COOKIE}, jsessionid: {env: RUNNER_SANDBOX_COOKIE}}
send_window: {days: [mon, tue, wed, thu, fri, sat, sun], hours: "00:00-24:00"}
limits: {connect: {per_day: 1000000}, message: {per_day: 1000000}}
""",
    "channel_configs/site.yaml": """\
version: 1
channel: contact_form
name: site
sender: {name: Ada Lovelace, email: ada@lumen.example}
user_agent_contact: https://lumen.example/bot
connect_to: 127.0.0.1:<sites>
allow_private_networks: true
pace: 0s
dwell: 0s
on_refused: fail
limits: {per_day: 1000000}
""",
}
FATES = ("ok", "nodomain", "closeafterdot", "bounce550", "tempfail", "lostafterdot")
PROFILES = ("accepts-now", "404", "accepts-later", "never-accepts", "404")


def mixed(number: int) -> Mapping[str, str]:
    """A person whose mail fares by turns, and whose profile does so in another turn: every fallback is reached."""
    fate, profile = FATES[number % len(FATES)], PROFILES[number // len(FATES) % len(PROFILES)]
    return {
        "email": f"{fate}.p{number}@d{number}.example", "first_name": f"P{number}",
        "linkedin_url": f"https://www.linkedin.com/in/{profile}-p{number}",
        "contact_form_url": f"http://plain-{number}.sites.example/contact",
    }  # fmt: skip


@contextmanager
def sandbox_process(ledgers: Path, mail_after: float | None = None) -> Iterator[Ports]:
    """The sandbox as a process of its own, on the real clock; `mail_after` seconds until bounces and replies come."""
    ledgers.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "runner.sandbox", "--ledgers", str(ledgers), "--accept-after", "1"]
    command += [] if mail_after is None else ["--mail-after", str(mail_after)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield Ports(**json.loads(process.stdout.readline()))
        finally:
            process.terminate()
            process.wait(10)


@dataclass(slots=True)
class Stage:
    """A project pointed at a sandbox, and the database it runs on."""

    root: Path
    project: Project
    url: str
    ledgers: Path
    person: Callable[[int], Mapping[str, str]] = mixed
    numbers: Iterator[int] = field(default_factory=count)

    def app(self, clock: Clock | None = None, **wired: Any) -> App:
        """The app of one life, or of a look at how things stand."""
        clock = clock or SystemClock()
        db = open_database(self.url, create=True)
        channels = real_channels(self.root, clock, project=self.project)
        return build(self.root, project=self.project, clock=clock, db=db, channel_set=channels, **wired)

    @contextmanager
    def looked_at(self) -> Iterator[Context]:
        """The database between two lives. Nothing stays open, so that the next fork takes nothing with it."""
        app = self.app()
        try:
            yield app.ctx
        finally:
            app.close()

    def records(self, name: str) -> list[dict[str, Any]]:
        """What a sandbox server received."""
        path = self.ledgers / f"{name}.jsonl"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    def add_people(self, ctx: Context, how_many: int) -> None:
        """New people, imported and enrolled."""
        people = [self.person(next(self.numbers)) for _ in range(how_many)]
        lines = [",".join(people[0]), *(",".join(person.values()) for person in people)]
        path = self.root.parent / "leads.csv"
        path.write_text("\n".join(lines) + "\n")
        import_leads(path, SqlLeads(ctx.db, ctx.clock), "all", ImportOptions())
        enroll_matching(ctx)

    def log(self) -> str:
        """The end of what the lives logged."""
        path = self.ledgers / "serve.log"
        return path.read_text()[-3000:] if path.exists() else ""

    def log_count(self, event: str) -> int:
        """How often the lives logged an event."""
        path = self.ledgers / "serve.log"
        return path.read_text().count(event) if path.exists() else 0


def open_people(ctx: Context) -> int:
    """How many are on the way."""
    with ctx.db.read() as connection:
        query = select(func.count()).select_from(enrollments).where(enrollments.c.status.in_(("active", "waiting")))
        return int(connection.execute(query).scalar_one())


def set_stage(
    folder: Path, url: str, ports: Ports, people: int, *, sequence: str = QUICK, hold: str = "1s", dot: str = "30s",
    person: Callable[[int], Mapping[str, str]] = mixed,
) -> Stage:  # fmt: skip
    """Write the project, make the tables and enroll people. The ledgers are in FOLDER/ledgers."""
    os.environ |= {COOKIE_VARIABLE: "sandbox", KEY_VARIABLE: "chaos", DATABASE_VARIABLE: url}
    root = folder / "project"
    words = {name: str(port) for name, port in asdict(ports).items()} | {"hold": hold, "dot": dot}
    for name, text in (FILES | {"sequences/quick.yaml": sequence}).items():
        for word, value in words.items():
            text = text.replace(f"<{word}>", value)
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    db = open_database(url, create=True)
    upgrade(db)
    db.close()
    stage = Stage(root, compile_or_raise(root), url, folder / "ledgers", person)
    with stage.looked_at() as ctx:
        stage.add_people(ctx, people)
    return stage
