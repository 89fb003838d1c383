"""`serve` forgets kept mail by itself when its time is over."""

from __future__ import annotations

import threading
from datetime import timedelta
from pathlib import Path

from sqlalchemy import select

from runner.channels.wiring import ChannelSet
from runner.engine.ports import InboxBatch, RawMessage
from runner.serve.app import App
from runner.serve.loop import Service
from runner.store.database import open_database
from runner.store.signals import record_batch
from runner.store.tables import raw_messages
from runner.testing import MONDAY, Play

ONE = "version: 1\nname: one\nsteps:\n  - {id: first, channel: email, template: hello}\n"


def test_old_mail_is_gone_soon_after_the_start(tmp_path: Path) -> None:
    run = Play(ONE, db=open_database(f"sqlite:///{tmp_path / 'runner.db'}", create=True))
    mails = [RawMessage(f"m{days}", MONDAY - timedelta(days=days), b"x", "reply") for days in (3, 91)]
    record_batch(run.ctx, "email/email_test", InboxBatch({}, raw=tuple(mails)))

    def kept() -> list[str]:
        with run.ctx.db.read() as connection:
            return list(connection.execute(select(raw_messages.c.source)).scalars())

    assert kept() == ["m3", "m91"]
    app, pause = App(run.ctx, ChannelSet(run.channels), tmp_path), threading.Event()
    service = Service(app, app.dispatcher(workers=1))
    service.start()
    for _ in range(500):
        if kept() == ["m3"]:
            break
        pause.wait(0.02)
    service.stop()
    assert kept() == ["m3"]
    app.close()
