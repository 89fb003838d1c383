"""An email account's settings: from the plain values of its file to typed values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import Enum
from typing import cast

from runner.lang.durations import Duration, parse_duration
from runner.model.channel import ChannelConfig, SecretRef


class Security(Enum):
    """How the connection is protected: TLS from the first byte, STARTTLS or nothing, STARTTLS if offered, never."""

    TLS = "tls"
    STARTTLS = "starttls"
    OPPORTUNISTIC = "opportunistic"
    OFF = "off"


class AuthMethod(Enum):
    """How to log in; AUTO takes the best one that the server offers and the settings allow."""

    AUTO = "auto"
    PLAIN = "plain"
    LOGIN = "login"
    XOAUTH2 = "xoauth2"


class Unsubscribe(Enum):
    """What the footer offers: a link with one-click headers, an address to write to, a reply, or (refused) nothing."""

    ONE_CLICK = "one_click"
    MAILTO = "mailto"
    REPLY = "reply"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Sender:
    """A name and an address as they stand in a header; `signature` only where it is not the account's."""

    address: str
    name: str = ""
    signature: str = ""

    @property
    def domain(self) -> str:
        """What stands after the last @, lower case."""
        return self.address.rpartition("@")[2].lower()


@dataclass(frozen=True, slots=True)
class OAuthSettings:
    """Where XOAUTH2 tokens come from (RFC 6749 section 6: a refresh token is exchanged for access tokens)."""

    token_url: str
    client_id: str
    refresh_token: SecretRef
    client_secret: SecretRef | None = None
    scope: str = ""


@dataclass(frozen=True, slots=True)
class Deadlines:
    """Seconds that each phase may take as a whole, however slowly the bytes drip (RFC 5321 section 4.5.3.2).

    `timeout` of the file sets all but `dot`: who hangs up too early there does not know whether the message went.
    """

    connect: float = 30.0
    greeting: float = 60.0
    command: float = 60.0
    data: float = 120.0
    body: float = 300.0
    dot: float = 600.0


@dataclass(frozen=True, slots=True)
class SmtpSettings:
    """A submission server and how to use it.

    `connections` bounds how many are open at once, `per_connection` how many messages one carries, `idle` the seconds
    an unused one is kept. `ca_file` names extra trusted certificates; there is no switch that skips the check.
    """

    host: str
    port: int = 587
    security: Security = Security.STARTTLS
    auth: AuthMethod = AuthMethod.AUTO
    username: str = ""
    password: SecretRef | None = None
    oauth: OAuthSettings | None = None
    ca_file: str | None = None
    ehlo_name: str = ""
    connections: int = 4
    per_connection: int = 100
    idle: float = 60.0
    deadlines: Deadlines = field(default_factory=Deadlines)


@dataclass(frozen=True, slots=True)
class FooterSettings:
    """The legal end of every message. `text` is the opt-out sentence; the link stands at `{link}`, else behind it."""

    postal_address: str = ""
    unsubscribe: Unsubscribe = Unsubscribe.ONE_CLICK
    mailto: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class DkimSettings:
    """The key that signs: selector, domain (the sender's when empty) and a PEM private key kept as a secret."""

    selector: str
    key: SecretRef
    domain: str = ""


@dataclass(frozen=True, slots=True)
class SendAs:
    """Other names that this account may send under: the lead's custom field `field` says which."""

    field: str
    identities: Mapping[str, Sender]


@dataclass(frozen=True, slots=True)
class EmailAccount:
    """One sending identity, typed. `plus_address` puts the message's key into Reply-To, `verp` into the envelope."""

    name: str
    sender: Sender
    smtp: SmtpSettings
    reply_to: Sender | None = None
    return_path: str = ""
    plus_address: bool = False
    verp: bool = False
    signature: str = ""
    css: str = ""
    footer: FooterSettings = field(default_factory=FooterSettings)
    dkim: DkimSettings | None = None
    track_opens: bool = False
    track_clicks: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)
    send_as: SendAs | None = None
    has_inbox: bool = False


def account_of(config: ChannelConfig) -> EmailAccount:
    """The typed settings of an email account. Raises KeyError or ValueError where the schema was not obeyed."""
    settings = config.settings
    tracking = _part(settings, "tracking")
    return EmailAccount(
        name=config.name,
        sender=sender_from(settings["from"]),
        smtp=_smtp(_part(settings, "smtp")),
        reply_to=sender_from(settings["reply_to"]) if settings.get("reply_to") else None,
        return_path=_text(settings, "return_path"),
        plus_address=bool(settings.get("plus_address", False)),
        verp=bool(settings.get("verp", False)),
        signature=_text(settings, "signature"),
        css=_text(settings, "css"),
        footer=_footer(_part(settings, "footer")),
        dkim=_dkim(_part(settings, "dkim")),
        track_opens=bool(tracking.get("opens", False)),
        track_clicks=bool(tracking.get("clicks", False)),
        headers={str(name): str(value) for name, value in _part(settings, "headers").items()},
        send_as=_send_as(_part(settings, "send_as")),
        has_inbox=bool(settings.get("imap")),
    )


def _part(settings: Mapping[str, object], name: str) -> Mapping[str, object]:
    return cast(Mapping[str, object], settings.get(name) or {})


def _text(settings: Mapping[str, object], name: str) -> str:
    return str(settings.get(name) or "")


def _number(settings: Mapping[str, object], name: str, default: int) -> int:
    return int(cast(int, settings.get(name, default)))


def seconds(value: object, default: float) -> float:
    """A length of time as seconds: a text such as `30s`, a timedelta, a Duration, or a bare number."""
    match value:
        case None:
            return default
        case timedelta():
            return value.total_seconds()
        case Duration():
            return value.elapsed.total_seconds()
        case str():
            return parse_duration(value).elapsed.total_seconds()
        case _:
            return float(cast(float, value))


def sender_from(value: object) -> Sender:
    """The typed form of a sender as the file has it: a bare address, or a map with name and signature."""
    if isinstance(value, str):
        return Sender(value)
    parts = cast(Mapping[str, object], value)
    return Sender(str(parts["address"]), _text(parts, "name"), _text(parts, "signature"))


def _smtp(part: Mapping[str, object]) -> SmtpSettings:
    security = Security(part.get("security", "starttls"))
    return SmtpSettings(
        host=str(part["host"]),
        port=_number(part, "port", 465 if security is Security.TLS else 587),
        security=security,
        auth=AuthMethod(part.get("auth", "auto")),
        username=_text(part, "username"),
        password=cast("SecretRef | None", part.get("password")),
        oauth=oauth_of(_part(part, "oauth")),
        ca_file=_text(part, "ca_file") or None,
        ehlo_name=_text(part, "ehlo_name"),
        connections=_number(part, "connections", 4),
        per_connection=_number(part, "per_connection", 100),
        idle=seconds(part.get("idle"), 60.0),
        deadlines=_deadlines(part),
    )


def _deadlines(part: Mapping[str, object]) -> Deadlines:
    usual, each, shared = Deadlines(), _part(part, "timeouts"), part.get("timeout")
    chosen = {
        name: seconds(each.get(name, None if name == "dot" else shared), getattr(usual, name))
        for name in ("connect", "greeting", "command", "data", "body", "dot")
    }
    return Deadlines(**chosen)


def _send_as(part: Mapping[str, object]) -> SendAs | None:
    if not part:
        return None
    identities = {str(name): sender_from(value) for name, value in _part(part, "identities").items()}
    return SendAs(str(part["field"]), identities)


TOKEN_URLS = {
    "google": "https://oauth2.googleapis.com/token",
    "microsoft": "https://login.microsoftonline.com/common/oauth2/v2.0/token",
}
"""Published token endpoints: Google "Using OAuth 2.0", Microsoft identity platform "OAuth 2.0 authorization code"."""

SMTP_SCOPES = {"microsoft": "https://outlook.office.com/SMTP.Send offline_access"}
IMAP_SCOPES = {"microsoft": "https://outlook.office.com/IMAP.AccessAsUser.All offline_access"}
"""What to ask for where a provider gives tokens for one protocol alone; Google's refresh token says it already."""


def oauth_of(part: Mapping[str, object], scopes: Mapping[str, str] = SMTP_SCOPES) -> OAuthSettings | None:
    """The typed form of an `oauth:` block, which `smtp` and `imap` share; None when it is empty."""
    if not part:
        return None
    provider = _text(part, "provider")
    return OAuthSettings(
        token_url=_text(part, "token_url") or TOKEN_URLS[provider],
        client_id=str(part["client_id"]),
        refresh_token=cast(SecretRef, part["refresh_token"]),
        client_secret=cast("SecretRef | None", part.get("client_secret")),
        scope=_text(part, "scope") or scopes.get(provider, ""),
    )


def _footer(part: Mapping[str, object]) -> FooterSettings:
    return FooterSettings(
        postal_address=_text(part, "postal_address"),
        unsubscribe=Unsubscribe(part.get("unsubscribe", "one_click")),
        mailto=_text(part, "mailto"),
        text=_text(part, "text"),
    )


def _dkim(part: Mapping[str, object]) -> DkimSettings | None:
    if not part:
        return None
    return DkimSettings(str(part["selector"]), cast(SecretRef, part["key"]), _text(part, "domain"))
