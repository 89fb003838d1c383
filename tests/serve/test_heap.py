"""`serve` seldom looks for cycles, and not among what was there when it started."""

from __future__ import annotations

import subprocess
import sys


def test_cycles_made_while_serving_are_collected_and_what_was_there_before_is_left_alone() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], check=True, capture_output=True, text=True)
    assert done.stdout.split() == ["frozen", "young", "collected"]


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
