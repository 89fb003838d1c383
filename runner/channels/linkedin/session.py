"""A signed-in session of the `linkedin-api` package: unmodified, without its sleeps, its log set-up or its pickles."""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from runner.channels.linkedin.exchange import Exchange
from runner.channels.linkedin.settings import VOYAGER_URL, LinkedInSettings
from runner.channels.linkedin.transport import Recorder, Transport
from runner.engine.outcomes import AccountTrouble, Trouble
from runner.secrets import Secret

_OWN_COOKIES = frozenset({"li_at", "JSESSIONID"})
_PACE = (1.5, 4.0)
_UNDER_WAY = timedelta(seconds=5)
"""How long after a stop work may still come that began before it, by the campaign's clock."""
_building = threading.Lock()


class Pacer:
    """Leaves a gap, drawn anew each time, between the end of one call and the next. `wait` takes seconds."""

    def __init__(self, least: float, most: float, wait: Callable[[float], object] | None = None) -> None:
        self._range = (least, most)
        self._wait = wait or threading.Event().wait
        self._random = random.Random()
        self._free_at = 0.0

    def pause(self) -> None:
        """Wait until the gap after the last call has passed."""
        left = self._free_at - time.monotonic()
        if left > 0:
            self._wait(left)

    def done(self) -> None:
        """A call has ended: draw the next gap."""
        self._free_at = time.monotonic() + self._random.uniform(*self._range)


class VoyagerSession:
    """One account's session. Calls go out one at a time, paced; `lock` lets a caller hold it over gate and send.

    `ended` is set once LinkedIn has ended it: the cookies then have to be read anew.
    """

    _stopped: tuple[AccountTrouble, datetime] | None = None

    def __init__(self, settings: LinkedInSettings, cookies: dict[str, Secret], pacer: Pacer | None = None) -> None:
        self.lock = threading.RLock()
        self.ended = False
        self.own_id: str | None = None
        self._pacer = pacer or _pacer(settings)
        base = settings.url(VOYAGER_URL)
        self._transport = Transport(settings.timeouts)
        self._api = _build(base, cookies, self._pacer.pause)
        session = self._api.client.session
        session.trust_env = False  # no proxy and no .netrc that the account's file does not name
        session.max_redirects = 0  # a redirect is an answer; following one could post twice
        session.mount("https://", self._transport)
        session.mount("http://", self._transport)
        self._session = session
        self._recorder = Recorder(session, self._transport, _OWN_COOKIES)

    def pace(self) -> None:
        """Wait for this account's turn, so that nothing waits between the gate and the request."""
        with self.lock:
            self._pacer.pause()

    def call(self, use: Callable[[Any], object]) -> Exchange:
        """Let `use` call one method of the package's `Linkedin` object, and return the recorded exchange."""
        with self.lock:
            try:
                return self._recorder.observe(partial(use, self._api))
            finally:
                self._pacer.done()

    def stop(self, trouble: AccountTrouble, now: datetime) -> None:
        """The account was stopped: what is already under way makes no call any more. Hold `lock` while judging."""
        self.ended = self.ended or trouble.kind is Trouble.AUTH
        self._stopped = trouble, now + _UNDER_WAY

    def refusal(self, now: datetime) -> AccountTrouble | None:
        """Why no call may be made at `now`. What starts later has passed the account's circuit breaker."""
        if self._stopped is None or now > self._stopped[1]:
            return None
        return self._stopped[0]

    def is_good(self, now: datetime) -> bool:
        """Whether the session is the one to use; an ended one still is while it has to refuse what is under way."""
        return not self.ended or self.refusal(now) is not None

    def close(self) -> None:
        """Close the connection."""
        self._session.close()


def _pacer(settings: LinkedInSettings) -> Pacer:
    return Pacer(0, 0) if settings.is_loopback(VOYAGER_URL) else Pacer(*_PACE)


def _build(base: str, cookies: dict[str, Secret], evade: Callable[[], object]) -> Any:
    """The package's object, pointed at `base`, with the cookies in memory only."""
    from requests.cookies import RequestsCookieJar

    jar = RequestsCookieJar()
    for name, secret in cookies.items():
        jar.set(name, secret.reveal())
    with _building, _LoggingKept():
        from linkedin_api import Linkedin

        api = Linkedin("", "", cookies=jar)
    # Both are class constants there; on the instance they hold for this account only.
    api.client.LINKEDIN_BASE_URL = base
    api.client.API_BASE_URL = f"{base}/voyager/api"
    # The package sleeps 2-5 s in `evade`, bound as a default argument; its methods call these two names.
    api._fetch = partial(api._fetch, evade=evade)
    api._post = partial(api._post, evade=evade)
    return api


class _LoggingKept:
    """Undoes the `logging.basicConfig` of the package's constructors."""

    def __enter__(self) -> None:
        root = logging.getLogger()
        self._handlers, self._level = list(root.handlers), root.level

    def __exit__(self, *_: object) -> None:
        root = logging.getLogger()
        for handler in [handler for handler in root.handlers if handler not in self._handlers]:
            root.removeHandler(handler)
            handler.close()
        root.setLevel(self._level)
