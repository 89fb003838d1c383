"""`runner inbox classify`: what it prints, in both formats, and what it says of a file it cannot read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from runner.cli.inbox import inbox
from runner.cli.main import main

DATA = Path(__file__).parents[1] / "data"
BOUNCE = DATA / "bounces" / "mail" / "lhost-postfix-57.eml"
ABSENCE = DATA / "auto_replies" / "21-de-outlook.eml"


def run(*arguments: str) -> str:
    result = CliRunner().invoke(inbox, ["classify", *arguments])
    assert result.exit_code == 0, result.output
    return result.output


def test_json_lists_one_object_a_file_in_order(tmp_path: Path) -> None:
    reply = tmp_path / "reply.eml"
    reply.write_bytes(b"From: g@navy.example\nIn-Reply-To: <k1@lumen.example>\n\nYes.\n\n> earlier\n")
    listed = json.loads(run(str(BOUNCE), str(reply), str(ABSENCE), "--format", "json"))
    assert [each["kind"] for each in listed] == ["bounce", "reply", "auto_reply"]
    assert all(list(each) == ["kind", "recipients", "message_id", "return_date", "new_text", "rule"] for each in listed)
    assert list(listed[0]["recipients"][0]) == ["address", "hard", "status", "reply_code", "reason"]
    assert listed[0]["recipients"][0]["hard"] is True
    assert (listed[1]["message_id"], listed[1]["new_text"]) == ("<k1@lumen.example>", "Yes.")
    assert listed[2]["return_date"] == "2026-12-04"


def test_text_says_what_follows() -> None:
    shown = run(str(BOUNCE), str(ABSENCE))
    assert "bounce (delivery-status)" in shown
    assert "userunknown, the address is dead (550 5.2.1)" in shown
    assert "away until 2026-12-04" in shown


def test_mail_from_an_address_of_ours_is_never_a_reply(tmp_path: Path) -> None:
    own = tmp_path / "own.eml"
    own.write_bytes(b"From: ada@lumen.example\n\nhello")
    assert "other (own-mail)" in run(str(own), "--own", "Ada@Lumen.example")


def test_the_day_of_arrival_can_be_given(tmp_path: Path) -> None:
    note = tmp_path / "note.eml"
    note.write_bytes(b"From: g@navy.example\nAuto-Submitted: auto-replied\n\nBack on Monday.")
    shown = json.loads(run(str(note), "--received", "2026-11-26", "--format", "json"))
    assert shown[0]["return_date"] == "2026-11-30"


def test_a_file_that_is_not_there_is_bad_usage(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["inbox", "classify", "nowhere.eml"])
    assert caught.value.code == 2
    assert "nowhere.eml cannot be read" in capsys.readouterr().err
