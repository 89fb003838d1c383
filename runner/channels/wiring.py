"""The channels of a process over their real protocols, with their inboxes and reconcilers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from runner.engine.ports import Channel, Clock, Inbox, Reconciler, SentFolder, Watcher
from runner.model.channel import ChannelConfig, ChannelType, SecretRef
from runner.model.project import Project
from runner.secrets import Secret, read_secret, replace_secret
from runner.store.context import Context
from runner.store.keys import Key

if TYPE_CHECKING:
    from runner.channels.email.oauth import TokenSource
    from runner.channels.email.tokens import WebLinks


@dataclass(slots=True)
class Current:
    """The project as last loaded: what channels and inboxes ask of its files, they ask here, at every use."""

    project: Project | None = None

    def email_accounts(self) -> list[ChannelConfig]:
        """Every email account there is, switched off or not: mail from any of them is our own."""
        every = self.project.channels.values() if self.project else ()
        return [config for config in every if config.channel is ChannelType.EMAIL]


@dataclass(frozen=True, slots=True)
class ChannelSet:
    """One channel of each kind, and for some a way to read what came back, to wait for it, and to look for evidence.

    A reload puts the new project into `current`.
    """

    channels: Mapping[ChannelType, Channel]
    inboxes: Mapping[ChannelType, Inbox] = field(default_factory=dict)
    reconcilers: Mapping[ChannelType, Reconciler] = field(default_factory=dict)
    watchers: Mapping[ChannelType, Callable[[ChannelConfig], Watcher]] = field(default_factory=dict)
    sent_folders: Mapping[ChannelType, SentFolder] = field(default_factory=dict)
    current: Current = field(default_factory=Current)

    def close(self) -> None:
        """Close every connection that channels keep open."""
        for channel in self.channels.values():
            channel.close()


def secret_reader(root: Path) -> Callable[[SecretRef], Secret]:
    """Reads secrets, with relative files taken from the project's folder."""
    return lambda ref: read_secret(ref, root)


def real_channels(
    root: Path, clock: Clock, key: Key | None = None, project: Project | None = None, ctx: Context | None = None
) -> ChannelSet:
    """Every channel, ready to use. Nothing connects before it is needed.

    `project` tells which mail is our own and so never a reply, and where public links point; `key` signs those. With
    `ctx` a person is told what no outcome can say: that a new refresh token cannot be kept.
    """
    from runner.channels.contact_form.channel import ContactFormChannel
    from runner.channels.email.channel import EmailChannel
    from runner.channels.email.inbox import EmailInbox
    from runner.channels.email.reconcile import EmailReconciler
    from runner.channels.email.sent_folder import EmailSentFolder
    from runner.channels.email.watch import InboxWatcher
    from runner.channels.linkedin.channel import LinkedInChannel
    from runner.channels.linkedin.inbox import LinkedInInbox
    from runner.channels.linkedin.reconcile import LinkedInReconciler
    from runner.channels.links import links_of
    from runner.channels.phone.channel import PhoneChannel

    secrets = secret_reader(root)
    linkedin = LinkedInChannel(secrets, clock)
    connections = LinkedInInbox(secrets, clock, providers=linkedin.providers)
    current = Current(project)
    tokens = _tokens(root, secrets, ctx, current)
    inbox = EmailInbox(secrets, clock, tokens=tokens, own=current.email_accounts)

    def links() -> WebLinks | None:
        return links_of(current.project, key) if current.project and key else None

    return ChannelSet(
        channels={
            ChannelType.EMAIL: EmailChannel(secrets, clock, root=root, web=links, tokens=tokens),
            ChannelType.LINKEDIN: linkedin,
            ChannelType.CONTACT_FORM: ContactFormChannel(secrets, clock, root=root),
            ChannelType.PHONE: PhoneChannel(secrets, clock),
        },
        inboxes={ChannelType.EMAIL: inbox, ChannelType.LINKEDIN: connections},
        reconcilers={
            ChannelType.EMAIL: EmailReconciler(inbox),
            ChannelType.LINKEDIN: LinkedInReconciler(secrets, clock, providers=linkedin.providers),
        },
        watchers={ChannelType.EMAIL: lambda account: InboxWatcher(inbox, account)},
        sent_folders={ChannelType.EMAIL: EmailSentFolder(inbox)},
        current=current,
    )


def _tokens(root: Path, secrets: Callable[[SecretRef], Secret], ctx: Context | None, current: Current) -> TokenSource:
    """The access tokens of all accounts; their refresh tokens are kept in the project's files."""
    from runner.channels.email.oauth import TokenSource
    from runner.channels.email.refresh_problems import telling
    from runner.channels.email.refresh_tokens import RefreshTokens

    tell = telling(ctx, current.email_accounts) if ctx is not None else None
    return TokenSource(secrets, refreshing=RefreshTokens(secrets, partial(replace_secret, root=root), tell))
