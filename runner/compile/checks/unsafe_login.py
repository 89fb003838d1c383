"""An email account that names a user and no way to log in, or would log in where everybody can listen."""

from __future__ import annotations

from collections.abc import Iterator

from runner.compile.reporting import error
from runner.compile.view import ProjectView
from runner.lang.diagnostics import Diagnostic
from runner.model.channel import ChannelType
from runner.model.email_rules import in_clear_text, lacks_secret, part

SLUG = "unsafe-login"


def check(view: ProjectView) -> Iterator[Diagnostic]:
    """Yield one diagnostic for each such log-in."""
    for stem, account in view.accounts.items():
        if account.channel is not ChannelType.EMAIL:
            continue
        source = view.files.channels[stem]
        for server in ("smtp", "imap"):
            login = part(account.settings, server)
            if lacks_secret(login):
                path = (server, "username")
                yield error(SLUG, f"`{login['username']}` has no password for {server}", source.at(path), path=path,
                            help="add `password: {env: NAME}` or an `oauth` block")  # fmt: skip
            if in_clear_text(login):
                path = (server, "security")
                yield error(SLUG, f"the password for {login.get('host')} would travel in clear text", source.at(path),
                            path=path, help="`starttls` or `tls`; `off` is for servers on this machine")  # fmt: skip
