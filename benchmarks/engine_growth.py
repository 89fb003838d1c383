"""What a step costs, and what the process weighs, with a million people enrolled instead of few.

    python benchmarks/engine_growth.py [--few N] [--many N] [--steps N] [--kind sqlite|postgres|both] [--in-order]

The two sizes are measured in turn, 25 short rounds each. On SQLite a step with many enrolled may cost 1.15 times one
with few; on PostgreSQL 1.25 times as much more as the bare driver's own statements cost more. The memory is that of a
process which advances people on SQLite: with many at most 1.1 times that with 10,000, and under 120 MB. Exit code 1
when one of these does not hold.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from engine.databases import databases
from engine.stage import context, due_by, fill
from engine.waits import BATCH, Measured, measure

from runner.serve.heap import settle_heap
from runner.store.ticking import advance_due

ON_SQLITE, OVER_FLOOR, MEMORY, MEGABYTES = 1.15, 1.25, 1.1, 120


def weight(url: str, steps: int) -> int:
    """Peak megabytes of this process after so many steps."""
    ctx, lane, clock = context(url)
    clock.jump_to(due_by(steps))
    settle_heap()  # as `serve` does
    while advance_due(ctx, lane, BATCH).taken:
        pass
    peak = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    return int(peak.split()[1]) // 1024  # not ru_maxrss, which begins with what the parent weighed


def weigh(people: int, steps: int) -> int:
    """The same in a process of its own, over a database with so many people."""
    with databases("sqlite") as fresh:
        url = fresh("weighed")
        fill(url, people)
        command = [sys.executable, __file__, "--weigh", url, "--steps", str(steps)]
        return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def judge(kind: str, few: Measured, many: Measured) -> bool:
    """Say how the cost grew, and whether that is within bounds."""
    ours, floor = many.ours / few.ours, many.floor / few.floor
    bound = ON_SQLITE if kind == "sqlite" else OVER_FLOOR * floor
    sys.stdout.write(
        f"{kind:<9} few {few.ours:.1f} us a step, many {many.ours:.1f} us: {ours:.2f} times, goal {bound:.2f}  "
        f"(floor {few.floor:.1f} and {many.floor:.1f} us: {floor:.2f} times)\n"
    )
    return ours <= bound


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--few", type=int, default=100_000)
    parser.add_argument("--many", type=int, default=1_000_000)
    parser.add_argument("--steps", type=int, default=1_000, help="steps a round")
    parser.add_argument("--kind", choices=("sqlite", "postgres", "both"), default="both")
    parser.add_argument("--in-order", action="store_true", help="people are due in the order in which they entered")
    parser.add_argument("--weigh", metavar="URL", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.weigh:
        sys.stdout.write(str(weight(given.weigh, given.steps)))
        return 0
    well = True
    for kind in ("sqlite", "postgres") if given.kind == "both" else (given.kind,):
        with databases(kind) as fresh:
            few, many = measure(fresh, [given.few, given.many], given.steps, scattered=not given.in_order)
        well = judge(kind, few, many) and well
    light, heavy = weigh(10_000, 5_000), weigh(given.many, 5_000)
    sys.stdout.write(f"memory    {light} MB with 10,000, {heavy} MB with {given.many:,}: {heavy / light:.2f} times\n")
    return 0 if well and heavy <= MEMORY * light and heavy < MEGABYTES else 1


if __name__ == "__main__":
    sys.exit(main())
