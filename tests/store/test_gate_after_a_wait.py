"""The gate judges by the time at which it holds its locks: what it waited for may have taken long."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta

import pytest
from sqlalchemy import Connection

from runner.engine.outcomes import Permit, Sent
from runner.model.channel import ChannelConfig, ChannelType
from runner.model.rates import LimitSet, Rate
from runner.store.database import Database
from runner.store.gatekeeping import pass_gate
from runner.store.invariants import broken
from runner.store.results import record
from runner.testing import Play

HOUR = timedelta(hours=1)
ONE_AN_HOUR = {"ada": ChannelConfig(ChannelType.EMAIL, "ada", limits=LimitSet(rates=(Rate(1, HOUR),)))}


def test_what_left_the_window_while_the_gate_waited_for_its_locks_takes_no_place(
    play: Callable[..., Play], monkeypatch: pytest.MonkeyPatch
) -> None:
    run = play(people=[{"email": "ada@d1.example"}, {"email": "bob@d2.example"}], accounts=ONE_AN_HOUR)
    first, second = run.open(), run.open()
    assert isinstance(pass_gate(run.ctx, first.intention()), Permit)
    record(run.ctx, first, Sent("<1@b>"))
    lock = Database.lock_scopes

    def lock_after_an_hour(db: Database, connection: Connection, scopes: Iterable[str]) -> None:
        lock(db, connection, scopes)
        run.clock.advance(HOUR + timedelta(seconds=1))

    monkeypatch.setattr(Database, "lock_scopes", lock_after_an_hour)
    verdict = pass_gate(run.ctx, second.intention())
    assert isinstance(verdict, Permit)
    assert verdict.at == run.clock.now()
    assert broken(run.ctx) == []
