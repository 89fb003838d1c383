"""`runner attempts`: what nobody knows the end of is listed, and settled by a person's word, once."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from runner.clocks import SystemClock
from runner.sandbox.smtp import SmtpSink

Run = Callable[..., Any]
SEQUENCE = """\
version: 1
name: quick
steps:
  - {id: intro, channel: email, template: note}
  - {id: call, channel: phone, condition: if intro_failed, template: script}
"""
PHONE = "version: 1\nchannel: phone\nname: desk_phone\n"
RUNNER_YAML = "version: 1\ntimezone: UTC\ncontact: {min_between: 0s}\n"
LOST = "reset-unseen.ada@example.com"
"""The sink takes it, and hangs up in place of the answer to the final dot."""


@pytest.fixture
def sink() -> Iterator[SmtpSink]:
    server = SmtpSink(SystemClock()).start()
    yield server
    server.stop()


@pytest.fixture
def doubtful(runner: Run, project: Path, sink: SmtpSink) -> Run:
    """A project in which nobody knows whether Ada's message went out, and Bob's did."""
    for stale in ("linkedin", "profile", "site"):
        (project / f"channel_configs/{stale}.yaml").unlink(missing_ok=True)
    config = project / "channel_configs/desk.yaml"
    server = f"smtp: {{host: 127.0.0.1, port: {sink.port}, security: 'off'}}\nlimits: {{per_day: 2}}"
    config.write_text(re.sub(r"smtp: .*", server, config.read_text()))
    (project / "channel_configs/desk_phone.yaml").write_text(PHONE)
    (project / "runner.yaml").write_text(RUNNER_YAML)
    (project / "sequences/quick.yaml").write_text(SEQUENCE)
    (project / "sequences/templates/script.md").write_text("Ask for {{ lead.first_name | default('them') }}\n")
    (project / "leads.csv").write_text(f"email,first_name,phone\n{LOST},Ada,+493012345678\nbob@example.com,Bob,\n")
    assert runner("db", "upgrade").returncode == 0
    assert runner("leads", "import", "leads.csv", "--list", "all").returncode == 0
    done = runner("serve", "--once", "--workers", "1")
    assert done.returncode == 0, done.stderr
    assert len(sink.accepted()) == 2
    return runner


def _undated(text: str) -> str:
    return re.sub(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(\+\d\d:\d\d)?", "DATE", text)


def _json(done: Any) -> Any:
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def _stands(runner: Run) -> tuple[str, str]:
    [said] = _json(runner("explain", LOST, "--format", "json"))["explanations"]
    return said["state"], said["why"]


def test_only_what_is_in_doubt_is_listed(doubtful: Run, golden: Any) -> None:
    golden("attempts_list.out", _undated(doubtful("attempts", "list").stdout))
    [row] = _json(doubtful("attempts", "list", "--format", "json"))["attempts"]
    assert (row["lead"], row["step"], row["status"], row["reason"]) == (LOST, "intro", "unknown", "no_answer_after_dot")
    golden("attempts_list_all.out", _undated(doubtful("attempts", "list", "--status", "all").stdout))
    assert "no attempt is failed" in doubtful("attempts", "list", "--status", "failed").stdout


def test_a_word_that_is_no_status_or_campaign_is_refused(doubtful: Run) -> None:
    typo = doubtful("attempts", "list", "--status", "unkown")
    assert typo.returncode == 2 and "'unkown' is not one of" in typo.stderr
    assert "no attempt" not in typo.stdout
    nowhere = doubtful("attempts", "list", "--campaign", "quik")
    assert (nowhere.returncode, nowhere.stdout) == (1, "")
    assert "there is no campaign `quik`" in nowhere.stderr
    assert LOST in doubtful("attempts", "list", "--campaign", "quick").stdout


def test_sent_ends_the_step_as_sent_and_nothing_goes_out_again(doubtful: Run, sink: SmtpSink, golden: Any) -> None:
    assert _stands(doubtful)[0] == "unknown"
    done = doubtful("attempts", "resolve", "1", "--sent", "--by", "grace")
    assert (done.returncode, done.stderr) == (0, "")
    golden("attempts_resolve_sent.out", done.stdout)
    assert doubtful("serve", "--once").returncode == 0
    assert len(sink.accepted()) == 2
    assert _stands(doubtful) == ("completed", "ended: call skipped")
    [row] = [row for row in _json(doubtful("attempts", "list", "--status", "sent", "--format", "json"))["attempts"]
             if row["lead"] == LOST]  # fmt: skip
    assert row["resolved_by"] == "grace"
    assert "grace" in doubtful("trace", "1").stdout


def test_not_sent_fails_the_step_gives_its_place_back_and_the_fallback_follows(doubtful: Run, sink: SmtpSink) -> None:
    Path("late.csv").write_text("email\ncy@example.com\n")
    assert doubtful("leads", "import", "late.csv", "--list", "all").returncode == 0
    assert doubtful("serve", "--once").returncode == 0
    assert len(sink.accepted()) == 2, "the account's two a day are used up while one of them is in doubt"
    said = _json(doubtful("attempts", "resolve", "1", "--not-sent", "--by", "grace", "--format", "json"))
    assert (said["done"], said["attempt"], said["sent"]) == ("attempt 1 was not sent", 1, False)
    assert doubtful("serve", "--once").returncode == 0
    assert [each.recipient for each in sink.accepted()][2:] == ["cy@example.com"], "nobody is tried a second time"
    state, why = _stands(doubtful)
    assert (state, why.partition(":")[0]) == ("task", "a person has to act")
    assert "failed" in doubtful("history", LOST).stdout.lower()
    assert doubtful("doctor", "--invariants").returncode == 0


def test_what_cannot_be_settled_says_why_and_changes_nothing(doubtful: Run, golden: Any) -> None:
    missing = doubtful("attempts", "resolve", "99", "--sent")
    bare = doubtful("attempts", "resolve", "1")
    certain = doubtful("attempts", "resolve", "2", "--not-sent")
    assert "Say what you found out: --sent or --not-sent." in bare.stderr
    assert doubtful("attempts", "resolve", "1", "--sent").returncode == 0
    again = doubtful("attempts", "resolve", "1", "--not-sent")
    assert [each.returncode for each in (missing, bare, certain, again)] == [1, 2, 1, 1]
    golden("attempts_resolve_refused.out", missing.stderr + certain.stderr + again.stderr)
    rows = _json(doubtful("attempts", "list", "--status", "sent", "--format", "json"))["attempts"]
    assert sorted(row["id"] for row in rows) == [1, 2]
