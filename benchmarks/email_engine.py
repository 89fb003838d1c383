"""E-mail from claim to log: the real dispatcher, worker, gate, store and channel against Postfix's `smtp-sink`.

    python benchmarks/email_engine.py [--messages N] [--rounds N] [--connections N] [--json]

All ways take turns in one run, and ratios are those of the medians:

* `engine`  `serve` itself, its jobs and journal included: claim, render, build, gate, dot, log, on SQLite with
            synchronous=FULL.
* `same`    a bare loop over as many connections that does the same durable commits, statement by statement, and sends
            the same bytes with the gate's commit at the dot: the driver and the session, and no Python of ours.
* `shared`  the same, with commits shared by what comes at the same moment, as `engine` shares them.
* `small`   a bare loop over as many connections that sends the same bytes with as many commits, each of one small row.
* `raw`     smtplib over as many connections, the same finished bytes, no database.
* `naive`   a new connection a message, EmailMessage, and a row of an ORM a message.

The exit code is 1 when `engine` is below BOUND times `same`.
"""

from __future__ import annotations

import argparse
import itertools
import json
import logging
import queue
import shutil
import smtplib
import socket
import sqlite3
import ssl
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TypeVar
from uuid import uuid4

import structlog
from sqlalchemy import event

sys.path.insert(0, str(Path(__file__).resolve().parent))

from engine.databases import driver
from engine.naive_mail import durable, naive
from engine.replay import End, Statement, Tape, recording
from engine.replay import play as play_tape

from runner.channels.email.channel import EmailChannel, _envelope
from runner.channels.email.config import account_of
from runner.channels.email.message import build
from runner.channels.email.smtp_session import Envelope
from runner.channels.email.smtp_session import Session as SmtpSession
from runner.channels.email.smtp_wire import Reply
from runner.channels.wiring import ChannelSet
from runner.channels.worker import Worker
from runner.clocks import SystemClock
from runner.engine.ports import Job
from runner.model.channel import ChannelConfig, ChannelType
from runner.secrets import Secret
from runner.serve.app import App
from runner.serve.loop import Service
from runner.store.database import open_database
from runner.store.journal import Journal
from runner.store.lanes import Lane, all_lanes
from runner.store.ticking import advance_due
from runner.store.together import Together
from runner.store.work import claim_and_open
from runner.testing import Play

BOUND = 0.7
WAYS = ("engine", "same", "shared", "small", "raw", "naive")
T = TypeVar("T")
DOT = "dot"
"""On a tape: here the dot of the message that was begun last was written."""
SEQUENCE = """version: 1
name: bench
steps:
  - {id: intro, channel: email, template: intro}
  - {id: quiet, wait: 3d}
  - {id: bump, channel: email, template: intro, thread: intro}
"""
TEMPLATE = """---
subject: Support at {{ lead.company | default('your company') }}
---
Hi {{ lead.first_name | default('there') }},

I saw that {{ lead.company | default('your company') }} is hiring two people for support. Teams of that size often lose
an hour a day to questions that the manual answers.

We built a tool that answers them, see [how it works](https://lumen.example/how). Would a short call suit you?
"""


@dataclass(frozen=True, slots=True)
class Setting:
    """What every way works with."""

    port: int
    connections: int
    folder: Path
    messages: int

    @property
    def account(self) -> ChannelConfig:
        """The one account that sends."""
        smtp = {"host": "127.0.0.1", "port": self.port, "security": "off", "per_connection": 1_000_000}
        return ChannelConfig(
            ChannelType.EMAIL,
            "ada",
            settings={
                "from": {"name": "Ada Lovelace", "address": "ada@lumen.example"},
                "smtp": smtp | {"connections": self.connections},
                "footer": {"postal_address": "Lumen GmbH, Alte Str. 1, 10115 Berlin", "unsubscribe": "one_click"},
            },
        )


class Keeping:
    """The e-mail channel, keeping each finished message: what the other ways send."""

    def __init__(self, inner: EmailChannel, kept: list[Envelope] | None) -> None:
        self.inner, self.kept = inner, kept

    def prepare(self, job: Job) -> object:
        """Keep a copy, and go on as usual."""
        if self.kept is not None:
            self.kept.append(_envelope(build(job, account_of(job.account))))
        return self.inner.prepare(job)


def people(count: int) -> list[dict[str, str]]:
    """Leads at a hundred companies."""
    return [
        {"email": f"person{n}@company{n % 100}.example", "first_name": f"Anna {n}", "company": f"Company {n % 100}"}
        for n in range(count)
    ]


def ready(setting: Setting, name: str) -> Play:
    """A database in which everybody is due for the first message."""
    db = open_database(f"sqlite:///{setting.folder / name}", create=True)
    start = SystemClock().now() - timedelta(minutes=1)
    play = Play(
        SEQUENCE, people(setting.messages), {"intro": TEMPLATE}, start, db=db, accounts={"ada": setting.account}
    )
    play.clock.advance(timedelta(seconds=1))
    sending_lane(play)  # what comes before is no part of a send
    return play


def engine(setting: Setting, play: Play, kept: list[Envelope] | None = None) -> None:
    """Everybody's first message, by `serve`'s own jobs, dispatcher, workers and journal."""
    clock, left, through = SystemClock(), itertools.count(setting.messages - 1, -1), threading.Event()

    def passed(place: str) -> None:
        if place == "recorded" and next(left) == 0:
            through.set()

    journal = Journal(setting.folder, uuid4().hex)
    ctx = replace(play.ctx, clock=clock, machine=clock, journal=journal)
    channel = EmailChannel(lambda ref: Secret(""), clock)
    app = App(ctx, ChannelSet({ChannelType.EMAIL: Keeping(channel, kept)}), Path(), passed)  # type: ignore[dict-item]
    dispatcher = app.dispatcher(workers=setting.connections)
    dispatcher.per_account = setting.connections
    service = Service(app, dispatcher)
    service.start()
    assert through.wait(600), "not everybody got a message"
    service.stop()
    journal.close()
    channel.close()


@contextmanager
def sessions_on(tape: Tape) -> Iterator[None]:
    """Note in the tape where a message was brought to its dot, and where its dot was written."""
    begin, finish = SmtpSession.begin, SmtpSession.finish

    def begun(session: SmtpSession, message: Envelope) -> None:
        tape.entries.append(message)  # type: ignore[arg-type]
        begin(session, message)

    def finished(session: SmtpSession) -> Reply:
        tape.entries.append(DOT)  # type: ignore[arg-type]
        return finish(session)

    SmtpSession.begin, SmtpSession.finish = begun, finished  # type: ignore[method-assign]
    try:
        yield
    finally:
        SmtpSession.begin, SmtpSession.finish = begin, finish  # type: ignore[method-assign]


def sending_lane(play: Play) -> Lane:
    """The lane of the one account, with everybody in it."""
    with play.ctx.db.read() as connection:
        own = [lane for lane in all_lanes(connection).values() if not lane.account]
    for lane in own:
        advance_due(play.ctx, lane, 1_000_000)
    with play.ctx.db.read() as connection:
        return next(lane for lane in all_lanes(connection).values() if lane.account)


def recorded(setting: Setting) -> list[Tape]:
    """Everybody's first message, one after the other in one thread: a tape a message."""
    play = ready(setting, "recorded.db")
    lane = sending_lane(play)
    channel = EmailChannel(lambda ref: Secret(""), play.clock)
    worker = Worker(lambda: play.ctx, {ChannelType.EMAIL: channel})
    tapes = []
    for _ in range(setting.messages):
        with recording(play.ctx.db) as tape, sessions_on(tape):
            claims, opened = claim_and_open(play.ctx, lane, 1)
            worker.perform(claims[0], None, opened[claims[0]])
        tapes.append(numbered(tape, len(tapes) + 1))
    channel.close()
    play.ctx.db.close()
    return tapes


def numbered(tape: Tape, attempt: int) -> Tape:
    """The tape with the number of its attempt said, which threads would otherwise draw in another order."""
    start = "INSERT INTO outreach_attempts ("
    for place, entry in enumerate(tape.entries):
        if isinstance(entry, Statement) and entry.sql.startswith(start):
            sql = entry.sql.replace(start, f"{start}id, ").replace("VALUES (", "VALUES (?, ")
            tape.entries[place] = Statement(sql, (attempt, *entry.parameters), many=False)
    return tape


def same(setting: Setting, tapes: Sequence[Tape], name: str, *, shared: bool = False) -> Callable[[], None]:
    """The tapes on a database that stands where the recorded one stood, by the driver and the session alone."""
    ready(setting, name).ctx.db.close()
    url = f"sqlite:///{setting.folder / name}"
    turn, together = threading.Lock(), Together(partial(transaction, driver(url, any_thread=True)))

    def work(following: Iterator[Tape]) -> None:
        session = SmtpSession.open(account_of(setting.account).smtp, ssl.create_default_context())
        database = driver(url)
        together.set_out()
        with ExitStack() as stack:
            stack.callback(together.arrive)
            for part in itertools.chain.from_iterable(map(parts_of, following)):
                match part:
                    case Envelope():
                        session.begin(part)
                    case Tape() if shared:
                        together.do(play_inside, None, part)
                    case Tape():
                        with turn if part.commits else nullcontext():
                            play_tape(part, database)
                    case _:
                        session.finish()
        session.quit()
        database.close()

    return lambda: shared_out(setting.connections, tapes, work)


@contextmanager
def transaction(database: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """One of the driver's own, for several parts of tapes."""
    database.execute("BEGIN IMMEDIATE")
    yield database
    database.commit()


def play_inside(database: sqlite3.Connection, _context: None, parts: Sequence[Tape]) -> Sequence[None]:
    """The statements of parts of tapes without the beginnings and ends of their transactions."""
    for part in parts:
        inside = [each for each in part.entries if isinstance(each, Statement) and not each.sql.startswith("BEGIN")]
        play_tape(Tape(list(inside)), database)
    return [None] * len(parts)


def parts_of(tape: Tape) -> Iterator[Tape | Envelope | str]:
    """A tape by transactions, and what the session did between them."""
    part = Tape()
    for entry in tape.entries:
        if isinstance(entry, Envelope | str):
            yield entry
            continue
        part.entries.append(entry)
        if isinstance(entry, End):
            yield part
            part = Tape()


def shared_out(count: int, messages: Sequence[T], work: Callable[[Iterator[T]], None]) -> None:
    """`count` threads, each taking the next message until none is left."""
    waiting: queue.SimpleQueue[T] = queue.SimpleQueue()
    for message in messages:
        waiting.put(message)

    def following() -> Iterator[T]:
        while True:
            try:
                yield waiting.get_nowait()
            except queue.Empty:
                return

    threads = [threading.Thread(target=work, args=(following(),)) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


class Commits:
    """A table in SQLite with synchronous=FULL, a connection a thread; threads take turns as ours do."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.turn = threading.Lock()
        with self.open() as db:
            db.execute("CREATE TABLE attempt (id INTEGER PRIMARY KEY, state TEXT, reply TEXT)")

    @contextmanager
    def open(self) -> Iterator[sqlite3.Connection]:
        """A connection whose commits are as durable as ours."""
        db = sqlite3.connect(self.path, isolation_level=None, timeout=30)
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("PRAGMA synchronous=FULL")
        yield db
        db.close()

    def commit(self, db: sqlite3.Connection, statement: str, *values: object) -> int:
        """One durable commit of one statement. Returns the row it made."""
        with self.turn:
            return db.execute(statement, values).lastrowid or 0


def small(setting: Setting, messages: Sequence[Envelope], table: Commits, commits: int) -> None:
    """The same bytes and as many commits a message, and nothing else."""
    settings = account_of(setting.account).smtp

    def work(following: Iterator[Envelope]) -> None:
        with table.open() as db:
            session = SmtpSession.open(settings, ssl.create_default_context())
            for message in following:
                row = table.commit(db, "INSERT INTO attempt (state) VALUES ('claimed')")
                for _ in range(commits - 3):
                    table.commit(db, "UPDATE attempt SET state = 'opened' WHERE id = ?", row)
                session.begin(message)
                table.commit(db, "UPDATE attempt SET state = 'sending' WHERE id = ?", row)
                reply = session.finish()
                table.commit(db, "UPDATE attempt SET state = 'sent', reply = ? WHERE id = ?", str(reply), row)
            session.quit()

    shared_out(setting.connections, messages, work)


def raw(setting: Setting, messages: Sequence[Envelope]) -> None:
    """smtplib, connections kept, finished bytes, no database."""

    def work(following: Iterator[Envelope]) -> None:
        with smtplib.SMTP("127.0.0.1", setting.port) as smtp:
            for message in following:
                smtp.sendmail(message.sender, [message.recipient], message.content)

    shared_out(setting.connections, messages, work)


def counted(play: Play, do: Callable[[], None]) -> int:
    """How many transactions that may write are committed meanwhile."""
    commits = 0

    def note(connection: object) -> None:
        nonlocal commits
        if not connection.get_execution_options().get("runner_read_only"):  # type: ignore[attr-defined]
            commits += 1

    event.listen(play.ctx.db.engine, "commit", note)
    do()
    event.remove(play.ctx.db.engine, "commit", note)
    return commits


def timed(do: Callable[[], None]) -> float:
    started = time.perf_counter()
    do()
    return time.perf_counter() - started


def measure(setting: Setting, rounds: int) -> dict[str, float]:
    """Rates in messages a second by way, the median of the rounds, and the commits a message of `engine`."""
    finished: list[Envelope] = []
    first = ready(setting, "first.db")
    commits = counted(first, lambda: engine(setting, first, finished)) / setting.messages
    sent = len(finished)
    assert sent == setting.messages, f"{sent} of {setting.messages} were sent"
    few = [message.recipient for message in finished[: max(1, sent // 5)]]
    tapes = recorded(setting)
    alone = round(statistics.mean(tape.commits for tape in tapes))
    rates: dict[str, list[float]] = {name: [] for name in WAYS}
    for turn in range(rounds):
        play = ready(setting, f"engine-{turn}.db")
        rates["engine"].append(sent / timed(lambda p=play: engine(setting, p)))  # type: ignore[misc]
        play.ctx.db.close()
        rates["same"].append(sent / timed(same(setting, tapes, f"same-{turn}.db")))
        rates["shared"].append(sent / timed(same(setting, tapes, f"shared-{turn}.db", shared=True)))
        table = Commits(setting.folder / f"small-{turn}.db")
        rates["small"].append(sent / timed(lambda t=table: small(setting, finished, t, alone)))  # type: ignore[misc]
        rates["raw"].append(sent / timed(lambda: raw(setting, finished)))
        database = durable(setting.folder / f"naive-{turn}.db")
        rates["naive"].append(len(few) / timed(lambda d=database: naive(setting.port, few, TEMPLATE, d)))  # type: ignore[misc]
        database.dispose()
    medians = {name: statistics.median(found) for name, found in rates.items()}
    return medians | {"commits": commits, "commits of one alone": alone}


@contextmanager
def sink() -> Iterator[int]:
    """A running smtp-sink: its port."""
    program = shutil.which("smtp-sink", path="/usr/sbin:/usr/bin")
    if program is None:
        raise SystemExit("smtp-sink is not installed (Debian: apt-get install postfix)")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    process = subprocess.Popen([program, "-u", "nobody", f"inet:127.0.0.1:{port}", "100"], stderr=subprocess.DEVNULL)
    try:
        for _ in range(200):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        yield port
    finally:
        process.terminate()
        process.wait()


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--messages", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--connections", type=int, default=4)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    with sink() as port, tempfile.TemporaryDirectory() as folder:
        rates = measure(Setting(port, options.connections, Path(folder), options.messages), options.rounds)
    ratios = {f"engine / {name}": rates["engine"] / rates[name] for name in WAYS[1:]}
    if options.json:
        print(json.dumps(vars(options) | {"rates": rates, "ratios": ratios, "bound": BOUND}))
    else:
        print(f"{options.messages} messages, {options.rounds} rounds, {options.connections} connections")
        for name in WAYS:
            print(f"{name:16} {rates[name]:8.0f} msg/s")
        print(f"durable commits a message: {rates['commits']:.2f}; alone {rates['commits of one alone']}")
        for name, ratio in ratios.items():
            print(f"{name:16} {ratio:8.2f}")
    return 0 if ratios["engine / same"] >= BOUND else 1


if __name__ == "__main__":
    sys.exit(main())
