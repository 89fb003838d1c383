"""Gated sends to a channel that does nothing, against the bare driver doing the same durable transactions.

    python benchmarks/engine_sends.py [--sends N] [--kind sqlite|postgres|both]

Claim, open, gate and intent, result: what `serve` does for a send, in one thread, with limits on lead, domain, account,
campaign and project. As many are claimed together as `serve` lets one account have under way. Product and floor take
turns over 25 rounds. The goal is half of the bare driver; exit code 1 below it.
"""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import structlog
from engine.databases import Fresh, databases, driver
from engine.replay import Tape, play, recording
from engine.turns import ROUNDS, Taken, in_turn

from runner.channels.worker import Worker
from runner.engine.outcomes import Outcome, Permit, Sent
from runner.engine.ports import Gate, Job
from runner.lang.diagnostics import Diagnostic
from runner.model.campaign import Campaign
from runner.model.channel import ChannelConfig, ChannelType
from runner.model.project import ContactPolicy, ProjectSettings
from runner.model.rates import LimitSet, Rate
from runner.store.database import open_database
from runner.store.lanes import all_lanes
from runner.store.ticking import advance_due
from runner.store.work import claim_and_open
from runner.testing import Play

TOGETHER, GOAL = 4, 0.5
SEQUENCE = "version: 1\nname: one\nsteps:\n  - {id: first, channel: email, template: hello}\n"
ROOMY = Rate(1_000_000, timedelta(days=1))


@dataclass(frozen=True, slots=True)
class Nothing:
    """A channel without an outside world."""

    def check(self, config: ChannelConfig) -> Sequence[Diagnostic]:
        """Nothing can be wrong with it."""
        return ()

    def prepare(self, job: Job) -> _Ready:
        """Ready at once."""
        return _Ready(job)

    def close(self) -> None:
        """Nothing is open."""


@dataclass(frozen=True, slots=True)
class _Ready:
    job: Job

    def fire(self, gate: Gate) -> Outcome:
        verdict = gate()
        return Sent(f"<{self.job.key}@x>") if isinstance(verdict, Permit) else verdict

    def abandon(self) -> None:
        return None


def ready(url: str, people: int) -> Play:
    """Everybody due for the first message, under limits at every level."""
    holder = LimitSet(rates=(ROOMY,), recipient_domain=ROOMY)
    account = ChannelConfig(ChannelType.EMAIL, "desk", limits=holder)
    campaign = Campaign("play", "one", limits={ChannelType.EMAIL: LimitSet(rates=(ROOMY,))})
    settings = ProjectSettings(limits=LimitSet(rates=(ROOMY,)), contact=ContactPolicy(min_between=timedelta(hours=24)))
    leads = [{"email": f"p{n}@d{n // 3}.example", "first_name": f"P{n}"} for n in range(people)]
    play_ = Play(SEQUENCE, leads, db=open_database(url, create=True), campaign=campaign, settings=settings,
                 accounts={"desk": account})  # fmt: skip
    with play_.ctx.db.read() as connection:
        lane = next(lane for lane in all_lanes(connection).values() if not lane.account)
    while advance_due(play_.ctx, lane, 500).taken:
        pass
    return play_


def send(play_: Play, sends: int) -> None:
    """So many sends, one after the other."""
    ctx, worker = play_.ctx, Worker(lambda: play_.ctx, {ChannelType.EMAIL: Nothing()})
    with ctx.db.read() as connection:
        lane = next(lane for lane in all_lanes(connection).values() if lane.account)
    done = 0
    while done < sends:
        claims, opened = claim_and_open(ctx, lane, min(TOGETHER, sends - done))
        assert claims, "nobody is left to send to"
        for claim in claims:
            assert isinstance(worker.perform(claim, opened=opened.get(claim)), Sent)
            done += 1


def measure(fresh: Fresh, sends: int) -> tuple[Taken, Taken, Tape]:
    """What a round took the floor and the product, and one round's statements."""
    urls = [fresh(name) for name in ("recorded", "floor", "ours")]
    plays = [ready(url, sends * ROUNDS) for url in urls]
    tapes = [_tape(plays[0], sends) for _ in range(ROUNDS)]
    raw = driver(urls[1])
    floor, ours = in_turn([[partial(play, tape, raw) for tape in tapes], [partial(send, plays[2], sends)] * ROUNDS])
    raw.close()
    for one in plays:
        one.ctx.db.close()
    return floor, ours, tapes[0]


def _tape(play_: Play, sends: int) -> Tape:
    with recording(play_.ctx.db) as tape:
        send(play_, sends)
    return tape


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sends", type=int, default=100, help="sends a round")
    parser.add_argument("--kind", choices=("sqlite", "postgres", "both"), default="both")
    given = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    worst = 1.0
    for kind in ("sqlite", "postgres") if given.kind == "both" else (given.kind,):
        with databases(kind) as fresh:
            floor, ours, tape = measure(fresh, given.sends)
        low, high = (each.clock / given.sends * 1e6 for each in (floor, ours))
        cpu = floor.cpu / ours.cpu
        calls, commits = tape.statements / given.sends, tape.commits / given.sends
        sys.stdout.write(
            f"{kind:<9} floor {low:7.0f} us a send ({1e6 / low:,.0f}/s)  runner {high:7.0f} us ({1e6 / high:,.0f}/s)  "
            f"ratio {low / high:.2f} by the clock, {cpu:.2f} by the processor  goal {GOAL}  "
            f"{calls:.1f} statements and {commits:.1f} commits a send\n"
        )
        worst = min(worst, low / high)
    return 0 if worst >= GOAL else 1


if __name__ == "__main__":
    sys.exit(main())
