"""A LinkedIn account on a stand-in server, jobs for it, and a server that answers exactly what a test says."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from runner.channels.linkedin.channel import LinkedInChannel
from runner.channels.linkedin.inbox import LinkedInInbox
from runner.channels.linkedin.reconcile import LinkedInReconciler
from runner.channels.linkedin.registry import Providers
from runner.channels.wiring import ChannelSet
from runner.clocks import ManualClock
from runner.engine.outcomes import Outcome, Permit, Refusal
from runner.engine.ports import Doubt, Job
from runner.model.channel import ChannelConfig, ChannelType, SecretRef
from runner.model.lead import Lead, LinkedInConnectionStatus
from runner.model.message import Rendered
from runner.model.project import ContactPolicy, ProjectSettings
from runner.model.rates import LimitSet
from runner.model.sequence import ChannelStep
from runner.operator import Operator
from runner.sandbox.linkedin import LinkedInSandbox
from runner.secrets import Secret
from runner.serve.inboxes import InboxReader
from runner.store.database import open_database
from runner.store.tables import leads
from runner.testing import MONDAY as START
from runner.testing import Play

MONDAY = datetime(2026, 3, 2, 9, tzinfo=UTC)
SECRETS = {"LI_AT": "ada", "JSESSIONID": "ajax:123", "TOKEN": "token-ada"}


def secrets(ref: SecretRef) -> Secret:
    return Secret(SECRETS[ref.env or ""])


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(MONDAY)


@pytest.fixture
def sandbox(clock: ManualClock) -> Iterator[LinkedInSandbox]:
    server = LinkedInSandbox(clock).start()
    yield server
    server.stop()


def account_at(url: str, **settings: object) -> ChannelConfig:
    own = {
        "provider": "voyager", "accept_terms_risk": True, "base_url": url,
        "cookies": {"li_at": SecretRef(env="LI_AT"), "jsessionid": SecretRef(env="JSESSIONID")},
    }  # fmt: skip
    return ChannelConfig(ChannelType.LINKEDIN, "ada", settings=own | settings)


@dataclass
class Desk:
    """Everything of the channel for one account, and the gate's record."""

    account: ChannelConfig
    clock: ManualClock
    providers: Providers
    gate_answer: Permit | Refusal = Permit(1)
    gates: list[datetime] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.channel = LinkedInChannel(secrets, self.clock, providers=self.providers)
        self.inbox = LinkedInInbox(secrets, self.clock, providers=self.providers)
        self.reconciler = LinkedInReconciler(secrets, self.clock, providers=self.providers)

    def gate(self) -> Permit | Refusal:
        self.gates.append(self.clock.now())
        return self.gate_answer

    def job(self, lead: Lead, action: str, text: str = "", **changes: Any) -> Job:
        step = ChannelStep(ChannelType.LINKEDIN, action=action)
        job = Job("key", "camp", "seq", "step", step, action, self.account, lead, Rendered(text), self.clock.now())
        return replace(job, **changes)

    def run(self, lead: Lead, action: str, text: str = "", **changes: Any) -> Outcome:
        prepared = self.channel.prepare(self.job(lead, action, text, **changes))
        return prepared.fire(self.gate) if hasattr(prepared, "fire") else prepared

    def connect(self, name: str, note: str = "") -> Outcome:
        return self.run(person(name), "connect", note)

    def message(self, name: str, text: str = "Hello there", *, known: bool = False) -> Outcome:
        return self.run(person(name, CONNECTED) if known else person(name), "message", text)

    def doubt(self, name: str, action: str, text: str = "") -> Doubt:
        return Doubt("key", self.account, person(name), action, Rendered(text), None, self.clock.now())


CONNECTED = LinkedInConnectionStatus.CONNECTED
REQUESTED = LinkedInConnectionStatus.CONNECTION_REQUESTED


def person(name: str, status: LinkedInConnectionStatus = LinkedInConnectionStatus.NOT_CONNECTED, **other: Any) -> Lead:
    return Lead(1, linkedin_url=f"https://www.linkedin.com/in/{name}/", linkedin_status=status, **other)


@pytest.fixture
def open_desk(clock: ManualClock) -> Iterator[Callable[..., Desk]]:
    opened: list[Desk] = []

    def open_one(url: str, **settings: object) -> Desk:
        opened.append(Desk(account_at(url, **settings), clock, Providers(secrets, clock)))
        return opened[-1]

    yield open_one
    for desk in opened:
        desk.channel.close()


@pytest.fixture
def desk(sandbox: LinkedInSandbox, open_desk: Callable[..., Desk]) -> Desk:
    return open_desk(sandbox.url)


@dataclass
class Scripted:
    """A server whose answers a test sets: one for POST, one for GET. Bodies are dicts or bytes."""

    post: tuple[int, dict[str, str], Any] = (201, {}, {})
    get: tuple[int, dict[str, str], Any] = (410, {}, {"status": 410})
    seen: list[tuple[str, str, dict[str, str], bytes]] = field(default_factory=list)
    url: str = ""


@pytest.fixture
def scripted() -> Iterator[Scripted]:
    script = Scripted()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = 65_536

        def answer(self, said: tuple[int, dict[str, str], Any]) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            script.seen.append((self.command, self.path, dict(self.headers.items()), body))
            status, headers, content = said
            if status == 0:
                self.close_connection = True
                return
            data = content if isinstance(content, bytes) else json.dumps(content).encode()
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def do_GET(self) -> None:
            self.answer(script.get)

        def do_POST(self) -> None:
            self.answer(script.post)

        def log_message(self, *args: object) -> None:
            """Tests look at `seen`."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    script.url = f"http://127.0.0.1:{server.server_address[1]}"
    yield script
    server.shutdown()
    server.server_close()
    thread.join(5)


WAITS = """\
version: 1
name: play
steps:
  - {id: invite, channel: linkedin, action: connect}
  - {id: accepted, wait_for: invite.accepted, timeout: 7d}
  - {id: hello, channel: linkedin, action: message, template: hello, condition: if invite.accepted}
"""


NO_GAPS = ProjectSettings(contact=ContactPolicy(min_between=timedelta(0)))


class Played:
    """A play over the stand-in, with the inbox job of `serve`."""

    def __init__(self, play: Play, sandbox) -> None:
        self.play, self.sandbox = play, sandbox
        linkedin = LinkedInChannel(secrets, play.clock)
        play.channels[ChannelType.LINKEDIN] = linkedin
        inbox = LinkedInInbox(secrets, play.clock, providers=linkedin.providers)
        self.reader = InboxReader(lambda: play.ctx, {ChannelType.LINKEDIN: inbox})
        self.operator = Operator(play.ctx, ChannelSet(play.channels))

    def on(self, day: float) -> Played:
        """Let everything happen until that day, the inbox read every day."""
        until = START + timedelta(days=day)
        self.play.settle()
        while self.play.clock.now() < until:
            self.reader.read_all()
            self.play.run(until=min(until, self.play.clock.now() + timedelta(days=1)))
        self.reader.read_all()
        return self

    def tasks(self, status: str | None = "open") -> list[dict]:
        every = self.operator.list_tasks(status=status)
        return [task for task in every if task["kind"] == "linkedin_withdraw"]

    def lead_status(self) -> list[str]:
        with self.play.ctx.db.read() as connection:
            return list(connection.execute(select(leads.c.linkedin_status).order_by(leads.c.id)).scalars())


@pytest.fixture
def played(sandbox: LinkedInSandbox, tmp_path: Path) -> Iterator[Callable[..., Played]]:
    """Opens plays with one lead for each name, on the clock of the stand-in."""
    opened: list[Play] = []

    def make(*names: str, source: str = WAITS, limits: LimitSet = LimitSet(), **settings: object) -> Played:
        own = {"provider": "voyager", "accept_terms_risk": True, "base_url": sandbox.url, "cookies": {
            "li_at": SecretRef(env="LI_AT"), "jsessionid": SecretRef(env="JSESSIONID")}}  # fmt: skip
        account = ChannelConfig(ChannelType.LINKEDIN, "ada", limits=limits, settings=own | settings)
        people = [{"first_name": name, "linkedin_url": f"https://linkedin.com/in/{name}", "linkedin_key": name}
                  for name in names]  # fmt: skip
        play = Play(source, people, db=open_database(f"sqlite:///{tmp_path / 'play.db'}", create=True),
                    accounts={"ada": account}, settings=NO_GAPS)  # fmt: skip
        sandbox.clock = sandbox.world._clock = play.clock
        opened.append(play)
        return Played(play, sandbox)

    yield make
    for play in opened:
        play.channels[ChannelType.LINKEDIN].close()
        play.ctx.db.close()
