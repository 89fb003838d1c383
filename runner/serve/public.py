"""The public endpoints beside `serve`: opt-outs, and opens and clicks where they are switched on."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import structlog

from runner.channels.links import keyring_of
from runner.engine.ports import Signal
from runner.errors import DatabaseUnavailable
from runner.model.events import EventKind
from runner.store.context import Context
from runner.store.openings import record_seen
from runner.store.signals import record_signal

if TYPE_CHECKING:
    from runner.web.server import WebServer

log = structlog.get_logger("runner.web")


def start_public(context: Callable[[], Context]) -> WebServer | None:
    """Start the endpoints on `web.port`; None when they are switched off, no port is named, or `web` is not installed.

    Raises ChannelUnavailable when the port is taken.
    """
    web = context().book.project.settings.web
    if not web.get("port") or web.get("enabled") is False:
        return None
    try:
        from runner.web.app import Endpoints, create_app
        from runner.web.server import WebServer
    except ModuleNotFoundError:
        log.warning("web.not_installed", help="pip install 'outreach-runner[web]'")
        return None
    ctx, record = context(), recorder(context)
    ends = Endpoints(keyring_of(ctx.key), ctx.machine, record, record, healthy=lambda: _healthy(context()))
    server = WebServer(create_app(ends), str(web.get("host") or "127.0.0.1"), int(str(web["port"])))
    return server.start()


def recorder(context: Callable[[], Context]) -> Callable[[Signal], None]:
    """Stores what a person did at an endpoint, or a machine; told twice, it counts once."""

    def record(signal: Signal) -> None:
        ctx = context()
        with ctx.db.write() as connection:
            if signal.kind in (EventKind.OPENED, EventKind.CLICKED):
                record_seen(connection, ctx, signal, ctx.now())
            else:
                record_signal(connection, ctx, None, signal, ctx.now())

    return record


def _healthy(ctx: Context) -> bool:
    try:
        with ctx.db.read() as connection:
            connection.exec_driver_sql("SELECT 1")
    except DatabaseUnavailable:
        return False
    return True
