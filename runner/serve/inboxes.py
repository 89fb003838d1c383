"""Reading every account's inbox once: what came back is stored and decided on."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import structlog

from runner.channels.linkedin.settings import read_settings
from runner.engine.ports import Inbox
from runner.errors import DatabaseUnavailable, RunnerError
from runner.model.channel import ChannelConfig, ChannelType
from runner.store.context import Context
from runner.store.erasures import erasure_count
from runner.store.health import is_silenced, open_problem
from runner.store.reading import cursor_of, record_failure, watched_leads
from runner.store.signals import record_batch
from runner.store.withdrawing import keep_withdrawals

log = structlog.get_logger("runner.inbox")
ROUNDS = 20
"""How many reads in a row one account gets when there is always more; then it is the next one's turn."""


@dataclass(frozen=True, slots=True)
class InboxReader:
    """Reads the inboxes of all accounts that have one. Safe between threads: one at a time reads one inbox."""

    context: Callable[[], Context]
    inboxes: Mapping[ChannelType, Inbox]
    _turns: dict[str, threading.Lock] = field(default_factory=dict)

    def accounts(self) -> list[ChannelConfig]:
        """The accounts with an inbox."""
        every = self.context().book.project.channels.values()
        return [config for config in every if config.enabled and self._has_inbox(config)]

    def _has_inbox(self, config: ChannelConfig) -> bool:
        if config.channel not in self.inboxes:
            return False
        return config.channel is not ChannelType.EMAIL or bool(config.settings.get("imap"))

    def read_all(self) -> int:
        """Read every inbox. Returns how many new things were found; one that fails does not stop the others."""
        return sum(self.read_one(config) for config in self.accounts())

    def read_one(self, config: ChannelConfig) -> int:
        """Read one account's inbox to its end. Returns how many new things were found."""
        with self._turns.setdefault(config.key, threading.Lock()):
            found = self._read(config)
        if config.channel is ChannelType.LINKEDIN:
            self._ask_to_withdraw(config)
        return found

    def _ask_to_withdraw(self, config: ChannelConfig) -> None:
        ctx = self.context()
        after = read_settings(config).withdraw_after
        with ctx.db.write() as connection:
            ctx.db.lock_scopes(connection, [f"withdrawals:{config.key}"])  # another process may be asking as well
            keep_withdrawals(connection, config.key, after, ctx.now())

    def _read(self, config: ChannelConfig) -> int:
        found = 0
        for _ in range(ROUNDS):
            ctx = self.context()
            with ctx.db.read() as connection:
                if is_silenced(connection, config):
                    return found
                since = erasure_count(connection)
                cursor, watched = cursor_of(connection, config.key), watched_leads(connection, config.key)
            try:
                batch = self.inboxes[config.channel].read(config, cursor, watched, ctx.now())
            except RunnerError as error:
                self._failed(ctx, config, str(error))
                return found
            except Exception as error:
                log.exception("inbox.crashed", account=config.key)
                self._failed(ctx, config, repr(error))
                return found
            try:
                recorded = record_batch(ctx, config.key, batch, since_erasure=since)
            except DatabaseUnavailable:
                raise
            except Exception as error:  # noqa: BLE001 - what cannot be stored must not keep other inboxes unread
                kind = type(error).__name__  # not its words: a database's error shows what it was given
                log.error("inbox.not_stored", account=config.key, error=kind)
                self._failed(ctx, config, f"what was read cannot be stored ({kind})")
                return found
            if recorded.stale:
                continue
            found += recorded.new
            if recorded.erased:
                log.info("inbox.of_erased_people", account=config.key, messages=recorded.erased, kept=0)
            if batch.complete or batch.trouble is not None:
                return found
        return found

    def _failed(self, ctx: Context, config: ChannelConfig, error: str) -> None:
        log.warning("inbox.unreachable", account=config.key, error=error)
        with ctx.db.write() as connection:
            record_failure(connection, config.key, error, ctx.now())
            text = f"the inbox of {config.key} cannot be read"
            open_problem(connection, f"inbox:{config.key}", "unreachable", text, error, ctx.now())
