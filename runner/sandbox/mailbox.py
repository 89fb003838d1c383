"""The mailboxes of the sandbox: what an account's IMAP server can show, shared by the SMTP sink and the IMAP server.

A message added with a later `visible_at` stays hidden until the clock is there. It gets its UID when it becomes
visible, in the order of `visible_at`, so that UIDs grow in the order in which a reader can see them (RFC 9051 2.3.1.1).
"""

from __future__ import annotations

import heapq
import itertools
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime

from runner.engine.ports import Clock

INBOX = "INBOX"
SENT = "Sent"
JUNK = "Junk"
FIRST_UIDVALIDITY = 1_700_000_000


@dataclass(frozen=True, slots=True)
class StoredMessage:
    """A message in a folder; `internal_date` is when it became visible there."""

    uid: int
    content: bytes
    internal_date: datetime
    flags: frozenset[str] = frozenset()


@dataclass(slots=True)
class _Folder:
    uid_validity: int
    uid_next: int = 1
    messages: list[StoredMessage] = field(default_factory=list)


class Mailbox:
    """The folders of one account. Every method is safe between threads and shows what is visible at this moment."""

    def __init__(self, account: str, clock: Clock) -> None:
        self.account = account
        self._clock = clock
        self._lock = threading.RLock()
        self._order = itertools.count()
        self._hidden: list[tuple[datetime, int, str, bytes, frozenset[str]]] = []
        self._folders = {name: _Folder(FIRST_UIDVALIDITY) for name in (INBOX, SENT, JUNK)}

    def add(self, folder: str, content: bytes, visible_at: datetime | None = None, flags: Iterable[str] = ()) -> None:
        """Put a message into `folder` (made if it is not there), to be seen from `visible_at` on; None is now."""
        with self._lock:
            self._folders.setdefault(folder, _Folder(FIRST_UIDVALIDITY))
            when = visible_at or self._clock.now()
            heapq.heappush(self._hidden, (when, next(self._order), folder, content, frozenset(flags)))
            self._surface()

    def folders(self) -> tuple[str, ...]:
        """The names of the folders, INBOX first."""
        with self._lock:
            return tuple(self._folders)

    def messages(self, folder: str) -> tuple[StoredMessage, ...]:
        """The visible messages of a folder by UID. Raises KeyError for a folder that is not there."""
        with self._lock:
            self._surface()
            return tuple(self._folders[folder].messages)

    def uid_validity(self, folder: str) -> int:
        """The UIDVALIDITY of a folder. Raises KeyError for a folder that is not there."""
        with self._lock:
            return self._folders[folder].uid_validity

    def uid_next(self, folder: str) -> int:
        """The UID that the next message will get. Raises KeyError for a folder that is not there."""
        with self._lock:
            self._surface()
            return self._folders[folder].uid_next

    def set_flags(self, folder: str, uid: int, flags: Iterable[str]) -> None:
        """Replace the flags of a message; a UID that is gone changes nothing."""
        with self._lock:
            kept = self._folders[folder].messages
            chosen = frozenset(flags)
            kept[:] = [replace(each, flags=chosen) if each.uid == uid else each for each in kept]

    def remove(self, folder: str, uid: int) -> None:
        """Expunge a message; a UID that is gone changes nothing."""
        with self._lock:
            kept = self._folders[folder].messages
            kept[:] = [each for each in kept if each.uid != uid]

    def rebuild(self, folder: str) -> None:
        """Do what a server does when it loses its index: a new UIDVALIDITY and new UIDs from 1."""
        with self._lock:
            self._surface()
            old = self._folders[folder]
            renumbered = [replace(each, uid=number) for number, each in enumerate(old.messages, 1)]
            self._folders[folder] = _Folder(old.uid_validity + 1, len(renumbered) + 1, renumbered)

    def next_event_at(self) -> datetime | None:
        """When the earliest hidden message becomes visible."""
        with self._lock:
            self._surface()
            return self._hidden[0][0] if self._hidden else None

    def _surface(self) -> None:
        now = self._clock.now()
        while self._hidden and self._hidden[0][0] <= now:
            when, _, name, content, flags = heapq.heappop(self._hidden)
            folder = self._folders[name]
            folder.messages.append(StoredMessage(folder.uid_next, content, when, flags))
            folder.uid_next += 1


class Mailboxes:
    """The mailboxes by account address, made when first asked for; addresses compare without case."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._boxes: dict[str, Mailbox] = {}

    def of(self, account: str) -> Mailbox:
        """The mailbox of an address."""
        with self._lock:
            return self._boxes.setdefault(account.lower(), Mailbox(account.lower(), self._clock))

    def accounts(self) -> tuple[str, ...]:
        """The addresses that have a mailbox."""
        with self._lock:
            return tuple(self._boxes)

    def next_event_at(self) -> datetime | None:
        """The earliest instant at which any mailbox will show something new."""
        with self._lock:
            boxes = tuple(self._boxes.values())
        return min((when for box in boxes if (when := box.next_event_at()) is not None), default=None)
