"""What logs in to a mailbox: its password, or an access token where XOAUTH2 is used."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from runner.channels.email.imap_settings import ImapSettings
from runner.channels.email.oauth import TokenSource
from runner.model.channel import SecretRef
from runner.secrets import Secret


class Credential(Protocol):
    """Gives the secret at the moment of the log-in."""

    def __call__(self, *, fresh: bool = False) -> Secret:
        """The secret; `fresh`: the server refused the last token, and another one is wanted."""
        ...


def credential_of(settings: ImapSettings, secrets: Callable[[SecretRef], Secret], tokens: TokenSource) -> Credential:
    """The credential of a mailbox. Calling it raises MissingSecret, ConsentNeeded or ChannelUnavailable."""

    def give(*, fresh: bool = False) -> Secret:
        if settings.oauth is not None:
            return tokens.token(settings.oauth, fresh)
        return secrets(settings.password) if settings.password is not None else Secret("")

    return give
