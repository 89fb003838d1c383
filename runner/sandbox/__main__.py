"""`python -m runner.sandbox`: the sandbox by itself, on the real clock; prints its ports as one line of JSON."""

from __future__ import annotations

import argparse
import json
import signal
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path

from runner.clocks import SystemClock
from runner.sandbox.smtp import Delays
from runner.sandbox.world import Sandbox


def main() -> None:
    """Serve until SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(description="Servers on loopback that play the world of a campaign.")
    parser.add_argument("--ledgers", type=Path, help="folder for the ledgers, one JSON object a line")
    parser.add_argument("--accept-after", type=float, default=3600.0, metavar="SECONDS")
    parser.add_argument("--reply-after", type=float, default=7200.0, metavar="SECONDS")
    parser.add_argument("--mail-after", type=float, metavar="SECONDS", help="when bounces and replies come")
    options = parser.parse_args()
    sandbox = Sandbox(
        SystemClock(),
        ledgers=options.ledgers,
        accept_after=timedelta(seconds=options.accept_after),
        reply_after=timedelta(seconds=options.reply_after),
        mail_delays=None if options.mail_after is None else _all_after(timedelta(seconds=options.mail_after)),
    ).start()
    print(json.dumps(asdict(sandbox.ports)), flush=True)  # noqa: T201 - the one line its caller reads
    signal.sigwait({signal.SIGTERM, signal.SIGINT})
    sandbox.stop()


def _all_after(delay: timedelta) -> Delays:
    return Delays(bounce=delay, reply=delay, auto_reply=delay)


if __name__ == "__main__":
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
    main()
