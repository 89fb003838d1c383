"""Who asked the gate for what, and what it said: a line a question, from every process, around the real channels."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runner.channels.worker import Worker
from runner.engine.outcomes import Outcome, Permit
from runner.engine.ports import Channel, Gate, Job, Prepared
from runner.serve.app import App


@dataclass(frozen=True, slots=True)
class Asked:
    """One question to the gate; `said` is `permit`, or the reason of the refusal."""

    at: float
    pid: int
    key: str
    said: str


def witnessed(path: Path) -> Callable[[App], App]:
    """Wires an app so that every answer of the gate is written to `path` before the channel hears it."""

    def wire(app: App) -> App:
        channels: dict[Any, Channel] = {kind: _Heard(each, path) for kind, each in app.channel_set.channels.items()}
        app.worker = Worker(app.context, channels, app.failpoint)
        return app

    return wire


def asked(path: Path) -> list[Asked]:
    """Every question so far, in the order in which they were answered."""
    if not path.exists():
        return []
    lines = (line.split() for line in path.read_text().splitlines())
    return [Asked(float(at), int(pid), key, said) for at, pid, key, said in lines]


@dataclass(frozen=True, slots=True)
class _Heard:
    channel: Any
    path: Path

    def prepare(self, job: Job) -> Prepared | Outcome:
        prepared = self.channel.prepare(job)
        return _Overheard(prepared, job.key, self.path) if hasattr(prepared, "fire") else prepared

    def __getattr__(self, name: str) -> Any:
        return getattr(self.channel, name)


@dataclass(frozen=True, slots=True)
class _Overheard:
    prepared: Prepared
    key: str
    path: Path

    def fire(self, gate: Gate) -> Outcome:
        def overheard() -> Any:
            verdict = gate()
            said = "permit" if isinstance(verdict, Permit) else verdict.reason
            line = f"{time.monotonic():.6f} {os.getpid()} {self.key} {said}\n"
            with self.path.open("a") as file:
                file.write(line)
            return verdict

        return self.prepared.fire(overheard)

    def abandon(self) -> None:
        self.prepared.abandon()
