"""A stand-in for LinkedIn on loopback: enough of its web API that the unmodified `linkedin-api` works against it.

Whose profile it is decides what happens; `runner/sandbox/linkedin_fates.py` lists the words. An account is the value
of its `li_at` cookie: any value is signed in, one that starts with `expired` is not. Point an account's `base_url`
here. `dead` names reading calls that answer an error status, as LinkedIn's removed ones do: `profile`, `networkinfo`,
`search`, `conversations`, `sent_invitations`, `me`; the profile call is dead from the start, as it is in the world.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Mapping
from datetime import datetime, timedelta
from http.server import ThreadingHTTPServer
from pathlib import Path

from runner.engine.ports import Clock
from runner.sandbox.ledger import Ledger
from runner.sandbox.linkedin_handler import Handler
from runner.sandbox.linkedin_record import LinkedInRecord
from runner.sandbox.linkedin_world import World


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up is what some fates are for; anything else is shown."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


class LinkedInSandbox:
    """The server. `hold` is how long, in seconds of the machine's time, a request that times out is kept waiting."""

    def __init__(
        self,
        clock: Clock,
        *,
        ledger_path: Path | None = None,
        accept_after: timedelta = timedelta(hours=1),
        reply_after: timedelta = timedelta(hours=2),
        hold: float = 0.3,
        dead: Mapping[str, int] | None = None,
    ) -> None:
        self.clock = clock
        self.ledger: Ledger[LinkedInRecord] = Ledger(ledger_path)
        self.world = World(clock, accept_after, reply_after)
        self.dead: dict[str, int] = dict({"profile": 410} if dead is None else dead)
        self.hold = hold
        self.stopping = threading.Event()
        self.account_answers: dict[str, int] = {}
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> LinkedInSandbox:
        """Listen on a free port of 127.0.0.1."""
        sandbox = self

        class Bound(Handler):
            place = sandbox

        self._server = _Server(("127.0.0.1", 0), Bound)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()
        return self

    def stop(self) -> None:
        """Close the port and the ledger's file."""
        self.stopping.set()
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
        if self._thread is not None:
            self._thread.join(5)
        self.ledger.close()

    @property
    def port(self) -> int:
        """The port it listens on."""
        if self._server is None:
            raise RuntimeError("the LinkedIn stand-in is not started")
        return int(self._server.server_address[1])

    @property
    def url(self) -> str:
        """What `base_url` has to be."""
        return f"http://127.0.0.1:{self.port}"

    def next_event_at(self) -> datetime | None:
        """When the next acceptance or reply can be seen that cannot yet."""
        return self.world.next_event_at()

    def taken(self, kind: str) -> list[LinkedInRecord]:
        """The invitations or messages that people got, in order."""
        return [record for record in self.ledger.records() if record.kind == kind and record.taken]

    def answer_account(self, account: str, status: int | None) -> None:
        """Answer everything of an account with `status` from now on, 302 being a challenge; None ends that."""
        if status is None:
            self.account_answers.pop(account, None)
        else:
            self.account_answers[account] = status
