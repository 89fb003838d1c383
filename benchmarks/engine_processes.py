"""Eight `serve` processes on one PostgreSQL database, at limits that ask all of two cores: how near they come to them.

    python benchmarks/engine_processes.py [--people N]

The floor is what the limits allow: the least time in which they let everybody's message out. The goal is 80 % of it;
exit code 1 below. Beside it stands what the same processes do without such limits, since a machine that cannot send
that fast says nothing about limits. Both are judged: a message too many, or a second one, ends the run.
"""

from __future__ import annotations

import argparse
import logging
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "plugins"))
sys.path.insert(0, str(Path(__file__).resolve().parent))

import structlog
from crowd_trial import ALL_IT_CAN, Trial, Tried, tried
from engine.databases import databases

GOAL, WITHOUT = 0.8, 1000
NO_LIMIT = {"per_account": 10**6, "per_domain": 10**6, "per_campaign": 10**6, "overall": 10**6}


def run(trial: Trial) -> Tried:
    """One trial on a server of its own."""
    with databases("postgres") as fresh, tempfile.TemporaryDirectory() as folder:
        return tried(fresh("crowd"), Path(folder), trial)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=ALL_IT_CAN.people)
    given = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    able = run(replace(ALL_IT_CAN, people=WITHOUT, **NO_LIMIT))
    limited = run(replace(ALL_IT_CAN, people=given.people))
    sys.stdout.write(
        f"within the limits {limited.rate:.1f} a second, pace {limited.pace:.0%}, goal {GOAL:.0%}; "
        f"without them {able.rate:.1f} a second\n"
    )
    return 0 if limited.pace >= GOAL else 1


if __name__ == "__main__":
    sys.exit(main())
