"""A rate that counts only once enough was sent is noticed then; what comes back counts for the account that wrote."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from runner.channels.wiring import ChannelSet
from runner.engine.ports import Signal
from runner.model.campaign import Campaign
from runner.model.channel import ChannelConfig, ChannelType
from runner.model.events import EventKind
from runner.serve.app import App
from runner.serve.loop import Pace, Service
from runner.serve.process import Options, run_once
from runner.store.context import Context
from runner.store.database import open_database
from runner.store.enrolling import enroll
from runner.store.guardrails import guard_all
from runner.store.tables import channel_configs, outreach_attempts
from runner.testing import Play

Make = Callable[..., Play]
ONE = "version: 1\nname: one\nsteps:\n  - {id: first, channel: email, template: hello}\n"
STRICT = {"bounce_rate": 0.2, "bounce_floor": 8, "complaint_rate": 0.2, "complaint_floor": 8}
LAX = {"bounce_rate": 1.0, "complaint_rate": 1.0}


def _desk(name: str, health: dict[str, float]) -> ChannelConfig:
    return ChannelConfig(ChannelType.EMAIL, name, settings={"health": health})


def _write_to(run: Play, first: int, last: int) -> list[int]:
    ids = run.add_leads([{"email": f"p{number}@example.com"} for number in range(first, last + 1)])
    enroll(run.ctx, "mailing", ids)
    run.settle()
    return ids


def _bounced(run: Play, number: int, account: str | None = None) -> None:
    signal = Signal(EventKind.BOUNCED, run.clock.now(), f"m:{number}", address=f"p{number}@example.com",
                    permanent=True, hard=True)  # fmt: skip
    run.happen(signal, account=account)


@pytest.fixture(params=["account", "campaign"])
def run(play: Make, request: pytest.FixtureRequest) -> Play:
    """Five were written to and two of them bounced, which is much and too little to judge by: eight are needed."""
    by_account = request.param == "account"
    campaign = Campaign("mailing", "one", health=LAX if by_account else STRICT)
    made = play(ONE, accounts={"desk": _desk("desk", STRICT if by_account else LAX)}, campaign=campaign)
    _write_to(made, 1, 5)
    _bounced(made, 1)
    _bounced(made, 2)
    assert guard_all(made.ctx) == []
    return made


def test_a_rate_is_noticed_when_the_sends_that_make_it_count_were_made(run: Play) -> None:
    _write_to(run, 6, 8)
    [stopped] = guard_all(run.ctx)
    assert stopped in ("email/desk", "mailing")
    assert guard_all(run.ctx) == [], "once"
    _write_to(run, 9, 12)
    assert len(run.channel(ChannelType.EMAIL).ledger) == 8


def test_enough_good_mail_makes_a_rate_good(run: Play) -> None:
    _write_to(run, 6, 30)
    assert guard_all(run.ctx) == []


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    """A `serve` whose only account sends badly; nobody has looked since enough was sent to say so."""
    db = open_database(f"sqlite:///{tmp_path / 'runner.db'}", create=True)
    run = Play(ONE, db=db, accounts={"desk": _desk("desk", STRICT)}, campaign=Campaign("mailing", "one", health=LAX))
    _write_to(run, 1, 5)
    _bounced(run, 1)
    _bounced(run, 2)
    _write_to(run, 6, 8)
    made = App(run.ctx, ChannelSet(run.channels), tmp_path)
    yield made
    made.close()


def test_serve_looks_by_itself_and_says_so(app: App) -> None:
    hour, pause = timedelta(hours=1), threading.Event()
    service = Service(app, app.dispatcher(workers=1), Pace(inbox=hour, enroll=hour, reconcile=hour))
    with capture_logs() as log:
        service.start()
        for _ in range(500):
            if said := [line["stopped"] for line in log if line["event"] == "guardrail.stopped"]:
                break
            pause.wait(0.02)
        service.stop()
    assert said == ["email/desk"]
    assert _accounts(app.ctx) == {"email/desk": "stopped"}


def test_a_single_round_looks_before_it_sends(app: App) -> None:
    assert run_once(app, Options()) == 0
    assert _accounts(app.ctx) == {"email/desk": "stopped"}


def _accounts(ctx: Context) -> dict[str, str]:
    with ctx.db.read() as connection:
        query = channel_configs.select().order_by(channel_configs.c.key)
        return {row.key: row.health for row in connection.execute(query)}


def test_what_comes_back_counts_for_the_account_that_wrote_whoever_reads_it(play: Make) -> None:
    """Ada's inbox is read for Bob's bounces too: Bob is stopped, and Ada goes on."""
    desks = {name: _desk(name, STRICT) for name in ("ada", "bob")}
    run = play(ONE, accounts=desks, campaign=Campaign("mailing", "one", health=LAX))
    _write_to(run, 1, 24)
    with run.ctx.db.read() as connection:
        wrote = {row.lead_id: row.account for row in connection.execute(outreach_attempts.select())}
    bobs = [lead for lead, account in wrote.items() if account == "email/bob"]
    assert 8 <= len(bobs) <= 16
    for lead in bobs[:4]:
        _bounced(run, lead, account="email/ada")
    assert _accounts(run.ctx) == {"email/ada": "ok", "email/bob": "stopped"}


def test_a_complaint_that_is_tied_to_nobody_counts_for_the_inbox_it_came_to(play: Make) -> None:
    run = play(ONE, accounts={"desk": _desk("desk", STRICT)}, campaign=Campaign("mailing", "one", health=LAX))
    _write_to(run, 1, 8)
    for number in range(2):
        run.happen(Signal(EventKind.COMPLAINED, run.clock.now(), f"redacted:{number}"))
    assert _accounts(run.ctx) == {"email/desk": "stopped"}
