"""An email account whose messages do not say where their sender is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from runner.compile.reporting import footer_finding
from runner.compile.view import ProjectView
from runner.lang.diagnostics import Diagnostic
from runner.model.channel import ChannelType

SLUG = "no-postal-address"


def check(view: ProjectView) -> Iterator[Diagnostic]:
    """Yield one diagnostic for each account with a footer that names no address (no footer: see no-unsubscribe)."""
    for stem, account in view.accounts.items():
        footer = account.settings.get("footer")
        if account.channel is not ChannelType.EMAIL or not isinstance(footer, Mapping):
            continue
        if not str(footer.get("postal_address", "")).strip():
            source = view.files.channels[stem]
            span = source.at(("footer",), key=True)
            yield footer_finding(view.settings, SLUG, f"messages of `{account.name}` name no postal address", span,
                          help="add `postal_address:`; CAN-SPAM asks for it in every commercial message",
                          path=("footer",))  # fmt: skip
