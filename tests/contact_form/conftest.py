"""Sandbox sites, a channel that knows no waiting, and jobs for both."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest

from runner.channels.contact_form.attempt import Tools
from runner.channels.contact_form.channel import ContactFormChannel
from runner.channels.contact_form.document import Document, parse
from runner.channels.contact_form.politeness import Pace
from runner.clocks import ManualClock
from runner.engine.outcomes import Outcome, Permit
from runner.engine.ports import Gate, Job
from runner.errors import MissingSecret
from runner.model.channel import ChannelConfig, ChannelType, SecretRef
from runner.model.lead import Lead
from runner.model.message import Rendered
from runner.model.sequence import ChannelStep
from runner.sandbox.sites import FormSites
from runner.secrets import Secret

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
SENDER = {"name": "Ada Lovelace", "email": "ada@lumen.example"}
MESSAGE = "Hello,\nwe repair ovens. May I call?"


class Waits:
    """Time that passes only when somebody waits; what was waited for is kept."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.waited: list[float] = []

    def pause(self, seconds: float) -> None:
        self.waited.append(seconds)
        self.now += max(0.0, seconds)

    def tick(self) -> float:
        return self.now


def _no_secret(ref: SecretRef) -> Secret:
    raise MissingSecret(f"{ref} is not needed here")


class Forms:
    """A channel with an account, and short ways to use them."""

    def __init__(self, root: Path, waits: Waits | None = None) -> None:
        tools = Tools(pace=Pace(0.0))
        if waits is not None:
            tools = Tools(pace=Pace(0.0, waits.pause, waits.tick), tick=waits.tick)
        self.channel = ContactFormChannel(_no_secret, ManualClock(NOW), tools=tools, root=root)
        self.settings: dict[str, object] = {
            "sender": SENDER, "allow_private_networks": True, "pace": 0, "dwell": 0, "submit_timeout": "5s",
        }  # fmt: skip

    def job(self, url: str | None, content: Rendered = Rendered(MESSAGE), **settings: object) -> Job:
        account = ChannelConfig(ChannelType.CONTACT_FORM, "forms", settings={**self.settings, **settings})
        step = ChannelStep(ChannelType.CONTACT_FORM)
        lead = Lead(1, email="jo@bakery.example", company="Jo's Bakery", website=url)
        return Job("key1", "spring", "founders", "form", step, "", account, lead, content, NOW)

    def send(self, url: str | None, content: Rendered = Rendered(MESSAGE), **settings: object) -> Outcome:
        return self.fire(self.job(url, content, **settings), lambda: Permit(1))

    def fire(self, job: Job, gate: Gate) -> Outcome:
        prepared = self.channel.prepare(job)
        return prepared.fire(gate) if hasattr(prepared, "fire") else prepared


@pytest.fixture(scope="module")
def sites() -> Iterator[FormSites]:
    server = FormSites(ManualClock(NOW), slow_seconds=3.0, quick_seconds=0.2).start()
    yield server
    server.stop()


@pytest.fixture
def forms(tmp_path: Path) -> Forms:
    return Forms(tmp_path)


@pytest.fixture
def waits() -> Waits:
    return Waits()


@pytest.fixture
def waiting_forms(tmp_path: Path, waits: Waits) -> Forms:
    return Forms(tmp_path, waits)


@pytest.fixture
def page() -> Callable[..., Document]:
    """A page around some HTML."""

    def make(inner: str, title: str = "Contact", url: str = "https://bakery.example/contact") -> Document:
        return parse(url, f"<html><head><title>{title}</title></head><body>{inner}</body></html>".encode())

    return make


@pytest.fixture
def sender() -> Mapping[str, str]:
    return SENDER
