"""A step waits for bounces on an account that no inbox is read for."""

from __future__ import annotations

from collections.abc import Iterator

from runner.compile.reporting import warning
from runner.compile.view import ProjectView
from runner.lang.diagnostics import Diagnostic, Related
from runner.model.channel import ChannelType

SLUG = "no-inbox-no-settle"


def check(view: ProjectView) -> Iterator[Diagnostic]:
    """Yield one diagnostic for each account without an inbox that sends a step whose failure is read later."""
    told: set[str] = set()
    for source, campaign, compiled in view.running():
        reader = next((node for node in compiled.graph.nodes if node.failure_is_read), None)
        if reader is None:
            continue
        for account in view.accounts_for(campaign, ChannelType.EMAIL):
            if "imap" in account.settings or account.name in told:
                continue
            told.add(account.name)
            file = view.file_of(account)
            yield warning(
                SLUG, f"`{account.name}` has no inbox: a bounce is never seen, and `{reader.id}` never fails by one",
                file.key_span(file.data, "smtp"), help="add `imap:`, with `host`, `username` and `password`",
                related=(Related(source.at(("sequence",)), f"`{campaign.name}` runs a sequence that reads failures"),),
            )  # fmt: skip
