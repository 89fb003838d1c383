"""Open connections by account, kept between messages within limits: never one a message, never one too many."""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from runner.channels.email.config import EmailAccount, Security, SmtpSettings
from runner.channels.email.replies import Phase
from runner.channels.email.smtp_auth import Credentials, log_in
from runner.channels.email.smtp_session import Lost, Session
from runner.channels.email.tls import tls_context


@dataclass(slots=True)
class _Lane:
    """What one account has open under one set of settings."""

    settings: SmtpSettings
    slots: threading.BoundedSemaphore
    idle: list[Session] = field(default_factory=list)


class Pool:
    """Lends sessions, an open one first. An account whose settings changed starts anew."""

    def __init__(self, credentials: Callable[[EmailAccount], Credentials | None]) -> None:
        self._credentials = credentials
        self._lock = threading.Lock()
        self._lanes: dict[str, _Lane] = {}
        self._lent: dict[Session, _Lane] = {}

    def borrow(self, account: EmailAccount, reuse: bool = True) -> Session:
        """A logged-in session. Raises Refusal, Lost, Misfit, or what reading a secret or token raises."""
        lane = self._lane(account)
        if not lane.slots.acquire(timeout=account.smtp.deadlines.command):
            raise Lost(Phase.CONNECT, "every connection of this account is busy")
        try:
            session = (self._idle(lane) if reuse else None) or self._open(account)
        except BaseException:
            lane.slots.release()
            raise
        with self._lock:
            self._lent[session] = lane
        return session

    def give_back(self, account: EmailAccount, session: Session) -> None:
        """Return a borrowed session; one that is dead, worn or of older settings is closed."""
        with self._lock:
            lane = self._lent.pop(session)
            keep = not session.dead and session.used < account.smtp.per_connection
            keep = keep and self._lanes.get(account.name) is lane
            if keep:
                lane.idle.append(session)
        if not keep:
            session.quit()
        lane.slots.release()

    def close(self) -> None:
        """Close every session that nobody holds."""
        with self._lock:
            lanes, self._lanes = list(self._lanes.values()), {}
        for session in (session for lane in lanes for session in lane.idle):
            session.quit()

    def _lane(self, account: EmailAccount) -> _Lane:
        with self._lock:
            lane = self._lanes.get(account.name)
            if lane is not None and lane.settings == account.smtp:
                return lane
            stale = lane.idle if lane is not None else []
            lane = _Lane(account.smtp, threading.BoundedSemaphore(max(1, account.smtp.connections)))
            self._lanes[account.name] = lane
        for session in stale:
            session.close()
        return lane

    def _idle(self, lane: _Lane) -> Session | None:
        while True:
            with self._lock:
                session = lane.idle.pop() if lane.idle else None
            if session is None or time.monotonic() - session.last < lane.settings.idle:
                return session
            session.quit()

    def _open(self, account: EmailAccount) -> Session:
        session = Session.open(account.smtp, _trusted(account.smtp))
        try:
            credentials = self._credentials(account)
            if credentials is not None:
                log_in(session, account.smtp, credentials)
        except BaseException:
            session.close()
            raise
        return session


def _trusted(settings: SmtpSettings) -> ssl.SSLContext:
    """Certificates are checked, except that opportunistic TLS without a log-in takes any. Raises Lost."""
    anybody = settings.security is Security.OPPORTUNISTIC and not settings.username
    try:
        return tls_context(settings.ca_file, checked=not anybody)
    except OSError as error:  # an ssl.SSLError too: a file that is just being renewed may be half there
        why = error.strerror or type(error).__name__
        raise Lost(Phase.CONNECT, f"the certificates in {settings.ca_file} cannot be read: {why}") from error
