"""Acting on mail within seconds: a thread an inbox waits there (IDLE) and reads as soon as something came.

The fixed inbox job goes on reading everything at its own pace. It covers the folders at which nobody waits, and the
time during which waiting does not work: then this says so once, and tries again later and later.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import structlog

from runner.engine.ports import Watcher
from runner.errors import RunnerError
from runner.model.channel import ChannelConfig, ChannelType
from runner.serve.inboxes import InboxReader
from runner.store.context import Context
from runner.store.reading import cursor_of

log = structlog.get_logger("runner.inbox")
ROUND_SECONDS = 300.0
"""How long one wait lasts before the cursor is looked up anew."""
FIRST_PAUSE = 15.0
LONGEST_PAUSE = 900.0
"""Seconds before waiting is tried again after it broke: doubled each time, up to this."""
UNREAD_PAUSE = 20.0
"""Seconds to leave an inbox alone when reading it did not get past what was seen there."""
GOODBYE_SECONDS = 5.0

Watchers = Mapping[ChannelType, Callable[[ChannelConfig], Watcher]]


@dataclass(slots=True)
class _Watch:
    """One account's thread."""

    config: ChannelConfig
    watcher: Watcher
    closing: threading.Event = field(default_factory=threading.Event)
    thread: threading.Thread | None = None

    def close(self) -> None:
        self.closing.set()
        self.watcher.close()


@dataclass(slots=True)
class InboxWatches:
    """The waiting threads of one process. `on_read` is called after something was read; pauses are seconds."""

    context: Callable[[], Context]
    reader: InboxReader
    watchers: Watchers
    on_read: Callable[[], None] = lambda: None
    first_pause: float = FIRST_PAUSE
    unread_pause: float = UNREAD_PAUSE
    _watches: dict[str, _Watch] = field(default_factory=dict)

    def sync(self) -> None:
        """Watch every account that has an inbox and can be waited at, as the files say now."""
        wanted = {config.key: config for config in self.reader.accounts() if config.channel in self.watchers}
        stale = [key for key, watch in self._watches.items() if wanted.get(key) != watch.config]
        self._end([self._watches.pop(key) for key in stale])
        for key, config in wanted.items():
            if key not in self._watches:
                self._watches[key] = self._begin(config)

    def close(self) -> None:
        """Stop waiting everywhere and hang up."""
        watches, self._watches = list(self._watches.values()), {}
        self._end(watches)

    def _begin(self, config: ChannelConfig) -> _Watch:
        watch = _Watch(config, self.watchers[config.channel](config))
        watch.thread = threading.Thread(target=self._run, args=(watch,), name=f"idle {config.key}", daemon=True)
        watch.thread.start()
        return watch

    def _end(self, watches: list[_Watch]) -> None:
        for watch in watches:
            watch.close()
        for watch in watches:
            if watch.thread is not None:
                watch.thread.join(GOODBYE_SECONDS)

    def _run(self, watch: _Watch) -> None:
        pause = 0.0
        while not watch.closing.is_set():
            try:
                self._round(watch)
            except Exception as error:  # noqa: BLE001 - whatever breaks here, the inbox job still reads
                if watch.closing.is_set():
                    return
                if not pause:
                    self._tell(watch.config, error)
                pause = min(max(self.first_pause, pause * 2), LONGEST_PAUSE)
                watch.closing.wait(pause)
            else:
                if pause:
                    log.info("inbox.watched_again", account=watch.config.key)
                pause = 0.0

    def _round(self, watch: _Watch) -> None:
        """Wait once; read what came. An inbox whose reading gets nowhere is left alone for a while."""
        before = self._cursor(watch.config)
        if not watch.watcher.wait(ROUND_SECONDS, before) or watch.closing.is_set():
            return
        self.reader.read_one(watch.config)
        self.on_read()
        if self._cursor(watch.config) == before:
            watch.closing.wait(self.unread_pause)

    def _cursor(self, config: ChannelConfig) -> Mapping[str, object]:
        with self.context().db.read() as connection:
            return cursor_of(connection, config.key)

    @staticmethod
    def _tell(config: ChannelConfig, error: Exception) -> None:
        text = str(error) if isinstance(error, RunnerError) else repr(error)
        log.warning("inbox.not_watched", account=config.key, error=text, help="it is read at every inbox round")
