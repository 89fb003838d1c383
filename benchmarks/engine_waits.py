"""Waits and conditions advanced in batches, against the bare driver doing the same statements.

    python benchmarks/engine_waits.py [PEOPLE] [STEPS] [--kind sqlite|postgres] [--in-order]

`PEOPLE` are enrolled, `STEPS` of them are due in each of 25 rounds; product and floor take turns. A step is one
enrollment taken, decided on and moved on. SQLite runs with synchronous=FULL. People are due in an order that has
nothing to do with that of their rows; `--in-order` in the order in which they entered. The goal is 40 % of the bare
driver; exit code 1 below it.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from engine.databases import databases
from engine.waits import BATCH, measure

GOAL = 0.40


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("people", nargs="?", type=int, default=100_000)
    parser.add_argument("steps", nargs="?", type=int, default=1_000)
    parser.add_argument("--kind", choices=("sqlite", "postgres"), default="sqlite")
    parser.add_argument("--in-order", action="store_true", help="people are due in the order in which they entered")
    given = parser.parse_args()
    with databases(given.kind) as fresh:
        [found] = measure(fresh, [given.people], given.steps, scattered=not given.in_order)
    sys.stdout.write(
        f"{given.kind}  people {given.people:,}  floor {found.floor:.1f} us a step ({1e6 / found.floor:,.0f}/s)  "
        f"runner {found.ours:.1f} us ({1e6 / found.ours:,.0f}/s)  ratio {found.ratio:.2f} by the clock, "
        f"{found.cpu_ratio:.2f} by the processor  goal {GOAL}  "
        f"{found.calls} calls of the driver a batch of {BATCH}\n"
    )
    return 0 if found.ratio >= GOAL else 1


if __name__ == "__main__":
    sys.exit(main())
