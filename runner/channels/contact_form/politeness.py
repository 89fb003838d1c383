"""Manners: who we say we are, how fast we ask, and what robots.txt allows."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from protego import Protego

from runner import __version__

ROBOTS_LIMIT = 512_000
ROBOTS_KEPT = timedelta(hours=24)
PRODUCT = "outreach-runner"
"""The name to write into robots.txt to keep this program out (RFC 9309 2.2.1)."""


def user_agent(contact: str) -> str:
    """A truthful User-Agent: the program, its version, and where its operator can be written to."""
    return f"{PRODUCT}/{__version__} (+{_link(contact)})" if contact else f"{PRODUCT}/{__version__}"


def _link(contact: str) -> str:
    return contact if "://" in contact or "@" not in contact else f"mailto:{contact}"


class Pace:
    """At least `gap` seconds between two requests to one host, over every thread of this process."""

    def __init__(
        self,
        gap: float = 1.0,
        pause: Callable[[float], object] | None = None,
        tick: Callable[[], float] = time.monotonic,
    ) -> None:
        self.gap = gap
        self._pause = pause or threading.Event().wait
        self._tick = tick
        self._next: dict[str, float] = {}
        self._asked: dict[str, float] = {}
        self._wanted: dict[str, float] = {}
        self._lock = threading.Lock()

    def slow_down(self, host: str, gap: float) -> None:
        """Keep a longer gap with one host, as its robots.txt asks; at most thirty seconds."""
        with self._lock:
            self._asked[host] = min(gap, 30.0)

    def set_gap(self, host: str, gap: float) -> None:
        """Keep this gap with one host, unless its robots.txt asked for a longer one."""
        with self._lock:
            self._wanted[host] = gap

    def wait(self, host: str) -> None:
        """Wait until it is this host's turn, and take the turn."""
        with self._lock:
            now = self._tick()
            turn = max(now, self._next.get(host, now))
            self._next[host] = turn + max(self._wanted.get(_site(host), self.gap), self._asked.get(host, 0.0))
        if turn > now:
            self._pause(turn - now)

    def pause(self, seconds: float) -> None:
        """Let time pass, as a person who reads and writes does."""
        if seconds > 0:
            self._pause(seconds)


def _site(host: str) -> str:
    return (
        host.rpartition(":")[0].removeprefix("www.") if host.rpartition(":")[2].isdigit() else host.removeprefix("www.")
    )


@dataclass(frozen=True, slots=True)
class Rules:
    """What one site's robots.txt says to us."""

    parsed: Protego | None
    allow_all: bool
    read_at: datetime

    def allows(self, url: str) -> bool:
        """Whether this URL may be fetched."""
        return self.allow_all if self.parsed is None else bool(self.parsed.can_fetch(url, PRODUCT))

    @property
    def delay(self) -> float:
        """The crawl delay asked for, in seconds; 0 for none."""
        return float(self.parsed.crawl_delay(PRODUCT) or 0.0) if self.parsed is not None else 0.0


class Robots:
    """The rules of the sites visited, kept for a day (RFC 9309 2.4)."""

    def __init__(self) -> None:
        self._kept: dict[str, Rules] = {}
        self._lock = threading.Lock()

    def rules(self, url: str, fetch: Callable[[str], tuple[int, bytes] | None], now: datetime) -> Rules:
        """The rules for the site of `url`; `fetch` brings status and body of a URL, None when unreachable.

        RFC 9309 2.3.1: a 4xx allows everything, a 5xx or no answer forbids everything.
        """
        parts = urlsplit(url)
        origin = f"{parts.scheme}://{parts.netloc}"
        with self._lock:
            kept = self._kept.get(origin)
        if kept is not None and now - kept.read_at < ROBOTS_KEPT:
            return kept
        answer = fetch(f"{origin}/robots.txt")
        if answer is None:
            return Rules(None, allow_all=False, read_at=now)
        status, body = answer
        read = self._read(status, body, now)
        with self._lock:
            self._kept[origin] = read
        return read

    @staticmethod
    def _read(status: int, body: bytes, now: datetime) -> Rules:
        if 200 <= status < 300:
            text = body[:ROBOTS_LIMIT].decode("utf-8", "replace")
            return Rules(Protego.parse(text), allow_all=True, read_at=now)
        return Rules(None, allow_all=400 <= status < 500, read_at=now)
