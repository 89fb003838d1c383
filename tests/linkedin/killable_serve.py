"""Starts `serve` as often as it is asked to, from a process that has everything imported, and names the child's pid.

Usage: killable_serve.py PROJECT. One line in, one process out; it serves until somebody ends it.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import linkedin_api  # noqa: F401 - imported here, so that each child has it already

from runner.serve.app import build
from runner.serve.process import Options, run_service


def main(root: Path) -> None:
    build(root).close()  # what is imported on use is imported now
    for _ in sys.stdin:
        pid = os.fork()
        if pid == 0:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # a full pipe would hold it up
            app = build(root)
            run_service(app, Options(workers=4, inbox_every=0.5))
            os._exit(0)
        say(str(pid))
        os.waitpid(pid, 0)
        say("ended")


def say(word: str) -> None:
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
