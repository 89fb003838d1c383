"""The keyring of public links, derived from the project's key: links stay valid as long as the key does."""

from __future__ import annotations

from runner.channels.email.tokens import Keyring, WebLinks
from runner.model.project import Project
from runner.secrets import Secret
from runner.store.keys import Key


def keyring_of(key: Key) -> Keyring:
    """The keyring that signs and reads links."""
    return Keyring("k1", {"k1": Secret(key.derive("links").hex())})


def links_of(project: Project, key: Key) -> WebLinks | None:
    """The project's public links; None while `web.base_url` is not set."""
    base = project.settings.web.get("base_url")
    return WebLinks(str(base).rstrip("/"), keyring_of(key)) if base else None
