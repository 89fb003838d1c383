"""A backup put back into service: noticed, stopped, reconciled; and nobody is written to twice, not even after it."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from two_letters import add_people, put_back, remove_database, write_account, write_two_letters

from runner.channels.wiring import ChannelSet
from runner.clocks import ManualClock
from runner.engine.outcomes import Outcome, Permit, Sent
from runner.engine.ports import Gate, Job
from runner.lang.diagnostics import Diagnostic
from runner.model.channel import ChannelType
from runner.serve.app import build
from runner.serve.until_idle import JumpingRun
from runner.store.restoring import note_opt_outs

Run = Callable[..., Any]
ACCOUNT = """\
from: {name: Ada, address: ada@lumen.example}
smtp: {host: smtp.lumen.example, port: 587, security: starttls}
limits: {per_day: 5}
"""
BEGUN = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
DAY = timedelta(days=1)


@dataclass(slots=True)
class Post:
    """A channel that keeps who got what, by address."""

    got: list[tuple[str | None, str, datetime]] = field(default_factory=list)

    def check(self, config: object) -> Sequence[Diagnostic]:
        return ()

    def prepare(self, job: Job) -> _Letter:
        return _Letter(self, job)

    def close(self) -> None:
        return None

    def twice(self) -> list[Any]:
        return [each for each, times in Counter((who, step) for who, step, _ in self.got).items() if times > 1]


@dataclass(frozen=True, slots=True)
class _Letter:
    post: Post
    job: Job

    def fire(self, gate: Gate) -> Outcome:
        verdict = gate()
        if not isinstance(verdict, Permit):
            return verdict
        self.post.got.append((self.job.lead.email, self.job.step, self.job.now))
        return Sent(f"<{self.job.key}@x>")

    def abandon(self) -> None:
        return None


@dataclass(slots=True)
class Place:
    """A project, its clock, its post, and a way to let it run for a while."""

    root: Path
    runner: Run
    clock: ManualClock = field(default_factory=lambda: ManualClock(BEGUN))
    post: Post = field(default_factory=Post)

    def run(self, until: datetime) -> None:
        app = build(
            self.root, clock=self.clock, machine=self.clock, channel_set=ChannelSet({ChannelType.EMAIL: self.post})
        )
        dispatcher = app.dispatcher(workers=1)
        JumpingRun(app, self.clock, dispatcher, limit=until - self.clock.now()).run()
        dispatcher.drain()
        assert app.ctx.journal is not None
        note_opt_outs(app.ctx, app.ctx.journal, 0)
        app.close()
        self.clock.jump_to(until)

    def add(self, *people: str) -> None:
        add_people(self.root, self.runner, *people)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    root = write_two_letters(tmp_path / "project", pause="1d")
    write_account(root, ACCOUNT)
    return root


@pytest.fixture
def place(project: Path, runner: Run) -> Place:
    assert runner("db", "upgrade").returncode == 0
    return Place(project, runner)


def _until_restored(place: Place, back_up: Callable[[], None], restore: Callable[[], None]) -> None:
    """Two days of which the restored database knows only the first."""
    place.add("ada@a.example", "bob@b.example", "cy@c.example")
    place.run(BEGUN + timedelta(hours=20))
    back_up()
    place.add("eve@e.example")
    assert place.runner("suppress", "add", "cy@c.example", "--reason", "asked by phone").returncode == 0
    place.run(BEGUN + timedelta(hours=30))
    restore()


def _refuses_then_goes_on(place: Place) -> None:
    before = list(place.post.got)
    assert len(before) == 6, "three firsts; two seconds, for one opted out; and the first of the late comer"
    said = place.runner("serve", "--dry-run").stderr
    assert "error: the database is older than what was sent: it was restored from a backup; nothing is sent\n" in said
    assert "  help: `runner db reconcile` shows what went out since, and lets sending go on\n" in said
    by_hand = place.runner("send", "two", "ada@a.example", "--channels", "email")
    assert by_hand.returncode == 1 and "it was restored from a backup" in by_hand.stderr
    place.run(BEGUN + timedelta(hours=31))
    assert place.post.got == before, "not a byte before it is reconciled"
    assert "restored from a backup" in place.runner("explain", "ada@a.example").stdout
    shown = place.runner("db", "reconcile", "--format", "json")
    assert shown.returncode == 1
    assert sorted(row["step"] for row in json.loads(shown.stdout)["sends"]) == ["first", "second", "second"]
    accepted = place.runner("db", "reconcile", "--accept")
    assert (accepted.returncode, accepted.stdout) == (0, "3 sends and 1 opt-outs were taken over; sending goes on\n")
    place.add("eve@e.example")
    place.run(BEGUN + 10 * DAY)
    assert place.post.twice() == []
    assert Counter(step for _, step, _ in place.post.got) == {"first": 4, "second": 3}
    assert ("cy@c.example", "second") not in {(who, step) for who, step, _ in place.post.got}
    times = sorted(at for *_, at in place.post.got)
    assert all(late - early >= DAY for early, late in zip(times, times[5:], strict=False)), "the limit of five a day"
    assert place.runner("db", "reconcile").returncode == 0
    assert place.runner("doctor", "--invariants").returncode == 0


def test_a_restored_file_sends_nothing_until_it_is_reconciled_and_then_nothing_twice(place: Place) -> None:
    root, copy = place.root, place.root / "copy.db"
    _until_restored(place, lambda: place.runner("backup", "copy.db") and None, lambda: put_back(root, copy))
    _refuses_then_goes_on(place)


def test_a_postgresql_restored_from_an_old_dump_is_noticed_too(
    project: Path, runner: Run, postgres_databases: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    live = postgres_databases.create()
    monkeypatch.setenv("RUNNER_DATABASE", live)
    assert runner("db", "upgrade").returncode == 0
    place, dumps = Place(project, runner), []

    def dump() -> None:
        name = live.rpartition("/")[2]
        with psycopg.connect(postgres_databases.admin_url, autocommit=True) as admin:  # a template is in use by nobody
            admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
        dumps.append(postgres_databases.create(name))

    _until_restored(place, dump, lambda: monkeypatch.setenv("RUNNER_DATABASE", dumps[0]))
    _refuses_then_goes_on(place)


def test_a_project_moved_with_its_database_goes_on(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.add("ada@a.example")
    place.run(BEGUN + timedelta(hours=1))
    elsewhere = tmp_path / "elsewhere"
    shutil.copytree(place.root, elsewhere)
    monkeypatch.chdir(elsewhere)
    moved = Place(elsewhere, place.runner, place.clock, place.post)
    assert "restored" not in place.runner("serve", "--dry-run").stderr
    moved.run(BEGUN + 3 * DAY)
    assert [step for _, step, _ in place.post.got] == ["first", "second"]


def test_a_fresh_database_beside_an_old_journal_goes_on(place: Place) -> None:
    place.add("ada@a.example")
    place.run(BEGUN + timedelta(hours=1))
    remove_database(place.root)
    assert place.runner("db", "upgrade").returncode == 0
    assert "restored" not in place.runner("serve", "--dry-run").stderr
    place.add("bob@b.example")
    place.run(BEGUN + 3 * DAY)
    assert [(who, step) for who, step, _ in place.post.got[1:]] == [
        ("bob@b.example", "first"),
        ("bob@b.example", "second"),
    ]


def test_the_journal_names_nobody(place: Place) -> None:
    place.add("ada@a.example")
    place.run(BEGUN + 3 * DAY)
    [journal] = (place.root / ".runner" / "sent").glob("*-03")
    assert journal.stat().st_mode & 0o777 == 0o600
    lines = [json.loads(line) for line in journal.read_text().splitlines()]
    assert [line["step"] for line in lines] == ["first", "second"]
    assert "ada" not in journal.read_text()
