"""Our own copy of each sent message, filed into the account's Sent folder where the provider does not do it itself.

It is done behind the sending, by one thread: filing late or not at all never changes what a person received.
"""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable, Mapping, Sequence

from runner.channels.email.imap import ImapConnection, connect
from runner.channels.email.imap_login import credential_of
from runner.channels.email.imap_settings import imap_settings
from runner.channels.email.oauth import TokenSource
from runner.channels.email.reconcile import SENT_NAMES
from runner.errors import RunnerError
from runner.model.channel import ChannelConfig, SecretRef
from runner.secrets import Secret

FILED_BY_PROVIDER = (
    "smtp.gmail.com", "smtp-relay.gmail.com", "smtp.office365.com", "smtp-mail.outlook.com", "smtp.mail.yahoo.com",
)  # fmt: skip
"""Submission hosts whose servers file a copy themselves; a second one would show every message twice."""
MAX_WAITING = 500
AT_ONCE = 50
CLOSE_SECONDS = 30.0
LOG = logging.getLogger(__name__)


class SentCopies:
    """Give it to an EmailChannel as `sent_copy`. `close` files what is still waiting."""

    def __init__(self, secrets: Callable[[SecretRef], Secret], tokens: TokenSource | None = None) -> None:
        self._secrets = secrets
        self._tokens = tokens or TokenSource(secrets)
        self._waiting: queue.Queue[tuple[ChannelConfig, bytes] | None] = queue.Queue(MAX_WAITING)
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()

    def __call__(self, config: ChannelConfig, content: bytes) -> None:
        """Take a copy to be filed, where the account wants that. Never blocks: when too many wait, it is left out."""
        if not wants_copy(config):
            return
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="sent-copies", daemon=True)
                self._thread.start()
        try:
            self._waiting.put_nowait((config, content))
        except queue.Full:
            LOG.warning("a copy for the Sent folder of %s was left out: too many are waiting", config.key)

    def close(self) -> None:
        """File what waits, for a while, and stop."""
        with self._lock:
            thread, self._thread = self._thread, None
        if thread is not None:
            self._waiting.put(None)
            thread.join(CLOSE_SECONDS)

    def _work(self) -> None:
        while (item := self._waiting.get()) is not None:
            batch = [item, *self._others()]
            for config in {id(each[0]): each[0] for each in batch}.values():
                self._file(config, [content for owner, content in batch if owner is config])

    def _others(self) -> list[tuple[ChannelConfig, bytes]]:
        """What else waits already, so that one connection files it all; the end mark goes back."""
        found: list[tuple[ChannelConfig, bytes]] = []
        while len(found) < AT_ONCE:
            try:
                item = self._waiting.get_nowait()
            except queue.Empty:
                break
            if item is None:
                self._waiting.put(None)
                break
            found.append(item)
        return found

    def _file(self, config: ChannelConfig, copies: Sequence[bytes]) -> None:
        settings = imap_settings(config)
        if settings is None:
            return
        try:
            with connect(settings, credential_of(settings, self._secrets, self._tokens)) as connection:
                folder = settings.sent_folder or _sent_folder(connection)
                for content in copies:
                    connection.append(folder, content)
        except RunnerError as error:
            LOG.warning("%d copies for the Sent folder of %s could not be filed: %s", len(copies), config.key, error)


def wants_copy(config: ChannelConfig) -> bool:
    """Whether the account asks for copies (`imap.save_sent`) and its provider does not file them by itself."""
    smtp, imap = config.settings.get("smtp"), config.settings.get("imap")
    if not isinstance(smtp, Mapping) or not isinstance(imap, Mapping):
        return False
    return bool(imap.get("save_sent")) and str(smtp.get("host", "")).lower() not in FILED_BY_PROVIDER


def _sent_folder(connection: ImapConnection) -> str:
    """The folder that the server marks as the sent one (RFC 6154), else one with such a name, else `Sent`."""
    there = connection.folders()
    marked = [folder.name for folder in there if "\\sent" in folder.attributes]
    named = [folder.name for folder in there if folder.name.lower() in SENT_NAMES]
    return next(iter((*marked, *named)), "Sent")
