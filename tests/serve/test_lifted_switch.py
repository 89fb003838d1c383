"""What a person lifts in one process, a `serve` in another one acts on within seconds, not at the next hour."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from serving import Serving, serving
from sqlalchemy import Connection, update

from runner.clocks import SystemClock
from runner.store.health import resume_account
from runner.store.switching import lift_switch, set_switch
from runner.store.tables import channel_configs

ACCOUNT = "email/email_test"


def _stop(connection: Connection) -> None:
    mine = channel_configs.c.key == ACCOUNT
    connection.execute(update(channel_configs).where(mine).values(health="stopped", health_reason="a challenge"))


def _switch(connection: Connection) -> None:
    set_switch(connection, "campaign:play", reason="let me look", actor="ada", now=SystemClock().now())


def _held(run: Serving, reason: str) -> Callable[[], bool]:
    return lambda: any(entry.get("reason") == reason for entry in run.logged("attempt.notnow"))


@pytest.mark.parametrize(
    ("hold", "reason", "lift"),
    [
        (_switch, "kill_switch", lambda connection, now: lift_switch(connection, "campaign:play", now)),
        (_stop, "account_stopped", lambda connection, now: resume_account(connection, ACCOUNT, now)),
    ],
    ids=["campaign", "account"],
)
def test_what_was_held_goes_out_soon_after(tmp_path: Path, hold, reason: str, lift) -> None:  # type: ignore[no-untyped-def]
    with serving(f"sqlite:///{tmp_path / 'runner.db'}", 1) as run:
        run.wait(lambda: run.sent() == 1)
        with run.db.write() as connection:
            hold(connection)
        run.wait(_held(run, reason))
        with run.db.write() as connection:
            lift(connection, SystemClock().now())
        run.finish(10)
