"""`runner tasks release`: a message by LinkedIn's official API goes out only at a person's word."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from two_letters import put_back

from runner.clocks import SystemClock
from runner.sandbox.linkedin import LinkedInSandbox
from runner.sandbox.linkedin_fates import profile_id

Run = Callable[..., Any]
ACCOUNT = """\
version: 1
channel: linkedin
name: profile
provider: official
base_url: URL
token: {file: secrets/token}
"""
SEQUENCE = """\
version: 1
name: quick
steps:
  - {id: write, channel: linkedin, action: message, template: note, next: {failed: end}}
"""


@pytest.fixture
def linkedin() -> Iterator[LinkedInSandbox]:
    sandbox = LinkedInSandbox(SystemClock()).start()
    yield sandbox
    sandbox.stop()


@pytest.fixture
def waiting(runner: Run, project: Path, linkedin: LinkedInSandbox) -> Run:
    """A project in which one message waits to be released."""
    (project / "channel_configs/profile.yaml").write_text(ACCOUNT.replace("URL", linkedin.url))
    (project / "sequences/quick.yaml").write_text(SEQUENCE)
    (project / "runner.yaml").write_text("version: 1\nlead_fields: {linkedin_person_id: {type: text}}\n")
    (project / "secrets").mkdir()
    (project / "secrets/token").write_text("token-ada\n")
    person = f"Ada,https://www.linkedin.com/in/already-ada,{profile_id('already-ada')}"
    (project / "leads.csv").write_text(f"first_name,linkedin_url,linkedin_person_id\n{person}\n")
    runner("db", "upgrade")
    runner("leads", "import", "leads.csv", "--list", "all")
    assert runner("serve", "--once").returncode == 0
    return runner


def test_the_task_says_whom_what_and_how(waiting: Run, golden: Any, linkedin: LinkedInSandbox) -> None:
    shown = waiting("tasks", "show", "1").stdout
    golden("release_show.out", re.sub(r"expires at: .*", "expires at: DATE", shown))
    assert linkedin.taken("message") == []


def test_released_it_goes_out_once_in_that_persons_name(waiting: Run, golden: Any, linkedin: LinkedInSandbox) -> None:
    done = waiting("tasks", "release", "1", "--by", "grace")
    assert done.returncode == 0, done.stderr
    golden("release_done.out", done.stdout)
    [record] = linkedin.taken("message")
    assert (record.path, record.account, record.public_id) == ("/rest/messages", "token-ada", "already-ada")
    again = waiting("tasks", "release", "1")
    assert again.returncode == 1
    assert "task 1 is released" in again.stderr
    assert len(linkedin.taken("message")) == 1
    [task] = json.loads(waiting("tasks", "list", "--all", "--format", "json").stdout)["tasks"]
    assert (task["status"], task["closed_by"]) == ("released", "grace")
    assert "grace" in waiting("trace", "1").stdout


def test_a_restored_database_releases_nothing_that_went_out_already(
    waiting: Run, project: Path, linkedin: LinkedInSandbox
) -> None:
    assert waiting("backup", "copy.db").returncode == 0
    assert waiting("tasks", "release", "1", "--by", "grace").returncode == 0
    put_back(project, project / "copy.db")
    refused = waiting("tasks", "release", "1", "--by", "grace")
    assert refused.returncode == 1
    assert "it was restored from a backup" in refused.stderr
    assert len(linkedin.taken("message")) == 1
    assert "already-ada" in waiting("tasks", "list").stdout, "the task is open still"


def test_after_an_opt_out_the_gate_refuses(waiting: Run, linkedin: LinkedInSandbox) -> None:
    waiting("suppress", "add", "https://www.linkedin.com/in/already-ada", "--reason", "asked by phone")
    done = waiting("tasks", "release", "1", "--by", "grace", "--format", "json")
    assert done.returncode == 1
    assert json.loads(done.stdout)["attempts"][0]["status"] == "cancelled"
    assert linkedin.taken("message") == []


TASKS = """\
version: 1
channel: linkedin
name: profile
provider: task
"""
TWO_STEPS = """\
version: 1
name: quick
steps:
  - {id: invite, channel: linkedin, action: connect}
  - {id: accepted, wait_for: invite.accepted, timeout: 7d}
  - {id: write, channel: linkedin, action: message, template: note}
"""


def test_what_a_person_did_and_saw_is_recorded_from_the_command_line(runner: Run, project: Path) -> None:
    (project / "channel_configs/profile.yaml").write_text(TASKS)
    (project / "sequences/quick.yaml").write_text(TWO_STEPS)
    (project / "runner.yaml").write_text("version: 1\ncontact: {min_between: 0s}\n")
    (project / "leads.csv").write_text("first_name,email,linkedin_url\nAda,ada@x.example,linkedin.com/in/ada\n")
    runner("db", "upgrade")
    runner("leads", "import", "leads.csv", "--list", "all")
    runner("serve", "--once")
    assert "linkedin.com/in/ada" in runner("tasks", "list").stdout
    assert "task 1 done" in runner("tasks", "done", "1", "--by", "grace").stdout
    assert "1 enrollments told" in runner("tasks", "report", "ada@x.example", "accepted").stdout
    runner("serve", "--once")
    assert "Hello Ada" in runner("tasks", "show", "2").stdout
    assert "1 enrollments told" in runner("tasks", "report", "ada@x.example", "replied").stdout
    assert "ended: replied" in runner("explain", "ada@x.example").stdout
    assert runner("tasks", "skip", "2").returncode == 1, "a reply closed it"


def test_doctor_sends_the_canary(runner: Run, project: Path, linkedin: LinkedInSandbox) -> None:
    (project / "channel_configs/profile.yaml").write_text(
        "version: 1\nchannel: linkedin\nname: profile\nprovider: voyager\naccept_terms_risk: true\n"
        f"base_url: {linkedin.url}\n"
        "cookies: {li_at: {env: RUNNER_SANDBOX_COOKIE}, jsessionid: {env: RUNNER_SANDBOX_COOKIE}}\n"
    )
    (project / "sequences/quick.yaml").write_text(SEQUENCE)
    (project / "channel_configs/desk.yaml").unlink()
    (project / "channel_configs/site.yaml").unlink()
    runner("db", "upgrade")
    rows = json.loads(runner("doctor", "--format", "json").stdout)["checks"]
    found = {row["check"]: row["verdict"] for row in rows if row["subject"] == "linkedin/profile"}
    assert set(found.values()) == {"ok"}
    assert {record.kind for record in linkedin.ledger.records()} == {"read"}
    linkedin.answer_account("sandbox", 999)
    asked = len(linkedin.ledger.records())
    done = runner("doctor", "--format", "json")
    assert done.returncode == 1
    assert "runner channels resume" in str(json.loads(done.stdout)["checks"])
    assert len(linkedin.ledger.records()) == asked + 1


def test_a_password_or_a_cookie_in_a_file_is_refused(runner: Run, project: Path) -> None:
    path = project / "channel_configs/profile.yaml"
    head = "version: 1\nchannel: linkedin\nname: profile\nprovider: voyager\naccept_terms_risk: true\n"
    path.write_text(head + "cookies: {li_at: AQEDAR-literal, jsessionid: {env: J}}\n")
    said = runner("validate").stderr
    assert "literal-secret" in said and "AQEDAR" not in said
    path.write_text(head + "username: ada\npassword: {env: P}\n")
    assert "unknown-key" in runner("validate").stderr
