"""Waiting for new mail without asking all the time: IDLE where the server has it (RFC 2177), polling elsewhere."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from contextlib import ExitStack
from typing import cast

from runner.channels.email.imap import ImapConnection, connect
from runner.channels.email.imap_settings import imap_settings
from runner.channels.email.inbox import EmailInbox
from runner.errors import ChannelUnavailable
from runner.model.channel import ChannelConfig

IDLE_SECONDS = 60.0
"""How long one IDLE lasts before it is renewed; servers hang up after 30 minutes, some routers after five."""


class InboxWatcher:
    """Watches the first folder of one account on a connection of its own. One thread waits, any thread may close."""

    def __init__(self, inbox: EmailInbox, account: ChannelConfig) -> None:
        self._inbox = inbox
        self._account = account
        settings = imap_settings(account)
        self._poll = settings.poll if settings is not None else 0.0
        self._folder = settings.folders[0] if settings is not None and settings.folders else "INBOX"
        self._closed = threading.Event()
        self._stack = ExitStack()
        self._connection: ImapConnection | None = None

    def wait(self, seconds: float, cursor: Mapping[str, object]) -> bool:
        """Block until there is mail beyond the inbox's `cursor`, at most `seconds`. False: none, or closed.

        Raises ChannelUnavailable when the server cannot be used; the next call connects anew.
        """
        until = time.monotonic() + seconds
        try:
            while not self._closed.is_set():
                if self._beyond(cursor):
                    return True
                left = until - time.monotonic()
                if left <= 0:
                    return False
                self._pause(left)
        except ChannelUnavailable:
            self._drop()
            if not self._closed.is_set():
                raise
        self._drop()
        return False

    def close(self) -> None:
        """Stop waiting, from any thread, and hang up."""
        self._closed.set()
        connection = self._connection
        if connection is not None:
            connection.cut()
        self._drop()

    def _beyond(self, cursor: Mapping[str, object]) -> bool:
        opened = self._connected().open(self._folder)
        known = cast("Mapping[str, int]", cursor.get(self._folder) or {})
        if known.get("uidvalidity") != opened.uid_validity:
            return bool(known) or (opened.uid_next or 0) > 1
        return bool(self._connected().uids_after(known.get("uid", 0)))

    def _pause(self, left: float) -> None:
        connection = self._connected()
        if connection.can_idle:
            connection.wait(min(left, IDLE_SECONDS))
        else:
            self._closed.wait(min(left, self._poll))

    def _connected(self) -> ImapConnection:
        if self._connection is None:
            settings = imap_settings(self._account)
            if settings is None:
                raise ChannelUnavailable(f"{self._account.key} has no inbox to watch")
            self._connection = self._stack.enter_context(connect(settings, self._inbox.credential(settings)))
            if self._closed.is_set():  # closed while this was connecting: nobody else hangs up
                raise ChannelUnavailable(f"nobody waits at {self._account.key} any more")
        return self._connection

    def _drop(self) -> None:
        self._connection = None
        stack, self._stack = self._stack, ExitStack()
        stack.close()
