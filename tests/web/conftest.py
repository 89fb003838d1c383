"""The public app, served on loopback, with a store that remembers what it was told."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable, Iterator

import pytest
import requests

from runner.channels.email.tokens import Keyring, WebLinks
from runner.clocks import ManualClock
from runner.engine.ports import Signal
from runner.secrets import Secret
from runner.web.app import Endpoints, create_app
from runner.web.server import WebServer

BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


class Site:
    """The running app. `signals` is what was recorded, once per source; `broken` makes the store fail."""

    def __init__(self) -> None:
        self.keyring = Keyring("k2", {"k1": Secret("old secret"), "k2": Secret("new secret")})
        self.seen: dict[str, Signal] = {}
        self.machines: list[Signal] = []
        self.broken = False
        self._lock = threading.Lock()
        clock = ManualClock(dt.datetime(2026, 11, 23, 9, tzinfo=dt.UTC))
        ends = Endpoints(self.keyring, clock, self.record, self.machines.append, lambda: not self.broken)
        self.server = WebServer(create_app(ends), port=0).start()
        self.base = f"http://127.0.0.1:{self.server.port}"
        self.links = WebLinks(self.base, self.keyring)
        self._session = requests.Session()
        self._session.trust_env = False

    def record(self, signal: Signal) -> None:
        if self.broken:
            raise RuntimeError("no database")
        with self._lock:
            self.seen.setdefault(signal.source, signal)

    @property
    def signals(self) -> list[Signal]:
        return list(self.seen.values())

    def ask(self, method: str, url: str, agent: str = BROWSER, **more: object) -> requests.Response:
        headers = {"User-Agent": agent} | dict(more.pop("headers", {}))
        return self._session.request(method, url, headers=headers, allow_redirects=False, timeout=10, **more)

    def stop(self) -> None:
        self._session.close()
        self.server.stop()


@pytest.fixture(scope="module")
def running() -> Iterator[Site]:
    site = Site()
    yield site
    site.stop()


@pytest.fixture
def site(running: Site) -> Site:
    """The running app with nothing recorded yet."""
    running.seen.clear()
    running.machines.clear()
    running.broken = False
    return running


@pytest.fixture
def one_click(site: Site) -> Callable[[str], requests.Response]:
    """The POST that a mailbox provider makes (RFC 8058 section 3.2)."""
    return lambda url: site.ask("POST", url, agent="Google", data={"List-Unsubscribe": "One-Click"})
