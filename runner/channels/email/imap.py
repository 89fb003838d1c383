"""A logged-in connection to an IMAP server, as far as an inbox needs it (RFC 3501; IDLE of RFC 2177).

Everything is read-only (EXAMINE, BODY.PEEK), except that our own copy can be filed. What the server or the network
does wrong comes out as ChannelUnavailable, never as an exception of the protocol library.
"""

from __future__ import annotations

import imaplib
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime
from typing import cast

from imap_tools import BaseMailBox, ImapToolsError, MailboxLoginError

from runner.channels.email.imap_client import Deadline, GuardedClient
from runner.channels.email.imap_login import Credential
from runner.channels.email.imap_settings import ImapSecurity, ImapSettings
from runner.channels.email.tls import tls_context
from runner.errors import ChannelUnavailable
from runner.secrets import Secret

UIDS_PER_FETCH = 200
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_UID = re.compile(rb"\bUID (\d{1,10})")
_SIZE = re.compile(rb"\bRFC822\.SIZE (\d{1,12})")
_DATE = re.compile(rb'\bINTERNALDATE "([^"]{10,40})"')
_NONSENSE = (ValueError, KeyError, IndexError, TypeError, AttributeError, EOFError)
"""What the protocol libraries raise when a server's answer is not IMAP."""


class Unfetchable(ChannelUnavailable):
    """The server will not show a message, though the connection is well: a broken file on its disk, for instance."""


@dataclass(frozen=True, slots=True)
class Folder:
    r"""A folder that can be opened, with its attributes such as `\Junk` (RFC 6154), lower case."""

    name: str
    attributes: frozenset[str]


@dataclass(frozen=True, slots=True)
class Opened:
    """A folder as it was when it was opened."""

    uid_validity: int
    uid_next: int | None


@dataclass(frozen=True, slots=True)
class Envelope:
    """What is known of a message before it is fetched: UID, size in bytes, and when the server received it."""

    uid: int
    size: int
    received_at: datetime | None


class ImapConnection:
    """One connection; use `connect` to get one. Not to be shared between threads."""

    def __init__(self, mailbox: BaseMailBox, client: GuardedClient, deadline: Deadline, host: str) -> None:
        self._mailbox = mailbox
        self._client = client
        self._deadline = deadline
        self._host = host

    def folders(self) -> tuple[Folder, ...]:
        """Every folder that can be opened."""
        with self._spoken():
            listed = self._mailbox.folder.list()
        found = (Folder(each.name, frozenset(flag.lower() for flag in each.flags)) for each in listed)
        return tuple(folder for folder in found if "\\noselect" not in folder.attributes)

    def open(self, folder: str) -> Opened:
        """Open a folder read-only. Raises ChannelUnavailable where it is not there."""
        with self._spoken():
            self._mailbox.folder.set(folder, readonly=True)
            validity = self._client.response("UIDVALIDITY")[1][0]
            following = self._client.response("UIDNEXT")[1][0]
            return Opened(int(validity), int(following) if following else None)

    def uids_after(self, uid: int) -> list[int]:
        """The UIDs above `uid` in the opened folder, ascending (a server answers `n:*` with the last one too)."""
        return [found for found in self._search(f"UID {uid + 1}:*") if found > uid]

    def uids_since(self, day: date) -> list[int]:
        """The UIDs of what was received on or after a day."""
        return self._search(f"SINCE {_imap_day(day)}")

    def uids_with_header(self, name: str, value: str) -> list[int]:
        """The UIDs of messages whose header `name` contains `value`."""
        return self._search(f"HEADER {name} {_quoted(value)}")

    def uids_with_text(self, value: str, since: date) -> list[int]:
        """The UIDs of messages received since a day that contain `value` anywhere."""
        return self._search(f"SINCE {_imap_day(since)} TEXT {_quoted(value)}")

    def envelopes(self, uids: Sequence[int]) -> list[Envelope]:
        """Size and date of messages, in ascending order of UID; those expunged meanwhile are left out."""
        found: list[Envelope] = []
        for start in range(0, len(uids), UIDS_PER_FETCH):
            chunk = ",".join(str(uid) for uid in uids[start : start + UIDS_PER_FETCH])
            found += [each for line in self._fetch(chunk, "(RFC822.SIZE INTERNALDATE)") if (each := _envelope(line))]
        return sorted(found, key=lambda each: each.uid)

    def message(self, uid: int, limit: int) -> bytes | None:
        """The first `limit` bytes of a message, unread marks untouched; None when it is gone. Raises Unfetchable."""
        for item in self._fetch(str(uid), f"(BODY.PEEK[]<0.{limit}>)"):
            if isinstance(item, tuple) and len(item) == 2 and b"BODY[]" in item[0].upper():
                return bytes(item[1])[:limit]
        return None

    def headers(self, uids: Sequence[int], names: Sequence[str]) -> list[tuple[Envelope, bytes]]:
        """Those header fields of messages, raw, in ascending order of UID; messages without any have an empty text."""
        found: list[tuple[Envelope, bytes]] = []
        fields = " ".join(name.upper() for name in names)
        for start in range(0, len(uids), UIDS_PER_FETCH):
            chunk = ",".join(str(uid) for uid in uids[start : start + UIDS_PER_FETCH])
            for item in self._fetch(chunk, f"(INTERNALDATE BODY.PEEK[HEADER.FIELDS ({fields})])"):
                envelope = _envelope(item[0]) if isinstance(item, tuple) else None
                if envelope is not None:
                    found.append((envelope, bytes(item[1])))
        return sorted(found, key=lambda each: each[0].uid)

    def append(self, folder: str, content: bytes) -> None:
        """File a message of ours as read."""
        with self._spoken():
            self._mailbox.append(content, folder, flag_set=["\\Seen"])

    def wait(self, seconds: float) -> bool:
        """Block until the opened folder changes, at most `seconds` (IDLE). False when nothing happened."""
        with self._spoken(seconds):
            heard = self._mailbox.idle.wait(timeout=min(seconds, 28 * 60.0))
        return any(b"EXISTS" in line or b"RECENT" in line for line in heard)

    def cut(self) -> None:
        """Break the connection from any thread; what waits on it ends with ChannelUnavailable."""
        self._deadline.cut()

    @property
    def can_idle(self) -> bool:
        """Whether the server offers IDLE."""
        return "IDLE" in self._client.capabilities

    def _search(self, criteria: str) -> list[int]:
        with self._spoken():
            return sorted(int(uid) for uid in self._mailbox.uids(criteria, charset=None))

    def _fetch(self, uids: str, items: str) -> list[bytes | tuple[bytes, bytes]]:
        with self._spoken():
            status, data = self._client.uid("FETCH", uids, items)
        if status != "OK":
            raise Unfetchable(f"{self._host} refuses to show message {uids}")
        return [item for item in data if item is not None]

    @contextmanager
    def _spoken(self, extra: float = 0.0) -> Iterator[None]:
        with translated(self._host, self._deadline), self._deadline.over(extra):
            yield


@contextmanager
def connect(settings: ImapSettings, credential: Credential) -> Iterator[ImapConnection]:
    """Connect and log in; log out at the end. Raises ChannelUnavailable, and what `credential` raises."""
    deadline = Deadline(settings.timeout)
    mailbox: BaseMailBox | None = None
    try:
        mailbox = _entered(settings, credential(), deadline, final=settings.oauth is None)
        if mailbox is None:  # a token may be revoked before its time: it is fetched anew, once
            mailbox = _entered(settings, credential(fresh=True), deadline, final=True)
        assert mailbox is not None
        yield ImapConnection(mailbox, cast(GuardedClient, mailbox.client), deadline, settings.host)
    finally:
        if mailbox is not None:
            _log_out(mailbox, deadline)
        deadline.release()


def _entered(settings: ImapSettings, secret: Secret, deadline: Deadline, *, final: bool) -> BaseMailBox | None:
    """A mailbox that is logged in; None where the server refuses, unless that is `final`."""
    mailbox: BaseMailBox | None = None
    try:
        with translated(settings.host, deadline), deadline.over():
            mailbox = _Box(settings, deadline)
            try:
                _log_in(mailbox, settings, secret)
            except imaplib.IMAP4.abort:
                raise
            except (imaplib.IMAP4.error, MailboxLoginError):
                if final:
                    raise
            else:
                return mailbox
    except ChannelUnavailable:
        if mailbox is not None:
            _log_out(mailbox, deadline)
        raise
    _log_out(mailbox, deadline)
    return None


@contextmanager
def translated(host: str, deadline: Deadline) -> Iterator[None]:
    """Turn what goes wrong on the line into ChannelUnavailable, without any secret in it."""
    try:
        yield
    except (OSError, imaplib.IMAP4.error, ImapToolsError, *_NONSENSE) as error:
        if deadline.expired:
            raise ChannelUnavailable(f"{host} took longer than {deadline.seconds:g} s to answer") from None
        garbled = isinstance(error, _NONSENSE) and not isinstance(error, OSError)
        detail = f"it talks no IMAP ({type(error).__name__})" if garbled else str(error)[:200]
        raise ChannelUnavailable(f"the IMAP server {host} cannot be used: {detail}") from None


class _Box(BaseMailBox):
    """imap-tools' mailbox on our guarded client."""

    def __init__(self, settings: ImapSettings, deadline: Deadline) -> None:
        self._settings = settings
        self._deadline = deadline
        super().__init__()

    def _get_mailbox_client(self) -> GuardedClient:
        settings = self._settings
        tls = tls_context(settings.ca_file) if settings.security is ImapSecurity.TLS else None
        client = GuardedClient(settings.host, settings.port, self._deadline, tls)
        offered = settings.security is ImapSecurity.OPPORTUNISTIC and "STARTTLS" in client.capabilities
        if offered or settings.security is ImapSecurity.STARTTLS:
            client.starttls(tls_context(settings.ca_file))
        return client


def _log_in(mailbox: BaseMailBox, settings: ImapSettings, secret: Secret) -> None:
    if settings.oauth is not None:
        mailbox.xoauth2(settings.username, secret.reveal(), initial_folder=None)
    elif settings.username.isascii() and secret.reveal().isascii():
        mailbox.login(settings.username, secret.reveal(), initial_folder=None)
    else:
        mailbox.login_utf8(settings.username, secret.reveal(), initial_folder=None)


def _quoted(value: str) -> str:
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _imap_day(day: date) -> str:
    return f"{day.day}-{_MONTHS[day.month - 1]}-{day.year:04d}"


def _log_out(mailbox: BaseMailBox, deadline: Deadline) -> None:
    """Leave politely where that still works, and hang up in any case."""
    try:
        with deadline.over():
            mailbox.logout()
    except (OSError, imaplib.IMAP4.error, ImapToolsError, *_NONSENSE):
        with suppress(OSError):
            mailbox.client.shutdown()


def _envelope(item: bytes | tuple[bytes, bytes]) -> Envelope | None:
    line = b" ".join(item) if isinstance(item, tuple) else item
    uid, size, received = _UID.search(line), _SIZE.search(line), _DATE.search(line)
    if uid is None:
        return None
    return Envelope(int(uid[1]), int(size[1]) if size else 0, _when(received[1]) if received else None)


def _when(raw: bytes) -> datetime | None:
    try:
        return parsedate_to_datetime(raw.decode("ascii", "replace").strip().replace("-", " ", 2)).astimezone(UTC)
    except (ValueError, TypeError, OverflowError):
        return None
