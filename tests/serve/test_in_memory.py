"""A database in memory ends with its process: nothing is kept there that somebody could be written to twice for."""

from __future__ import annotations

from pathlib import Path

import pytest
from small_project import write_project

from runner.channels.wiring import ChannelSet
from runner.cli.main import main
from runner.errors import Refused
from runner.serve.app import App
from runner.serve.process import Options, run_service
from runner.testing import Play

MAIL = "version: 1\nname: play\nsteps:\n  - {id: mail, channel: email, template: hello}\n"


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:"])
@pytest.mark.parametrize("command", [("db", "upgrade"), ("serve", "--until-idle")])
def test_a_project_cannot_be_kept_in_memory(
    command: tuple[str, ...],
    url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(write_project(tmp_path / "project"))
    monkeypatch.setenv("RUNNER_DATABASE", url)
    with pytest.raises(SystemExit) as ended:
        main([*command])
    assert ended.value.code == 2
    said = capsys.readouterr().err
    assert f"the database {url} is in memory and ends with this command" in said
    assert "sqlite:///runner.db" in said


def test_a_database_in_memory_is_not_served() -> None:
    with pytest.raises(Refused, match="a database in memory cannot be served"):
        run_service(App(Play(MAIL).ctx, ChannelSet({}), Path()), Options(until_idle=True))
