"""An account of this channel: who writes, how pages are visited, and what happens with a form that is refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from runner.channels.contact_form.fetch import Limits
from runner.channels.contact_form.guard import AddressPolicy
from runner.lang.durations import parse_duration


class Mode(Enum):
    """How a form is sent: over plain HTTP, with a browser, or the cheapest of the two that works."""

    HTTP = "http"
    BROWSER = "browser"
    AUTO = "auto"


@dataclass(frozen=True, slots=True)
class Sender:
    """Who writes. Only what stands here is ever entered about the sender; nothing is invented.

    `topic` are words to prefer in a list of topics. `consent` allows required boxes about privacy to be ticked.
    """

    name: str = ""
    first_name: str = ""
    last_name: str = ""
    email: str = ""
    phone: str = ""
    company: str = ""
    website: str = ""
    topic: str = ""
    consent: bool = True

    @property
    def given(self) -> str:
        """The first name, taken from the full name where it is not set."""
        return self.first_name or self.name.split(" ")[0]

    @property
    def family(self) -> str:
        """The last name, taken from the full name where it is not set."""
        return self.last_name or (self.name.split(" ", 1)[1] if " " in self.name else "")

    @property
    def full(self) -> str:
        """First and last name."""
        return self.name or f"{self.first_name} {self.last_name}".strip()


@dataclass(frozen=True, slots=True)
class Account:
    """The settings of one account, typed."""

    sender: Sender
    mode: Mode = Mode.HTTP
    on_refused: str = "task"
    policy: AddressPolicy = AddressPolicy()
    limits: Limits = Limits()
    gap: float = 1.0
    dwell: float = 6.0
    contact: str = ""
    evidence: Path | None = None
    browser: str = "/usr/bin/chromium"
    recipes: Path | None = None
    answers: Mapping[str, str] = field(default_factory=dict)


def account_of(settings: Mapping[str, object], root: Path = Path()) -> Account:
    """Read the settings of an account file; relative folders are taken from `root`.

    Raises ValueError or TypeError, in words for the user, for what it cannot use.
    """
    sender = _sender(_mapping(settings, "sender"))
    limits = Limits()
    return Account(
        sender=sender,
        mode=Mode(str(settings.get("mode", "http"))),
        on_refused=str(settings.get("on_refused", "task")),
        policy=AddressPolicy(bool(settings.get("allow_private_networks", False)), _place(settings.get("connect_to"))),
        limits=Limits(
            pages=int(str(settings.get("max_pages", limits.pages))),
            page_seconds=_seconds(settings.get("timeout"), limits.page_seconds),
            submit_seconds=_seconds(settings.get("submit_timeout"), limits.submit_seconds),
        ),
        gap=_seconds(settings.get("pace"), 1.0),
        dwell=_seconds(settings.get("dwell"), 6.0),
        contact=str(settings.get("user_agent_contact") or sender.email),
        evidence=_folder(settings, "evidence", root),
        browser=str(settings.get("browser", "/usr/bin/chromium")),
        recipes=_folder(settings, "recipes", root) or root / "sequences" / "forms",
        answers={str(key): str(value) for key, value in _mapping(settings, "answers").items()},
    )


def _sender(values: Mapping[str, object]) -> Sender:
    texts = {name: str(values.get(name) or "").strip() for name in Sender.__slots__ if name != "consent"}
    return Sender(**texts, consent=bool(values.get("consent", True)))


def _mapping(settings: Mapping[str, object], name: str) -> Mapping[str, object]:
    value = settings.get(name)
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise TypeError(f"`{name}` is a mapping")
    return value


def _folder(settings: Mapping[str, object], name: str, root: Path) -> Path | None:
    value = settings.get(name)
    return root / str(value) if value else None


def _seconds(value: object, default: float) -> float:
    if value is None:
        return default
    if isinstance(value, (int, float)):
        return float(value)
    return parse_duration(str(value)).elapsed.total_seconds()


def _place(value: object) -> tuple[str, int] | None:
    if not value:
        return None
    host, _, port = str(value).rpartition(":")
    if not host or not port.isdigit():
        raise ValueError(f"`connect_to` is host:port, not `{value}`")
    return host.strip("[]"), int(port)
