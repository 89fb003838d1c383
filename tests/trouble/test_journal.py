"""The journal, while `serve` runs: what the database does not know stops the sending, and so does its own trouble."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

from serving import Serving, serving

from runner.store.journal import Journal
from runner.store.restoring import HELP, is_restored, reconcile, sent_since
from runner.store.suppressions import suppress

PEOPLE = 8


def _assert_nothing_goes_out(run: Serving) -> None:
    pause = threading.Event()
    pause.wait(0.3)
    before = run.sent()
    pause.wait(0.7)
    assert run.sent() == before


def test_a_running_serve_notices_that_the_database_became_older_and_goes_on_when_reconciled(tmp_path: Path) -> None:
    journal = Journal(tmp_path, "here")
    with serving(f"sqlite:///{tmp_path / 'runner.db'}", PEOPLE, journal=journal) as run:
        run.wait(lambda: run.sent() >= 3)
        newest = journal.newest()[-1]
        journal.add(replace(newest, key="unknown-to-the-database", who="somebody else", step="elsewhere"))
        run.wait(lambda: run.logged("database.restored"))
        _assert_nothing_goes_out(run)
        [told] = run.logged("database.restored")
        assert told["help"] == HELP
        with run.db.read() as connection:
            assert is_restored(connection)
        assert [line.key for line in sent_since(run.play.ctx)] == ["unknown-to-the-database"]
        reconcile(run.play.ctx, sent_since(run.play.ctx))
        run.finish()
        assert len(run.logged("database.reconciled")) == 1


def test_a_journal_that_cannot_be_written_lets_nothing_out(tmp_path: Path) -> None:
    in_the_way = tmp_path / ".runner"
    in_the_way.write_text("a file where the folder should be")
    with serving(f"sqlite:///{tmp_path / 'runner.db'}", PEOPLE, journal=Journal(tmp_path, "here")) as run:
        run.wait(lambda: run.logged("database.unavailable"))
        _assert_nothing_goes_out(run)
        assert run.sent() == 0
        assert run.logged("database.unavailable")[0]["help"] == "make the folder writable"
        in_the_way.unlink()
        run.finish()


def test_opt_outs_are_noted_beside_the_database(tmp_path: Path) -> None:
    journal = Journal(tmp_path, "here")
    with serving(f"sqlite:///{tmp_path / 'runner.db'}", 1, journal=journal) as run:
        with run.db.write() as connection:
            key, now = run.play.ctx.key, run.play.ctx.now()
            suppress(connection, key, "address", "ada@example.com", reason="asked", actor="test", now=now)
        run.wait(lambda: list(journal.opt_outs()))
        run.finish()
    [noted] = journal.opt_outs()
    assert (noted.kind, noted.reason, "ada@" in noted.label) == ("address", "asked", False)
