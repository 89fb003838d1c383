"""The email channel alone, from job to the answer to the dot, against Postfix's `smtp-sink`, in one run.

    python benchmarks/email_sending.py [MESSAGES] [ROUNDS]

The ways take turns on one connection each; ratios are those of the medians. `raw` is smtplib sending the same finished
bytes; `dots` is our session sending them with the gate at the dot; `naive` opens a connection a message and builds it
with EmailMessage. `durable` adds to ours and to `dots` what promises cost: a commit before the dot and one after.
"""

from __future__ import annotations

import smtplib
import socket
import sqlite3
import ssl
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

from runner.channels.email.channel import EmailChannel
from runner.channels.email.config import account_of
from runner.channels.email.message import build
from runner.channels.email.smtp_session import Envelope, Session
from runner.clocks import ManualClock
from runner.engine.outcomes import Permit, Sent
from runner.engine.ports import Job
from runner.model.channel import ChannelConfig, ChannelType
from runner.model.lead import Lead
from runner.model.message import Rendered
from runner.model.sequence import ChannelStep
from runner.secrets import Secret

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
BODY = """Hi Anna,

I saw that Example Ltd is hiring two people for support. Teams of that size often lose an hour a day to questions
that the manual answers.

We built a tool that answers them, see [how it works](https://lumen.example/how). Would a short call suit you?
"""


class Journal:
    """A table in SQLite with synchronous=FULL: what an intent and a result cost."""

    def __init__(self, folder: Path, name: str) -> None:
        self._db = sqlite3.connect(folder / name, isolation_level=None)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=FULL")
        self._db.execute("CREATE TABLE attempt (id INTEGER PRIMARY KEY, state TEXT, reply TEXT)")

    def intent(self) -> Permit:
        """The commit before the dot."""
        row = self._db.execute("INSERT INTO attempt (state) VALUES ('sending')").lastrowid
        return Permit(row or 0)

    def result(self, row: int, reply: str) -> None:
        """The commit after its answer."""
        self._db.execute("UPDATE attempt SET state = 'sent', reply = ? WHERE id = ?", (reply, row))


def account(port: int) -> ChannelConfig:
    return ChannelConfig(
        ChannelType.EMAIL,
        "ada",
        settings={
            "from": {"name": "Ada Lovelace", "address": "ada@lumen.example"},
            "smtp": {"host": "127.0.0.1", "port": port, "security": "off", "per_connection": 1_000_000},
            "imap": {"host": "127.0.0.1"},
            "footer": {"postal_address": "Lumen GmbH, Alte Str. 1, 10115 Berlin", "unsubscribe": "one_click"},
        },
    )


def jobs(config: ChannelConfig, count: int) -> list[Job]:
    step = ChannelStep(ChannelType.EMAIL)
    return [
        Job(f"key{number}", "c", "s", "intro", step, "", config,
            Lead(number, email=f"person{number}@example.com", first_name="Anna", last_name="Miller"),
            Rendered(BODY, "Support at Example Ltd"), NOW,
            unsubscribe_url=f"https://go.lumen.example/u/k1.{number:022d}.abcdefghijklmnopqrstuv")
        for number in range(count)
    ]  # fmt: skip


def ours(work: list[Job], journal: Journal | None) -> None:
    channel = EmailChannel(lambda ref: Secret(""), ManualClock(NOW))
    for job in work:
        permits = []

        def gate(seen: list[Permit] = permits) -> Permit:
            seen.append(journal.intent() if journal else Permit(1))
            return seen[0]

        outcome = channel.prepare(job).fire(gate)  # type: ignore[union-attr]
        assert isinstance(outcome, Sent), outcome
        if journal:
            journal.result(permits[0].attempt_id, str(outcome.detail["reply"]))
    channel.close()


def dots(port: int, messages: list[Envelope], journal: Journal | None) -> None:
    settings = account_of(account(port)).smtp
    session = Session.open(settings, ssl.create_default_context())
    for message in messages:
        session.begin(message)
        row = journal.intent().attempt_id if journal else 0
        reply = session.finish()
        if journal:
            journal.result(row, str(reply))
    session.quit()


def raw(port: int, messages: list[Envelope]) -> None:
    with smtplib.SMTP("127.0.0.1", port) as smtp:
        for message in messages:
            smtp.sendmail(message.sender, [message.recipient], message.content)


def naive(port: int, work: list[Job], journal: Journal) -> None:
    for job in work:
        message = EmailMessage(policy=SMTP)
        message["From"] = "Ada Lovelace <ada@lumen.example>"
        message["To"] = f"Anna Miller <{job.lead.email}>"
        message["Subject"] = job.content.subject
        message["Message-ID"] = f"<{job.key}@lumen.example>"
        message["List-Unsubscribe"] = f"<{job.unsubscribe_url}>"
        message.set_content(BODY)
        message.add_alternative(f"<p>{BODY}</p>", subtype="html")
        row = journal.intent().attempt_id
        with smtplib.SMTP("127.0.0.1", port) as smtp:
            smtp.send_message(message)
        journal.result(row, "250")


def main() -> None:
    count, rounds = (int(value) for value in [*sys.argv[1:], "1000", "5"][:2])
    port = free_port()
    command = ["/usr/sbin/smtp-sink", "-u", "nobody", f"inet:127.0.0.1:{port}", "100"]
    sink = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for(port)
        with tempfile.TemporaryDirectory() as folder:
            measure(port, count, rounds, Path(folder))
    finally:
        sink.terminate()
        sink.wait()


def measure(port: int, count: int, rounds: int, folder: Path) -> None:
    config = account(port)
    work, typed = jobs(config, count), account_of(config)
    finished = [
        Envelope(str(built.sender), str(built.recipient), built.content, len(built.content))
        for built in (build(job, typed) for job in work)
    ]
    print(f"{count} messages of {len(finished[0].content)} bytes, {rounds} rounds, one connection")
    few = work[: max(1, count // 5)]
    ways: dict[str, tuple[int, Callable[[Journal], None]]] = {
        "raw": (count, lambda journal: raw(port, finished)),
        "dots": (count, lambda journal: dots(port, finished, None)),
        "ours": (count, lambda journal: ours(work, None)),
        "dots, durable": (count, lambda journal: dots(port, finished, journal)),
        "ours, durable": (count, lambda journal: ours(work, journal)),
        "naive, durable": (len(few), lambda journal: naive(port, few, journal)),
    }
    rates: dict[str, list[float]] = {name: [] for name in ways}
    for turn in range(rounds + 1):
        for name, (messages, way) in ways.items():
            journal = Journal(folder, f"{name}-{turn}.db")
            started = time.perf_counter()
            way(journal)
            if turn:
                rates[name].append(messages / (time.perf_counter() - started))
    report({name: statistics.median(found) for name, found in rates.items()})


def report(median: dict[str, float]) -> None:
    for name, rate in median.items():
        print(f"{name:16} {rate:8.0f} msg/s   {rate / median['raw']:5.2f} x raw")
    print(f"ours / dots                    {median['ours'] / median['dots']:.2f}")
    print(f"ours, durable / dots, durable  {median['ours, durable'] / median['dots, durable']:.2f}")
    print(f"ours, durable / naive          {median['ours, durable'] / median['naive, durable']:.2f}")


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def wait_for(port: int) -> None:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise SystemExit("smtp-sink did not start")


if __name__ == "__main__":
    main()
