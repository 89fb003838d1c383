"""Short lives of `serve`: forked from a parent that has everything imported, or in a fresh interpreter, and ended."""

from __future__ import annotations

import ctypes
import os
import select
import signal
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import NoReturn

from stage import Stage

from runner.serve.app import App
from runner.serve.logs import set_up_logs
from runner.serve.process import Options, run_service

FAILPOINTS = ("before_prepare", "prepared", "intent", "fired", "recorded")
"""Where a life can be ended exactly: `intent` lies between the commit of the intent and the irrevocable byte."""
OPTIONS = Options(workers=4, lease=1.0, inbox_every=1.0)
Failpoint = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Life:
    """A `serve` that runs now."""

    pid: int

    def send(self, number: int) -> None:
        """Send a signal."""
        os.kill(self.pid, number)

    def ended(self, seconds: float) -> int | None:
        """Its exit code (negative: the signal that ended it), or None when it is still alive after `seconds`."""
        gone = os.pidfd_open(self.pid)
        try:
            if not select.select([gone], [], [], max(0.0, seconds))[0]:
                return None
        finally:
            os.close(gone)
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])

    def end(self, number: int = signal.SIGKILL) -> None:
        """Kill it and wait until it is gone."""
        self.send(number)
        assert self.ended(30) is not None

    def stopped(self, seconds: float) -> bool:
        """Whether it is stopped by SIGSTOP, or becomes so within `seconds`."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if os.waitid(os.P_PID, self.pid, os.WSTOPPED | os.WNOHANG | os.WNOWAIT):
                return True
            time.sleep(0.002)
        return False


@dataclass(frozen=True, slots=True)
class At:
    """A failpoint that acts at one of its passings, once."""

    name: str
    passing: int
    act: Callable[[], None]

    def failpoint(self) -> Failpoint:
        """What a worker calls; the workers' threads count together."""
        lock, passed = threading.Lock(), [0]

        def at(name: str) -> None:
            if name != self.name:
                return
            with lock:
                passed[0] += 1
                mine = passed[0] == self.passing
            if mine:
                self.act()

        return at


def die() -> None:
    """What `kill -9` from outside does, at a place of our choosing."""
    os.kill(os.getpid(), signal.SIGKILL)


def freeze() -> None:
    """Stop all of this process, as a suspended machine does."""
    os.kill(os.getpid(), signal.SIGSTOP)
    time.sleep(0.05)  # the stop arrives a moment later: without this the thread would go on a little first


def begin(
    stage: Stage, options: Options = OPTIONS, at: At | None = None, wire: Callable[[App], App] = lambda app: app
) -> Life:
    """Fork a `serve`; `wire` may change its app before it runs."""
    pid = os.fork()
    if pid == 0:
        _serve(stage, options, at.failpoint() if at else lambda name: None, wire)
    return Life(pid)


def end_on_receipt(stage: Stage, ledger: str, options: Options = OPTIONS, after: float = 0.0) -> None:
    """A life that is killed when a server has received something from it, `after` seconds later."""
    path = stage.ledgers / f"{ledger}.jsonl"
    path.touch()
    with path.open("rb") as lines:
        lines.seek(0, os.SEEK_END)
        life = begin(stage, options)
        deadline = time.monotonic() + 60
        while not any(b'"kind": "read"' not in line for line in lines.readlines()):
            assert time.monotonic() < deadline, stage.log()
            time.sleep(0.0005)
    time.sleep(after)  # the moment of death is the point: real processes on the real clock
    life.end()


def begin_cold(stage: Stage) -> Life:
    """The command itself, in a fresh interpreter."""
    command = [sys.executable, "-m", "runner", "serve", "--project", str(stage.root), "--workers", "4", "--lease", "1"]
    with (stage.ledgers / "serve.log").open("ab") as log:
        command += ["--inbox-every", "1"]
        process = subprocess.Popen(command, stdout=log, stderr=log, preexec_fn=_die_with_the_test)
    process.returncode = 0  # waited for by its Life
    return Life(process.pid)


def live_to_the_end(stage: Stage, seconds: float) -> bool:
    """A life that may end by itself when nobody is on the way. False when it had to be killed."""
    life = begin(stage, Options(workers=4, lease=1.0, inbox_every=1.0, until_idle=True))
    code = life.ended(seconds)
    if code is None:
        life.end()
    return code == 0


def _die_with_the_test() -> None:
    """However the tests end, no life outlasts them (prctl(2), PR_SET_PDEATHSIG)."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


def _serve(stage: Stage, options: Options, failpoint: Failpoint, wire: Callable[[App], App]) -> NoReturn:
    code = 1
    _die_with_the_test()
    try:
        quiet = os.open(os.devnull, os.O_WRONLY)
        os.dup2(quiet, 1)
        log = os.open(stage.ledgers / "serve.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(log, 2)
        sys.stderr = os.fdopen(2, "w", buffering=1)
        set_up_logs()
        code = run_service(wire(stage.app(failpoint=failpoint)), options)
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)
