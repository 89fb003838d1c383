"""`runner tasks release`: a message by LinkedIn's official API goes out only at a person's word."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

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


def test_after_an_opt_out_the_gate_refuses(waiting: Run, linkedin: LinkedInSandbox) -> None:
    waiting("suppress", "add", "https://www.linkedin.com/in/already-ada", "--reason", "asked by phone")
    done = waiting("tasks", "release", "1", "--by", "grace", "--format", "json")
    assert done.returncode == 1
    assert json.loads(done.stdout)["attempts"][0]["status"] == "cancelled"
    assert linkedin.taken("message") == []
