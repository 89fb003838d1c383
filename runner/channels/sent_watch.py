"""Before the first send: what lies in the accounts' Sent folders is compared with what the database knows.

A database that was restored from a backup is told by the journal beside it; but a machine without the journal, or one
that was restored as a whole, has only this witness. A folder that cannot be read is asked again from time to time.
Without a journal its account rests until then; with one it is only told. A server that takes long holds up the first
send for `PATIENCE_SECONDS` at most, and is then one that could not be read yet.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from queue import Empty, SimpleQueue

import structlog

from runner.engine.ports import SentCopy, SentFolder
from runner.errors import RunnerError
from runner.model.channel import ChannelConfig, ChannelType
from runner.store.context import Context
from runner.store.journal import Journal, Line
from runner.store.restoring import HELP, REASON, hold_restored
from runner.store.sent_evidence import has_sent, hold_unread, lift_unread, since_when, unknown_sends

log = structlog.get_logger("runner.serve")
AGAIN_SECONDS = 300.0
"""How long an unreadable folder is left alone: a server locks out who comes too often with a wrong password."""
AT_ONCE = 8
PATIENCE_SECONDS = 15.0
"""How long a first send waits for all folders together; most answer within a second or two."""

Folders = Mapping[ChannelType, SentFolder]
Answer = tuple[SentCopy, ...] | str | None
"""The copies; in words why there are none to be had; None for an account without such a folder."""


@dataclass(frozen=True, slots=True)
class Witness:
    """What the Sent folders say: sends that the database does not know, and accounts that could not be asked."""

    sends: tuple[Line, ...] = ()
    unread: Mapping[str, str] = field(default_factory=dict)
    read: frozenset[str] = frozenset()


def ask(ctx: Context, folders: Folders, only: frozenset[str] | None = None, *, within: float | None = None) -> Witness:
    """Read the Sent folders, all or those of `only`, then compare: in that order, since other processes may be sending.

    What has not answered `within` seconds was not read. Raises DatabaseUnavailable.
    """
    with ctx.db.read() as connection:
        since = since_when(connection)
    if since is None:
        return Witness()
    accounts = [
        config for config in ctx.book.project.channels.values()
        if config.channel in folders and (only is None or config.key in only)
    ]  # fmt: skip
    found = _answers(folders, accounts, since, within)
    with ctx.db.read() as connection:
        sends = [
            line for config in accounts if isinstance(copies := found[config.key], tuple)
            for line in unknown_sends(connection, ctx, config, copies)
        ]  # fmt: skip
    return Witness(
        sends=tuple(sorted(sends, key=lambda line: line.at)),
        unread={key: answer for key, answer in found.items() if isinstance(answer, str)},
        read=frozenset(key for key, answer in found.items() if isinstance(answer, tuple)),
    )


def _answers(
    folders: Folders, accounts: Sequence[ChannelConfig], since: datetime, within: float | None
) -> dict[str, Answer]:
    """By account. The threads are daemons: a server that keeps one waiting keeps no process from ending."""
    waiting: SimpleQueue[ChannelConfig] = SimpleQueue()
    found: dict[str, Answer] = {config.key: f"it did not answer within {within or 0:g} s" for config in accounts}

    def work() -> None:
        while True:
            try:
                config = waiting.get_nowait()
            except Empty:
                return
            found[config.key] = _read(folders[config.channel], config, since)

    for config in accounts:
        waiting.put(config)
    threads = [threading.Thread(target=work, name="sent-folder", daemon=True) for _ in accounts[:AT_ONCE]]
    for thread in threads:
        thread.start()
    until = None if within is None else time.monotonic() + within
    for thread in threads:
        thread.join(None if until is None else max(0.0, until - time.monotonic()))
    return dict(found)


def _read(folder: SentFolder, config: ChannelConfig, since: datetime) -> Answer:
    try:
        copies = folder.sent_since(config, since)
    except RunnerError as error:
        return str(error)
    except Exception as error:
        log.exception("sent_folder.crashed", account=config.key)
        return repr(error)
    return None if copies is None else tuple(copies)


@dataclass(slots=True)
class SentWatch:
    """Asked before anything is claimed for sending, and again by a job as long as a folder could not be read."""

    context: Callable[[], Context]
    folders: Folders
    steady: Callable[[], float] = time.monotonic
    patience: float = PATIENCE_SECONDS
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _asked: bool = False
    _unread: frozenset[str] = frozenset()
    _again_at: float = 0.0

    def look(self) -> bool:
        """Ask everybody, once. True when that is done; raises DatabaseUnavailable."""
        if self._asked:
            return True  # whoever is asked again meanwhile keeps nobody waiting
        ctx = self.context()
        with self._lock:
            if not self._asked and ctx.journal is not None and self.folders:
                started = self.steady()
                self._conclude(ctx, ctx.journal, ask(ctx, self.folders, within=self.patience))
                if self.steady() - started >= self.patience:
                    self._again_at = self.steady()  # who was only slow is asked at once, where nobody waits for it
            self._asked = True
        return True

    def look_at(self, accounts: frozenset[str]) -> None:
        """Ask these before a single send. A journal is not begun for it. Raises DatabaseUnavailable."""
        ctx = self.context()
        if ctx.journal is not None and accounts:
            witness = ask(ctx, self.folders, accounts, within=self.patience)
            self._conclude(ctx, ctx.journal, witness, whole=False)

    def again(self) -> None:
        """Ask those that could not be read, if it is time to."""
        ctx = self.context()
        if ctx.journal is not None and self._unread and self.steady() >= self._again_at:
            with self._lock:
                self._conclude(ctx, ctx.journal, ask(ctx, self.folders, self._unread))

    def _conclude(self, ctx: Context, journal: Journal, witness: Witness, *, whole: bool = True) -> None:
        if witness.sends:
            hold_restored(ctx)
            accounts = sorted({line.account for line in witness.sends})
            log.error("sent_folder.unknown", messages=len(witness.sends), accounts=accounts, reason=REASON, help=HELP,
                      sending="stopped")  # fmt: skip
        with ctx.db.read() as connection:
            needs_proof = has_sent(connection) and not journal.has_begun()
        for account in sorted(witness.read):
            if lift_unread(ctx, account):
                log.info("sent_folder.read", account=account, sending="goes on")
        for account, error in self._new(witness.unread):
            log.warning("sent_folder.unreadable", account=account, error=error)
            if needs_proof:
                hold_unread(ctx, account, error)
        self._unread = frozenset(witness.unread)
        self._again_at = self.steady() + AGAIN_SECONDS
        if whole and not witness.sends and not (needs_proof and witness.unread):
            journal.begin(ctx.now())

    def _new(self, unread: Mapping[str, str]) -> Iterator[tuple[str, str]]:
        return ((account, error) for account, error in sorted(unread.items()) if account not in self._unread)
