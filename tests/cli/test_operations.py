"""The command line on a real project and database: what an operator does in a day, and what goes wrong."""

from __future__ import annotations

import gc
import json
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest

Run = Callable[..., Any]
LEADS = "email,first_name\nada@example.com,Ada\nbob@example.com,Bob\nnot an address,Eve\n"


def _with_leads(runner: Run, project: Path) -> None:
    (project / "leads.csv").write_text(LEADS)
    assert runner("db", "upgrade").returncode == 0
    done = runner("leads", "import", "leads.csv", "--list", "all", "--format", "json")
    assert done.returncode == 1, "a rejected row is a problem, and the good ones are in"
    assert json.loads(done.stdout)["rejected"]


def test_a_day_of_an_operator(runner: Run, project: Path, golden: Any) -> None:
    _with_leads(runner, project)
    runner("serve", "--dry-run")
    assert "enrolled" in runner("enroll", "quick", "ada@example.com", "bob@example.com").stdout
    assert "due" in runner("explain", "ada@example.com").stdout
    assert runner("pause", "ada@example.com", "--reason", "on holiday").returncode == 0
    paused = runner("explain", "ada@example.com")
    assert "paused" in paused.stdout and "on holiday" in paused.stdout
    assert runner("resume", "ada@example.com").returncode == 0
    assert runner("stop", "bob@example.com").returncode == 0
    assert "stopped by hand" in runner("explain", "bob@example.com").stdout
    metrics = json.loads(runner("metrics", "quick", "--format", "json").stdout)
    assert metrics["enrollments"] == {"active": 1, "stopped: stopped by hand": 1}
    assert json.loads(runner("history", "ada@example.com", "--format", "json").stdout)["history"] == []
    assert "paused" in runner("trace", "1").stdout
    assert "no task is open" in runner("tasks", "list").stdout
    assert "no attempt is unknown" in runner("attempts", "list").stdout
    overlay = runner("channels", "set", "quick", "email", "--config", '{"limits": {"per_day": 3}}',
                     "--author", "ops", "--reason", "quiet week")  # fmt: skip
    golden("channels_set.out", overlay.stdout)
    switched = runner("channels", "set", "quick", "linkedin", "--config", '{"enabled": false}',
                      "--author", "ops", "--reason", "quiet week", "--format", "json")  # fmt: skip
    assert json.loads(switched.stdout)["overlay"] == {"enabled": False}
    golden("channels_show_campaign.out", runner("channels", "show", "quick").stdout)
    assert json.loads(runner("channels", "show", "quick", "--format", "json").stdout)["email"]["overlay"]
    assert "email/desk" in runner("channels", "show").stdout
    assert runner("doctor", "--invariants").returncode == 0
    backup = runner("backup", "copy.db")
    assert backup.returncode == 0 and (project / "copy.db").stat().st_size > 0
    assert runner("backup", "copy.db").returncode == 1


def test_a_lead_in_no_campaign_is_told_why(runner: Run, project: Path) -> None:
    (project / "leads.csv").write_text("email\nada@example.com\n")
    runner("db", "upgrade")
    runner("leads", "import", "leads.csv", "--list", "others")
    runner("serve", "--once", "--dry-run")
    said = runner("explain", "ada@example.com").stdout
    assert "does not match" in said and "others" in said


def test_a_broken_sequence_stops_serve_with_its_place_and_remedy(runner: Run, project: Path) -> None:
    runner("db", "upgrade")
    path = project / "sequences" / "quick.yaml"
    path.write_text(path.read_text().replace("template: note", "templat: note", 1))
    done = runner("serve", "--once")
    assert done.returncode == 1
    assert "quick.yaml:4" in done.stderr and "did you mean `template`?" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_missing_secret_is_named_with_its_variable(runner: Run, project: Path) -> None:
    runner("db", "upgrade")
    done = runner("serve", "--once", RUNNER_SANDBOX_COOKIE="")
    assert done.returncode == 1
    assert "RUNNER_SANDBOX_COOKIE" in done.stderr and "linkedin/profile" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_dry_run_needs_no_secret_and_writes_no_attempt(runner: Run, project: Path) -> None:
    _with_leads(runner, project)
    runner("enroll", "quick", "ada@example.com")
    done = runner("serve", "--dry-run", RUNNER_SANDBOX_COOKIE="")
    assert done.returncode == 0 and "ada@example.com" in done.stdout and "nothing was sent" in done.stdout
    assert json.loads(runner("history", "ada@example.com", "--format", "json").stdout)["history"] == []


def test_an_unreachable_database_is_said_in_words(runner: Run) -> None:
    done = runner("serve", "--once", RUNNER_DATABASE="postgresql://nobody@127.0.0.1:1/nothing")
    assert done.returncode == 1
    assert "127.0.0.1" in done.stderr and "help:" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_database_that_was_never_made_says_how_to_make_it(runner: Run) -> None:
    done = runner("serve", "--once")
    assert done.returncode == 1 and "runner db upgrade" in done.stderr


def test_a_csv_without_a_column_that_names_a_person_is_refused_whole(runner: Run, project: Path) -> None:
    runner("db", "upgrade")
    (project / "leads.csv").write_text("emial,frist\nada@example.com,Ada\n")
    done = runner("leads", "import", "leads.csv", "--list", "all")
    assert done.returncode == 2 and "emial" in done.stderr and "Traceback" not in done.stderr


def test_an_unknown_command_gets_a_suggestion(runner: Run) -> None:
    done = runner("validte")
    assert done.returncode == 2 and "Did you mean `validate`?" in done.stderr


def test_two_serves_on_one_sqlite_file_are_refused(runner: Run, project: Path) -> None:
    import fcntl

    runner("db", "upgrade")
    with (project / "runner.db.serve-lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = runner("serve", "--once")
    assert done.returncode == 1 and "another `runner serve`" in done.stderr


def test_a_database_used_with_another_key_is_refused(runner: Run, project: Path) -> None:
    runner("db", "upgrade")
    (project / ".runner" / "key").write_text("0" * 64)
    done = runner("channels", "show")
    assert done.returncode == 1 and "another key" in done.stderr


def test_serve_does_not_start_on_a_database_that_may_forget(runner: Run, postgres_url: str) -> None:
    forgetful = f"{postgres_url}?options=-csynchronous_commit%3Doff"
    assert runner("db", "upgrade", RUNNER_DATABASE=forgetful).returncode == 0
    refused = runner("serve", "--once", RUNNER_DATABASE=forgetful)
    assert refused.returncode == 1
    assert refused.stderr == (
        "error: PostgreSQL runs with synchronous_commit=off: commits may be lost\n"
        "  help: set synchronous_commit = on before sending\n"
    )


def test_a_send_by_hand_wants_a_database_that_does_not_forget_too(
    runner: Run, project: Path, postgres_url: str
) -> None:
    forgetful = f"{postgres_url}?options=-csynchronous_commit%3Doff"
    (project / "leads.csv").write_text("email\nada@a.example\n")
    for command in (("db", "upgrade"), ("leads", "import", "leads.csv", "--list", "all"), ("enroll", "quick", "1")):
        assert runner(*command, RUNNER_DATABASE=forgetful).returncode == 0
    refused = runner("send", "quick", "1", "--channels", "email", RUNNER_DATABASE=forgetful)
    assert refused.returncode == 1
    assert "synchronous_commit=off: commits may be lost" in refused.stderr


def test_a_campaign_that_paused_by_itself_is_shown_and_resumed(runner: Run, project: Path) -> None:
    from runner.clocks import SystemClock
    from runner.store.database import open_database
    from runner.store.guardrails import GUARD
    from runner.store.health import open_problem
    from runner.store.switching import set_switch

    _with_leads(runner, project)
    runner("serve", "--once", "--dry-run")
    assert runner("resume", "--campaign", "quick").returncode == 1, "nothing is paused yet"
    db, now = open_database(f"sqlite:///{project / 'runner.db'}"), SystemClock().now()
    with db.write() as connection:
        set_switch(connection, "campaign:quick", reason="3 of its last 50 messages bounced", actor=GUARD, now=now)
        open_problem(connection, "campaign:quick", "bounced_rate", "campaign quick was paused", "clean the list", now)
    db.close()
    assert "switched off: 3 of its last 50 messages bounced" in runner("metrics", "quick").stdout
    problems = [row for row in json.loads(runner("doctor", "--offline", "--format", "json").stdout)["checks"]
                if row["check"] == "problem"]  # fmt: skip
    assert [row["subject"] for row in problems] == ["campaign:quick"]
    assert runner("resume", "ada@example.com", "--campaign", "quick").returncode == 1, "one person is not the campaign"
    done = runner("resume", "--campaign", "quick", "--format", "json")
    assert done.returncode == 0 and json.loads(done.stdout)["result"] == [{"resumed": 0, "campaigns": 1}]
    assert "switched off" not in runner("metrics", "quick").stdout


def test_a_serve_that_does_not_start_leaves_no_connection_behind(
    runner: Run, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RUNNER_DATABASE", postgres_url)
    assert runner("db", "upgrade").returncode == 0
    forgetful = f"{postgres_url}?options=-csynchronous_commit%3Doff"
    gc.disable()  # which would close them sooner or later, with a warning
    try:
        assert runner("serve", "--once", RUNNER_DATABASE=forgetful).returncode == 1
        assert runner("serve", "--once", RUNNER_SANDBOX_COOKIE="").returncode == 1
        with psycopg.connect(postgres_url) as connection:
            others = (
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            deadline = time.monotonic() + 5  # a backend that was left takes a moment to end
            while (left := connection.execute(others).fetchone()) != (0,) and time.monotonic() < deadline:
                threading.Event().wait(0.05)
                connection.rollback()
        assert left == (0,)
    finally:
        gc.enable()
