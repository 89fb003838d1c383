"""Power cuts under the real schema and the store's own statements: no intent that was committed is forgotten."""

from __future__ import annotations

import copy
import random
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import pytest
from power import Disk, database_on
from serving import NO_PAUSE, Ledger

import runner.channels.worker as worker_module
from runner.clocks import ManualClock
from runner.engine.outcomes import Outcome
from runner.model.channel import ChannelType
from runner.store.claims import rescue
from runner.store.context import Context
from runner.store.database import open_database
from runner.store.invariants import broken
from runner.store.results import record
from runner.store.schema import upgrade
from runner.store.work import Work
from runner.testing import Play

SEQUENCE = """\
version: 1
name: cuts
steps:
  - {id: first, channel: email, template: hello}
  - {id: pause, wait: 1d}
  - {id: second, channel: email, template: hello}
"""
PEOPLE = 6
KNOWN = """\
SELECT e.lead_id, s.step, a.status FROM outreach_attempts a JOIN step_runs s ON s.id = a.step_run_id
JOIN enrollments e ON e.id = a.enrollment_id
WHERE a.intent_at IS NOT NULL AND a.status IN ('sending', 'sent', 'unknown')
"""


@dataclass(slots=True)
class Found:
    """What the cuts came to."""

    cuts: int = 0
    intents: int = 0
    forgotten: int = 0
    corrupt: int = 0
    unrecorded: int = 0
    resumed: int = 0
    twice: int = 0


@dataclass(slots=True)
class CutLedger(Ledger):
    """A channel at whose irrevocable byte the power may fail."""

    at_the_byte: Callable[[], None] = lambda: None

    def pause(self) -> None:
        self.at_the_byte()


@dataclass(slots=True)
class Life:
    """One run of the engine on a disk that is cut again and again; the run itself goes on behind the cuts."""

    folder: Path
    seed: int
    found: Found
    pragmas: tuple[str, ...]
    recorded: set[tuple[int, str]] = field(default_factory=set)
    play: Play = field(init=False)
    ledger: CutLedger = field(init=False)
    disk: Disk = field(init=False)
    draw: random.Random = field(init=False)

    def run(self) -> None:
        """Play to the end, with a cut at many a byte and between many a write."""
        self.draw, self.disk = random.Random(self.seed), Disk(f"power-{self.seed}")
        checkpoint = f"PRAGMA wal_autocheckpoint={(4, 1000, 20)[self.seed % 3]}"
        db = database_on(self.disk, self.folder / "runner.db", checkpoint, *self.pragmas)
        upgrade(db)
        self.play = Play(SEQUENCE, [{"email": f"p{n}@example.com"} for n in range(PEOPLE)], db=db, settings=NO_PAUSE)
        self.ledger = CutLedger(at_the_byte=lambda: self._maybe(0.8))
        self.play.channels[ChannelType.EMAIL] = self.ledger  # type: ignore[assignment]
        self.disk.on_write = self._between_writes
        try:
            self.play.run()
        finally:
            self.disk.on_write = lambda: None
            db.close()
            self.disk.unregister()

    def _between_writes(self) -> None:
        self._maybe(0.02)

    def _maybe(self, chance: float) -> None:
        if self.draw.random() < chance:
            self._cut()

    def _cut(self) -> None:
        found = self.found
        found.cuts += 1
        after = self.folder / f"cut-{found.cuts}.db"
        self.disk.cut(self.folder / "runner.db", after, self.draw)
        sent = set(self.ledger.entries)
        found.intents += len(sent)
        try:
            with closing(sqlite3.connect(after)) as connection:
                whole = connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
                known = {(lead, step): status for lead, step, status in connection.execute(KNOWN)} if sent else {}
        except sqlite3.OperationalError:  # not even the tables are there
            whole, known = True, {}
        except sqlite3.DatabaseError:
            whole, known = False, {}
        found.corrupt += not whole
        found.forgotten += len(sent - set(known))
        found.unrecorded += sum(known.get(each) != "sent" for each in self.recorded)
        if found.cuts % 10 == 0 and whole and sent <= set(known):
            self._go_on(after)
        for path in self.folder.glob(f"{after.name}*"):
            path.unlink()

    def _go_on(self, after: Path) -> None:
        """What a new `serve` makes of what the cut left: everybody gets to the end, nobody gets anything twice."""
        twin, db = copy.copy(self.play), open_database(f"sqlite:///{after}")
        now = self.play.clock.now()
        twin.clock, twin.machine, twin.holds = ManualClock(now), ManualClock(now + timedelta(hours=1)), {}
        twin.ctx = replace(self.play.ctx, db=db, clock=twin.clock, machine=twin.machine)
        second = Ledger(seconds=0, entries=list(self.ledger.entries))
        twin.channels = {ChannelType.EMAIL: second}  # type: ignore[dict-item]
        rescue(twin.ctx)
        twin.run()
        self.found.resumed += 1
        self.found.twice += len(second.twice()) + len(broken(twin.ctx))
        assert all(twin.status(lead)[0] == "completed" for lead in range(1, PEOPLE + 1))
        db.close()


def _cuts(folder: Path, monkeypatch: pytest.MonkeyPatch, wanted: int, *pragmas: str) -> Found:
    found, seed = Found(), 0
    while found.cuts < wanted:
        seed += 1
        home = folder / str(seed)
        home.mkdir()
        life = Life(home, seed, found, pragmas)

        def remember(ctx: Context, work: Work, outcome: Outcome, life: Life = life) -> bool:
            kept = record(ctx, work, outcome)
            if ctx.db is life.play.ctx.db:
                life.recorded.add((work.lead.id, work.step))
            return kept

        monkeypatch.setattr(worker_module, "record", remember)
        life.run()
        shutil.rmtree(home)
    print(found)
    return found


def _assert_nothing_forgotten(found: Found) -> None:
    assert found.intents > 0
    assert (found.forgotten, found.unrecorded, found.corrupt, found.twice) == (0, 0, 0, 0)
    assert found.resumed > 0


def test_a_power_cut_forgets_no_intent_and_no_result(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _assert_nothing_forgotten(_cuts(tmp_path, monkeypatch, 20))


def test_with_weaker_settings_the_same_cuts_do_forget(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = _cuts(tmp_path, monkeypatch, 20, "PRAGMA synchronous=NORMAL")
    assert found.forgotten > 0


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_five_hundred_power_cuts_forget_no_intent_and_no_result(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _assert_nothing_forgotten(_cuts(tmp_path, monkeypatch, 500))
