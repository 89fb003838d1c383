"""The whole sandbox: mail, LinkedIn and web sites on loopback, and a project whose accounts point at them.

Run by itself it serves until it is stopped, for trying campaigns out:  python -m runner.sandbox --ledgers DIR
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from runner.engine.ports import Clock
from runner.model.channel import ChannelConfig, ChannelType, SecretRef
from runner.model.project import Project
from runner.sandbox.imap import ImapServer
from runner.sandbox.linkedin import LinkedInSandbox
from runner.sandbox.mailbox import Mailboxes
from runner.sandbox.sites import FormSites
from runner.sandbox.smtp import Delays, SmtpSink

COOKIE_VARIABLE = "RUNNER_SANDBOX_COOKIE"


@dataclass(frozen=True, slots=True)
class Ports:
    """Where the sandbox's servers listen on 127.0.0.1."""

    smtp: int
    imap: int
    linkedin: int
    sites: int


class Sandbox:
    """All servers together, started and stopped as one."""

    def __init__(
        self, clock: Clock, *, ledgers: Path | None = None, accept_after: timedelta = timedelta(hours=1),
        reply_after: timedelta = timedelta(hours=2), mail_delays: Delays | None = None,
    ) -> None:  # fmt: skip
        def path(name: str) -> Path | None:
            return ledgers / f"{name}.jsonl" if ledgers else None

        mailboxes = Mailboxes(clock)
        self.smtp = SmtpSink(clock, mailboxes, ledger_path=path("smtp"), delays=mail_delays)
        self.imap = ImapServer(mailboxes, clock)
        self.linkedin = LinkedInSandbox(
            clock, ledger_path=path("linkedin"), accept_after=accept_after, reply_after=reply_after
        )
        self.sites = FormSites(clock, ledger_path=path("sites"), slow_seconds=0.5, quick_seconds=0.0)

    def start(self) -> Sandbox:
        """Listen on free ports of 127.0.0.1."""
        self.smtp.start()
        self.imap.start()
        self.linkedin.start()
        self.sites.start()
        return self

    def stop(self) -> None:
        """Close every port; the ledgers stay readable."""
        for server in (self.smtp, self.imap, self.linkedin, self.sites):
            server.stop()

    @property
    def ports(self) -> Ports:
        """Where the servers listen."""
        return Ports(self.smtp.port, self.imap.port, self.linkedin.port, self.sites.port)

    def next_event_at(self) -> datetime | None:
        """When the next thing that comes back can be seen that cannot yet."""
        times = [self.smtp.next_event_at(), self.linkedin.next_event_at()]
        return min((at for at in times if at is not None), default=None)


def at_sandbox(project: Project, ports: Ports) -> Project:
    """The same project with every account pointed at the sandbox: other servers, nothing else changed."""
    channels = {name: _pointed(config, ports) for name, config in project.channels.items()}
    return replace(project, channels=channels)


def _pointed(config: ChannelConfig, ports: Ports) -> ChannelConfig:
    settings: dict[str, Any] = dict(config.settings)
    match config.channel:
        case ChannelType.EMAIL:
            login = _login(settings)
            settings["smtp"] = {"host": "127.0.0.1", "port": ports.smtp, "security": "off"}
            settings["imap"] = {"host": "127.0.0.1", "port": ports.imap, "security": "off", "username": login,
                                "password": SecretRef(env=COOKIE_VARIABLE)}  # fmt: skip
        case ChannelType.LINKEDIN:
            cookie = SecretRef(env=COOKIE_VARIABLE)
            settings |= {"provider": "voyager", "accept_terms_risk": True, "poll": "1s"}
            settings["base_url"] = f"http://127.0.0.1:{ports.linkedin}"
            settings["cookies"] = {"li_at": cookie, "jsessionid": cookie}
        case ChannelType.CONTACT_FORM:
            settings |= {"connect_to": f"127.0.0.1:{ports.sites}", "allow_private_networks": True}
            settings |= {"pace": "0s", "dwell": "0s"}
        case ChannelType.PHONE:
            pass
    return replace(config, settings=settings)


def _login(settings: Mapping[str, Any]) -> str:
    sender = settings.get("from")
    return str(sender.get("address")) if isinstance(sender, Mapping) else "sandbox"
