"""An email account whose messages offer no way to opt out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from runner.compile.reporting import footer_finding
from runner.compile.view import ProjectView
from runner.lang.diagnostics import Diagnostic
from runner.model.channel import ChannelType

SLUG = "no-unsubscribe"


def check(view: ProjectView) -> Iterator[Diagnostic]:
    """Yield one diagnostic for each such account."""
    for stem, account in view.accounts.items():
        if account.channel is not ChannelType.EMAIL:
            continue
        source = view.files.channels[stem]
        footer = account.settings.get("footer")
        if not isinstance(footer, Mapping):
            span = source.key_span(source.data, "from")
            yield footer_finding(view.settings, SLUG, f"messages of `{account.name}` offer no way to opt out", span,
                          help="add `footer: {postal_address: ..., unsubscribe: one_click}`")  # fmt: skip
        elif footer.get("unsubscribe") == "none":
            yield footer_finding(view.settings, SLUG, f"messages of `{account.name}` offer no way to opt out",
                          source.at(("footer", "unsubscribe")), path=("footer", "unsubscribe"),
                          help="the law asks for one in most places, and mail providers do: `one_click`")  # fmt: skip
