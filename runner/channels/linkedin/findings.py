"""What is wrong with a LinkedIn account's file that the schema cannot say."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit

from runner.channels.linkedin.registry import Providers
from runner.channels.linkedin.settings import VOYAGER_URL, LinkedInSettings, read_settings
from runner.lang.diagnostics import Diagnostic, Position, Severity, Span
from runner.model.channel import ChannelConfig
from runner.model.linkedin_limits import MESSAGE_MAX, MESSAGE_WARN


def check_account(config: ChannelConfig, providers: Providers) -> Sequence[Diagnostic]:
    """The findings about `config`, those of its provider included."""
    try:
        settings = read_settings(config)
    except ValueError as error:
        return (finding(config, "linkedin-duration", str(error), "settings"),)
    provider = providers.find(settings.provider)
    if provider is None:
        known = ", ".join(f"`{name}`" for name in providers.names())
        return (
            finding(
                config, "linkedin-provider-unknown", f"there is no LinkedIn provider `{settings.provider}`", "provider",
                help=f"one of {known}; others come with a package that registers `runner.linkedin_providers`",
            ),
        )  # fmt: skip
    return (*_lengths(config, settings), *provider.check(config))


def finding(
    config: ChannelConfig,
    slug: str,
    summary: str,
    key: str,
    *,
    help: str = "",  # noqa: A002 - the word users see
    warning: bool = False,
) -> Diagnostic:
    """A diagnostic about one key of an account's file; its place is the file, since the values have none."""
    start = Position(1, 1)
    return Diagnostic(
        slug=slug, severity=Severity.WARNING if warning else Severity.ERROR, summary=summary, help=help, path=(key,),
        span=Span(f"channel_configs/{config.name}.yaml", start, start),
    )  # fmt: skip


def check_base_url(config: ChannelConfig, settings: LinkedInSettings, default: str = VOYAGER_URL) -> list[Diagnostic]:
    """Cookies and tokens travel only over TLS, or to this machine."""
    parts = urlsplit(settings.url(default))
    if (parts.scheme == "https" and parts.hostname) or (parts.scheme == "http" and settings.is_loopback(default)):
        return []
    return [
        finding(
            config, "linkedin-base-url", f"`{settings.base_url}` would carry the account's secrets unprotected",
            "base_url", help="an https:// address, or http://127.0.0.1:PORT for the sandbox",
        )
    ]  # fmt: skip


def _lengths(config: ChannelConfig, settings: LinkedInSettings) -> list[Diagnostic]:
    if not 1 <= settings.message_limit <= MESSAGE_MAX:
        text = f"message_limit is {settings.message_limit}; LinkedIn takes at most {MESSAGE_MAX}"
        return [finding(config, "linkedin-message-limit", text, "message_limit", help=f"{MESSAGE_WARN} or less")]
    return []
