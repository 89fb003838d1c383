"""`serve` seldom looks for cycles, and not among what was there when it started."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from runner.serve.heap import YOUNG


def test_cycles_made_while_serving_are_collected_and_what_was_there_before_is_left_alone() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], check=True, capture_output=True, text=True)
    assert done.stdout.split() == ["frozen", "young", "collected"]


def test_serve_itself_looks_that_seldom(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SERVING, f"sqlite:///{tmp_path / 'runner.db'}"],
        check=True,
        capture_output=True,
        text=True,
    )
    assert done.stdout.splitlines()[-1] == str(YOUNG)


SERVING = """
import gc, sys
from pathlib import Path
from runner.channels.wiring import ChannelSet
from runner.serve.app import App
from runner.serve.process import Options, run_service
from runner.store.database import open_database
from runner.testing import Play

play = Play("version: 1\\nname: play\\nsteps:\\n  - {id: first, channel: email, template: hello}\\n",
            db=open_database(sys.argv[1], create=True))
run_service(App(play.ctx, ChannelSet({}), Path()), Options(until_idle=True))
print(gc.get_threshold()[0])
"""
PROGRAM = """
import gc, weakref
from runner.serve.heap import YOUNG, settle_heap

class Node:
    pass

settle_heap()
if gc.get_freeze_count():
    print("frozen")
if gc.get_threshold()[0] == YOUNG:
    print("young")
node = Node()
node.me = node
gone = weakref.ref(node)
del node
kept = [[] for _ in range(2 * YOUNG)]
if gone() is None:
    print("collected")
"""
