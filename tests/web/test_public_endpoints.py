"""The endpoints as `serve` starts them: from the link in a message to the person who is written to no more."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import requests
from dovecot_server import free_port
from sqlalchemy import select

import runner.store.database
from runner.channels.links import links_of
from runner.cli.metrics import print_funnel
from runner.model.channel import ChannelType
from runner.model.project import ProjectSettings
from runner.serve.public import start_public
from runner.store.database import open_database
from runner.store.erasing import erase
from runner.store.histories import channel_metrics, outreach_history
from runner.store.people import load_leads
from runner.store.suppressions import suppressed_by
from runner.store.tables import events, step_runs
from runner.testing import Play
from sequences import two_steps

TWO = two_steps("1d", "channel: linkedin, action: message, template: hello")
ADA = {"email": "ada@navy.example", "phone": "+442079460999", "linkedin_urn": "u1"}


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Play]:
    """Somebody was written to, by a project that has public endpoints."""
    monkeypatch.setattr(runner.store.database, "BUSY_TIMEOUT_MS", 200)
    port = free_port()
    settings = ProjectSettings(web={"base_url": f"http://127.0.0.1:{port}", "port": port})
    db = open_database(f"sqlite:///{tmp_path / 'runner.db'}", create=True)
    made = Play(TWO, [ADA], settings=settings, db=db)
    made.settle()
    yield made
    db.close()


def link(run: Play) -> str:
    """The opt-out link of the first message."""
    with run.ctx.db.read() as connection:
        key = connection.execute(select(step_runs.c.key).where(step_runs.c.step == "first")).scalar_one()
    links = links_of(run.ctx.book.project, run.ctx.key)
    assert links is not None
    return links.unsubscribe(key)


def ask(method: str, url: str) -> requests.Response:
    with requests.Session() as session:
        session.trust_env = False
        data = {"List-Unsubscribe": "One-Click"} if method == "POST" else None
        return session.request(method, url, data=data, timeout=10, allow_redirects=False)


def test_a_one_click_opt_out_closes_every_channel_at_once(run: Play) -> None:
    server = start_public(lambda: run.ctx)
    assert server is not None
    assert ask("GET", link(run)).status_code == 200
    assert run.status(1)[0] == "waiting", "a scanner that opens the link opts nobody out"
    for _ in range(2):
        assert ask("POST", link(run)).status_code == 200
    assert run.status(1) == ("stopped", "unsubscribed")
    with run.ctx.db.read() as connection:
        lead = load_leads(connection, [1])[1]
        assert all(suppressed_by(connection, run.ctx.key, lead, channel) for channel in ChannelType)
        assert connection.execute(select(events.c.kind)).scalars().all() == ["unsubscribed"]
    run.run()
    assert run.path(1) == ["first sent", "rest ..."]
    server.stop()


def test_an_opt_out_that_the_database_cannot_take_now_is_asked_for_again(run: Play, tmp_path: Path) -> None:
    server = start_public(lambda: run.ctx)
    assert server is not None
    other = sqlite3.connect(tmp_path / "runner.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    assert ask("POST", link(run)).status_code == 503
    other.execute("ROLLBACK")
    other.close()
    assert ask("POST", link(run)).status_code == 200
    assert run.status(1) == ("stopped", "unsubscribed")
    server.stop()


@pytest.mark.parametrize("web", [{}, {"port": 1, "enabled": False}], ids=["no port", "switched off"])
def test_nothing_listens_where_the_files_do_not_ask_for_it(web: dict[str, object]) -> None:
    run = Play(TWO, [], settings=ProjectSettings(web=web))
    assert start_public(lambda: run.ctx) is None


BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
PROXY = "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)"
CLICKED = """\
version: 1
name: two
steps:
  - {id: first, channel: email, template: hello}
  - {id: clicked, wait_for: first.clicked, timeout: 3d}
  - {id: second, channel: linkedin, action: message, condition: if first.opened or first.clicked, template: hello}
"""


def _fetch(url: str, agent: str) -> int:
    with requests.Session() as session:
        session.trust_env = False
        return session.get(url, headers={"User-Agent": agent}, timeout=10, allow_redirects=False).status_code


@pytest.fixture
def tracked(tmp_path: Path) -> Iterator[tuple[Play, str, str]]:
    """Somebody was written to, with a picture that tells of opening and a link that tells of a click."""
    port = free_port()
    settings = ProjectSettings(web={"base_url": f"http://127.0.0.1:{port}", "port": port})
    db = open_database(f"sqlite:///{tmp_path / 'runner.db'}", create=True)
    run = Play(CLICKED, [ADA], settings=settings, db=db)
    run.settle()
    server = start_public(lambda: run.ctx)
    assert server is not None
    links = links_of(run.ctx.book.project, run.ctx.key)
    assert links is not None
    with db.read() as connection:
        key = connection.execute(select(step_runs.c.key).where(step_runs.c.step == "first")).scalar_one()
    yield run, links.opened(key), links.clicked(key, "https://lumen.example/x")
    server.stop()
    db.close()


def test_machines_that_open_and_click_are_counted_apart_and_drive_nothing(tracked: tuple[Play, str, str]) -> None:
    run, picture, target = tracked
    assert (_fetch(picture, BROWSER), _fetch(target, BROWSER)) == (200, 302), "within the second of the send"
    run.advance_to(run.clock.now() + timedelta(hours=1))
    for _ in range(3):
        assert _fetch(picture, PROXY) == 200
    assert run.status(1) == ("waiting", "event")
    assert channel_metrics(run.ctx, "play")["opened"] == {"machines_clicked": 1, "machines_opened": 1}
    seen = [(row["status"], row["reason"]) for row in outreach_history(run.ctx, 1) if row["entry"] == "event"]
    assert seen == [("opened", "machine: too_soon"), ("clicked", "machine: too_soon")]
    run.run()
    assert run.path(1) == ["first sent", "clicked timeout", "second skipped"]


def test_a_persons_click_counts_beside_those_of_machines(
    tracked: tuple[Play, str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    run, picture, target = tracked
    assert _fetch(picture, PROXY) == 200
    run.advance_to(run.clock.now() + timedelta(minutes=5))
    for _ in range(2):
        assert (_fetch(picture, BROWSER), _fetch(target, BROWSER)) == (200, 302)
    run.run()
    assert run.path(1) == ["first sent", "clicked happened", "second sent"]
    found = channel_metrics(run.ctx, "play")
    assert found["opened"] == {"leads_clicked": 1, "leads_opened": 1, "machines_opened": 1}
    capsys.readouterr()
    print_funnel(found)
    assert [line.split() for line in capsys.readouterr().out.splitlines()[-3:]] == [
        ["leads", "clicked", "1"], ["leads", "opened", "1"], ["machines", "opened", "1"],
    ]  # fmt: skip


def test_nothing_of_an_erased_person_is_counted(tracked: tuple[Play, str, str]) -> None:
    run, picture, _ = tracked
    erase(run.ctx, 1, actor="test")
    assert _fetch(picture, PROXY) == 200
    with run.ctx.db.read() as connection:
        assert connection.execute(select(events.c.id)).all() == []
