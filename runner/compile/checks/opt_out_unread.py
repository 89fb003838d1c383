"""An email account whose readers opt out by writing to an address that nobody reads."""

from __future__ import annotations

from collections.abc import Iterator

from runner.compile.reporting import error
from runner.compile.view import ProjectView
from runner.lang.diagnostics import Diagnostic
from runner.model.channel import ChannelType
from runner.model.email_rules import unread_opt_out

SLUG = "opt-out-unread"
_PATH = ("footer", "unsubscribe")


def check(view: ProjectView) -> Iterator[Diagnostic]:
    """Yield one diagnostic for each such account."""
    for stem, account in view.accounts.items():
        if account.channel is not ChannelType.EMAIL or unread_opt_out(account.settings) is None:
            continue
        source = view.files.channels[stem]
        yield error(SLUG, f"nobody reads what people write to opt out of messages of `{account.name}`",
                    source.at(_PATH), path=_PATH,
                    help="add `imap:`, or `mailto:` with an address that you read yourself")  # fmt: skip
