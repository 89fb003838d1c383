"""A sequence acts on a channel for which its campaign has no account: every such step fails."""

from __future__ import annotations

from collections.abc import Iterator

from runner.compile.reporting import warning
from runner.compile.view import ProjectView
from runner.lang.diagnostics import Diagnostic

SLUG = "no-account"


def check(view: ProjectView) -> Iterator[Diagnostic]:
    """Yield one diagnostic for each channel of each running campaign without an account that is switched on."""
    for source, campaign, compiled in view.running() if view.has_all_accounts else ():
        used = dict.fromkeys(node.channel for node in compiled.graph.nodes if node.channel is not None)
        for channel in used:
            if view.accounts_for(campaign, channel):
                continue
            steps = [f"`{node.id}`" for node in compiled.graph.nodes if node.channel is channel]
            yield warning(
                SLUG, f"no account of {channel.value} is switched on for `{campaign.name}`", source.at(("sequence",)),
                help=f"{', '.join(steps)} will fail at once: add one to channel_configs/, or name one under `accounts`",
                path=("sequence",),
            )  # fmt: skip
