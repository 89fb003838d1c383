"""Gated sends beside DBOS and Procrastinate doing a durable step that does nothing, on the same PostgreSQL server.

    python benchmarks/engine_peers.py [--sends N]

Each is one thread of one process, three rounds in turn; the medians are told. The peers are installed into a folder
of their own, `.venv-peers`, at the first run. They keep a step's result; a send of ours also passes the gate, reserves
limits at every level, and leaves intent and result. A report: there is no bound.
"""

from __future__ import annotations

import argparse
import logging
import statistics
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import structlog
from engine.databases import databases
from engine_sends import ready, send

HERE = Path(__file__).resolve().parent
ENVIRONMENT = HERE.parent / ".venv-peers"
WANTED = ("dbos==3.4.0", "procrastinate==3.10.0", "psycopg[binary,pool]")
ROUNDS = 3


def install() -> Path:
    """The peers' interpreter, made when it is not there."""
    python = ENVIRONMENT / "bin" / "python"
    if not python.exists():
        uv = Path(sys.executable).parent / "uv"
        subprocess.run([uv, "venv", "-q", ENVIRONMENT], check=True)
        subprocess.run([uv, "pip", "install", "-q", "--python", python, *WANTED], check=True)
    return python


def peer(python: Path, name: str, url: str, count: int) -> float:
    """Steps a second of a peer, which runs in a process of its own."""
    command = [python, HERE / "peers" / f"with_{name}.py", url, str(count)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return count / float(done.stdout.strip().splitlines()[-1])


def ours(url: str, count: int) -> float:
    """Gated sends a second."""
    play = ready(url, count)
    started = time.perf_counter()
    send(play, count)
    took = time.perf_counter() - started
    play.ctx.db.close()
    return count / took


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sends", type=int, default=300, help="sends or steps a round")
    given = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    python = install()
    found: dict[str, list[float]] = {"runner": [], "dbos": [], "procrastinate": []}
    with databases("postgres") as fresh:
        for number in range(ROUNDS):
            found["runner"].append(ours(fresh(f"runner{number}"), given.sends))
            for name in ("dbos", "procrastinate"):
                found[name].append(peer(python, name, fresh(f"{name}{number}"), given.sends))
    pace = {name: statistics.median(values) for name, values in found.items()}
    for name, value in pace.items():
        sys.stdout.write(f"{name:<14} {value:6.0f} a second   runner is {pace['runner'] / value:.2f} times that\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
