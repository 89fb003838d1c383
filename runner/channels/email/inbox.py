"""The inbox of an email account over IMAP: reads on from a cursor, as often as wanted, and loses nothing.

The cursor holds UIDVALIDITY and the last UID of each folder. When a server renumbers a folder (a new UIDVALIDITY), its
last days are read again; a signal's `source` comes from the message's bytes, so that nothing is counted twice.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import cast

from runner.channels.email.imap import Envelope, Folder, ImapConnection, Unfetchable, connect
from runner.channels.email.imap_login import Credential, credential_of
from runner.channels.email.imap_settings import ImapSettings, imap_settings
from runner.channels.email.inbox_keys import Own, own_of
from runner.channels.email.inbox_signals import Arrival, Reading, read_message
from runner.channels.email.oauth import TokenSource
from runner.engine.ports import Clock, InboxBatch, Note, RawMessage, Signal
from runner.errors import ChannelUnavailable
from runner.model.channel import ChannelConfig, SecretRef
from runner.model.lead import Lead
from runner.secrets import Secret

FETCH_LIMIT = 512_000
"""Bytes of one message that are looked at; texts come first, attachments of any size after them."""
BATCH_MESSAGES = 300
BATCH_SECONDS = 120.0
JUNK_NAMES = frozenset({"junk", "spam", "bulk mail", "junk e-mail", "junk email", "[gmail]/spam", "inbox.junk",
                        "inbox.spam", "inbox/junk", "inbox/spam"})  # fmt: skip

Secrets = Callable[[SecretRef], Secret]


@dataclass(slots=True)
class _Batch:
    """What this read has brought so far, and how much more it may bring."""

    until: float
    left: int
    cursor: dict[str, object] = field(default_factory=dict)
    signals: list[Signal] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    raw: list[RawMessage] = field(default_factory=list)
    complete: bool = True

    def add(self, reading: Reading) -> None:
        self.left -= 1
        self.signals += reading.signals
        self.notes += reading.notes
        self.raw += reading.raw

    @property
    def full(self) -> bool:
        return self.left <= 0 or time.monotonic() > self.until


class EmailInbox:
    """Reads what came back for an email account. Safe between threads: each read has its own connection.

    `own` names every email account of the project, whose mail is never a reply; `batch` bounds the messages of a read.
    """

    def __init__(
        self,
        secrets: Secrets,
        clock: Clock,
        tokens: TokenSource | None = None,
        own: Callable[[], Sequence[ChannelConfig]] | None = None,
        batch: int = BATCH_MESSAGES,
    ) -> None:
        self._secrets = secrets
        self._clock = clock
        self._tokens = tokens or TokenSource(secrets)
        self._own = own
        self._batch = batch

    def read(
        self, account: ChannelConfig, cursor: Mapping[str, object], watched: Sequence[Lead], now: datetime
    ) -> InboxBatch:
        """Read every folder on from `cursor`. An account without `imap` settings has nothing to read.

        Raises ChannelUnavailable when the server cannot be used, MissingSecret when its password is not there.
        """
        settings = imap_settings(account)
        if settings is None:
            return InboxBatch(cursor)
        own = self.own_addresses(account)
        mailbox = f"imap:{settings.username}@{settings.host}"
        addresses = frozenset(lead.email.lower() for lead in watched if lead.email)
        batch = _Batch(time.monotonic() + BATCH_SECONDS, self._batch, dict(cursor))
        reader = _Reader(mailbox, own, addresses, now)
        try:
            with connect(settings, self.credential(settings)) as connection:
                for name in folders_to_read(connection, settings, batch):
                    if batch.full:
                        batch.complete = False
                        break
                    _read_folder(connection, name, settings, batch, reader)
        except ChannelUnavailable:
            if not batch.raw:
                raise
            batch.complete = False  # what was read is not lost, and the next read goes on behind it
        return InboxBatch(batch.cursor, tuple(batch.signals), tuple(batch.raw), tuple(batch.notes), batch.complete)

    def credential(self, settings: ImapSettings) -> Credential:
        """What logs in: the access token where OAuth is set up, else the password."""
        return credential_of(settings, self._secrets, self._tokens)

    def own_addresses(self, account: ChannelConfig) -> Own:
        """Our addresses: this account's, and those of every other account that `own` names."""
        accounts = [account, *(self._own() if self._own else ())]
        return Own(frozenset().union(*(own_of(each).addresses for each in accounts)))


@dataclass(frozen=True, slots=True)
class _Reader:
    mailbox: str
    own: Own
    watched: frozenset[str]
    now: datetime

    def judge(self, folder: str, received_at: datetime | None, content: bytes) -> Reading:
        """One message; a date in the future is the server's mistake."""
        arrival = Arrival(self.mailbox, folder, min(received_at or self.now, self.now), content)
        return read_message(arrival, self.own, self.watched)


def folders_to_read(connection: ImapConnection, settings: ImapSettings, batch: _Batch) -> list[str]:
    """The configured folders that are there, else INBOX and what the server calls junk; a missing one is noted once."""
    there = connection.folders()
    if not settings.folders:
        return ["INBOX", *junk_folders(there)]
    names = {folder.name for folder in there} | {"INBOX"}
    for missing in (name for name in settings.folders if name not in names):
        if missing not in batch.cursor:
            batch.cursor[missing] = {}
            batch.notes.append(Note("missing_folder", f"there is no folder {missing!r} on {settings.host}"))
    return [name for name in settings.folders if name in names]


def junk_folders(there: Iterable[Folder]) -> tuple[str, ...]:
    """The folders into which the server or a filter puts what it takes for junk (RFC 6154, else by name)."""
    return tuple(each.name for each in there if "\\junk" in each.attributes or each.name.lower() in JUNK_NAMES)


def _read_one(connection: ImapConnection, folder: str, envelope: Envelope, reader: _Reader) -> Reading:
    """One message: nothing when it is gone, a note when the server cannot show it."""
    try:
        content = connection.message(envelope.uid, FETCH_LIMIT)
    except Unfetchable as error:
        return Reading(notes=(Note("unreadable_mail", f"{error}, in {folder}", hold=True),))
    return Reading() if content is None else reader.judge(folder, envelope.received_at, content)


def _read_folder(connection: ImapConnection, name: str, settings: ImapSettings, batch: _Batch, reader: _Reader) -> None:
    opened = connection.open(name)
    known = cast("Mapping[str, int]", batch.cursor.get(name) or {})
    last = known.get("uid", 0)
    if known.get("uidvalidity") == opened.uid_validity:
        waiting = connection.uids_after(last)
    else:
        waiting = connection.uids_since((reader.now - timedelta(days=settings.first_days)).date())
        last = waiting[0] - 1 if waiting else (opened.uid_next or 1) - 1
    batch.cursor[name] = {"uidvalidity": opened.uid_validity, "uid": last}
    for envelope in connection.envelopes(waiting[: batch.left]):
        if batch.full:
            break
        batch.add(_read_one(connection, name, envelope, reader))
        last = max(last, envelope.uid)
        batch.cursor[name] = {"uidvalidity": opened.uid_validity, "uid": last}
    if waiting and last < waiting[-1] and batch.full:
        batch.complete = False
    elif waiting:
        batch.cursor[name] = {"uidvalidity": opened.uid_validity, "uid": max(last, waiting[-1])}
