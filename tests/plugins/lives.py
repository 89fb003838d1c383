"""Short lives of `serve`: forked from a parent that has everything imported, and killed at a random moment.

The sandbox runs in a process of its own, and its ledgers are the judges: what it received is what really went out.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from runner.channels.wiring import real_channels
from runner.clocks import SystemClock
from runner.model.project import Project
from runner.model.rates import LimitSet
from runner.sandbox.world import COOKIE_VARIABLE, Ports, at_sandbox
from runner.serve.app import App, build
from runner.serve.logs import set_up_logs
from runner.serve.process import Options, run_service
from runner.store.database import open_database
from runner.store.keys import KEY_VARIABLE
from runner.store.opening import compile_or_raise
from runner.store.schema import upgrade

RUNNER_YAML = """\
version: 1
timezone: UTC
contact: {min_between: 0s, one_active_enrollment: true, unknown_hold: 1s}
"""
SEQUENCE = """\
version: 1
name: quick
steps:
  - {id: intro, channel: email, template: note, retry: {count: 2, delay: 1s}, settle: 1s}
  - {id: linkedin, channel: linkedin, action: connect, condition: if intro_failed, template: note}
  - {id: form, channel: contact_form, condition: if linkedin_failed, template: note}
  - {id: pause, wait: 1s}
  - {id: again, channel: email, condition: if intro_sent, thread: intro, template: note}
"""
CAMPAIGN = "version: 1\nname: quick\nsequence: quick\naudience: '\"all\" in lead.lists'\n"
EMAIL = """\
version: 1
channel: email
name: desk
from: {name: Ada, address: ada@lumen.example}
smtp: {host: smtp.lumen.example, port: 587, security: starttls}
footer: {postal_address: "Lumen GmbH, Alte Str. 1, 10115 Berlin", unsubscribe: reply}
"""
LINKEDIN = """\
version: 1
channel: linkedin
name: profile
provider: voyager
accept_terms_risk: true
cookies: {li_at: {env: RUNNER_SANDBOX_COOKIE}, jsessionid: {env: RUNNER_SANDBOX_COOKIE}}
send_window: {days: [mon, tue, wed, thu, fri, sat, sun], hours: "00:00-24:00"}
"""
FORMS = """\
version: 1
channel: contact_form
name: site
sender: {name: Ada Lovelace, email: ada@lumen.example}
user_agent_contact: https://lumen.example/bot
on_refused: fail
"""


def write_project(root: Path) -> Path:
    """A small project whose durations are seconds."""
    files = {
        "runner.yaml": RUNNER_YAML, "sequences/quick.yaml": SEQUENCE, "campaigns/quick.yaml": CAMPAIGN,
        "channel_configs/desk.yaml": EMAIL, "channel_configs/profile.yaml": LINKEDIN,
        "channel_configs/site.yaml": FORMS,
        "sequences/templates/note.md": "---\nsubject: Hello\n---\nHello {{ lead.first_name | default('there') }}\n",
    }  # fmt: skip
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


def write_leads(path: Path, count: int) -> Path:
    """`count` people of mixed fates, no two alike."""
    fates = ("ok", "ok", "bounce550", "tempfail", "nodomain", "closeafterdot")
    profiles = ("accepts-now", "404", "accepts-later", "never-accepts")
    lines = ["email,first_name,linkedin_url,contact_form_url"]
    for number in range(count):
        fate, profile = fates[number % len(fates)], profiles[number % len(profiles)]
        lines.append(
            f"{fate}.p{number}@d{number}.example,P{number},https://www.linkedin.com/in/{profile}-p{number},"
            f"http://plain-{number}.sites.example/contact"
        )
    path.write_text("\n".join(lines) + "\n")
    return path


@contextmanager
def sandbox_process(ledgers: Path) -> Iterator[Ports]:
    """The sandbox as a process of its own, on the real clock."""
    ledgers.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "runner.sandbox", "--ledgers", str(ledgers), "--accept-after", "1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield Ports(**json.loads(process.stdout.readline()))
        finally:
            process.terminate()
            process.wait(10)


@dataclass(frozen=True, slots=True)
class Stage:
    """A project pointed at a sandbox, and the database it runs on."""

    root: Path
    project: Project
    url: str
    ledgers: Path

    def app(self) -> App:
        """The app of one life."""
        clock = SystemClock()
        db = open_database(self.url, create=True)
        return build(self.root, project=self.project, clock=clock, db=db, channel_set=real_channels(self.root, clock))

    def records(self, name: str) -> list[dict[str, Any]]:
        """What a sandbox server received."""
        path = self.ledgers / f"{name}.jsonl"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def set_stage(folder: Path, url: str, ports: Ports, ledgers: Path, people: int) -> Stage:
    """Write the project, make the tables and import the leads."""
    from runner.leads.importer import ImportOptions, import_leads
    from runner.store.leads import SqlLeads

    os.environ[COOKIE_VARIABLE], os.environ[KEY_VARIABLE] = "sandbox", "chaos"
    root = write_project(folder / "project")
    db = open_database(url, create=True)
    upgrade(db)
    import_leads(write_leads(folder / "leads.csv", people), SqlLeads(db, SystemClock()), "all", ImportOptions())
    db.close()
    project = at_sandbox(compile_or_raise(root), ports)
    free = {name: replace(config, limits=LimitSet()) for name, config in project.channels.items()}
    project = replace(project, channels=free)  # the subject here is crashes, not caps
    return Stage(root, project, url, ledgers)


def live_and_die(stage: Stage, seconds: float, how: int = signal.SIGKILL) -> None:
    """One life of `serve`, ended by a signal after `seconds` (and waited for)."""
    child = os.fork()
    if child == 0:
        _serve(stage, until_idle=False)
    time.sleep(seconds)  # the moment of death is the point: real processes on the real clock
    os.kill(child, how)
    os.waitpid(child, 0)


def live_to_the_end(stage: Stage, seconds: float) -> bool:
    """A life that may end by itself when nobody is on the way. False when it had to be killed."""
    child = os.fork()
    if child == 0:
        _serve(stage, until_idle=True)
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if os.waitpid(child, os.WNOHANG)[0]:
            return True
        time.sleep(0.05)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return False


def _serve(stage: Stage, *, until_idle: bool) -> None:
    try:
        quiet = os.open(os.devnull, os.O_WRONLY)
        os.dup2(quiet, 1)
        log = os.open(stage.ledgers / "serve.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(log, 2)
        set_up_logs()
        run_service(stage.app(), Options(workers=4, lease=2.0, inbox_every=1.0, until_idle=until_idle))
    except BaseException:
        import traceback

        traceback.print_exc()
        os._exit(1)
    os._exit(0)


def lives(stage: Stage, count: int, seed: int, longest: float = 0.6) -> None:
    """`count` lives, each killed at a moment drawn from the seed."""
    draw = random.Random(seed)
    for _ in range(count):
        live_and_die(stage, draw.uniform(0.02, longest))


def duplicates(stage: Stage) -> list[Any]:
    """Everything that somebody received more than once. Empty is what at-most-once means."""
    mails = Counter(
        (r["recipient"], r["message_id"]) for r in stage.records("smtp") if r["verdict"] in ("accepted", "lost")
    )
    keys = Counter((r["recipient"], r["key"]) for r in stage.records("smtp") if r["verdict"] == "accepted")
    invitations = Counter(r["public_id"] for r in stage.records("linkedin") if r["kind"] == "invitation" and r["taken"])
    forms = Counter(r["site"] for r in stage.records("sites"))
    found: Sequence[Counter[Any]] = (mails, keys, invitations, forms)
    return [(thing, times) for counter in found for thing, times in counter.items() if times > 1]
