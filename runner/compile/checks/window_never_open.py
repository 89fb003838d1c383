"""A step whose window and its account's window never overlap: it waits for ever."""

from __future__ import annotations

from collections.abc import Iterator

from runner.compile.reporting import error
from runner.compile.view import ProjectView
from runner.lang.diagnostics import Diagnostic, Related
from runner.lang.source import Source
from runner.model.calendar import SendWindow
from runner.model.channel import ChannelConfig
from runner.model.graph import StepNode
from runner.model.sequence import ChannelStep

SLUG = "window-never-open"
_DAY = 24 * 60
_WEEK = 7 * _DAY
_WIDEST_OFFSET = 26 * 60
"""Minutes between the clocks of the two farthest zones (UTC+14 and UTC-12)."""


def check(view: ProjectView) -> Iterator[Diagnostic]:
    """Yield one diagnostic for each step that no account of its campaign can ever send; and for impossible dates."""
    for source, campaign, compiled in view.running():
        if campaign.starts_on and campaign.ends_on and campaign.ends_on < campaign.starts_on:
            yield error(SLUG, f"`{campaign.name}` ends before it starts", source.at(("ends_on",)), path=("ends_on",),
                        related=(Related(source.at(("starts_on",)), "it starts here"),))  # fmt: skip
        for node in compiled.graph.nodes:
            accounts = view.accounts_for(campaign, node.channel) if node.channel is not None else ()
            if accounts and view.has_all_accounts and not any(can_open(node, account) for account in accounts):
                draft = view.drafts[campaign.sequence]
                yield _closed(draft.source, node, view.file_of(accounts[0]), accounts[0])


def _closed(sequence: Source, node: StepNode, source: Source, account: ChannelConfig) -> Diagnostic:
    step = sequence.data["steps"][node.index]
    own = "send_window" in step
    span = sequence.key_span(step if own else sequence.data["defaults"], "send_window")
    other = source.key_span(source.data, "send_window")
    return error(SLUG, f"`{node.id}` can never be sent: no window of its accounts overlaps its own", span,
                 help="give the two a common hour on a common day",
                 related=(Related(other, f"the window of `{account.name}`"),))  # fmt: skip


def can_open(node: StepNode, account: ChannelConfig) -> bool:
    """Whether there may be a minute at which both windows are open, whatever the lead's zone."""
    step_window = node.body.send_window if isinstance(node.body, ChannelStep) else None
    if step_window is None or account.send_window is None:
        return True
    slack = 0 if _same_zone(step_window, account.send_window, account) else _WIDEST_OFFSET
    theirs = _stretches(account.send_window)
    return any(_overlap(mine, other, slack) for mine in _stretches(step_window) for other in theirs)


def _same_zone(first: SendWindow, second: SendWindow, account: ChannelConfig) -> bool:
    zones = [account.timezone or "account" if window.timezone == "account" else window.timezone
             for window in (first, second)]  # fmt: skip
    return zones[0] == zones[1]


def _stretches(window: SendWindow) -> list[tuple[int, int]]:
    """Every open stretch as (start, length) in minutes from Monday, local time."""
    found: list[tuple[int, int]] = []
    for block in window.blocks:
        start = block.start.hour * 60 + block.start.minute
        end = block.end.hour * 60 + block.end.minute
        length = end - start if end > start else end - start + _DAY
        found.extend((day.value * _DAY + start, length) for day in block.days)
    return found


def _overlap(first: tuple[int, int], second: tuple[int, int], slack: int) -> bool:
    """Whether two stretches of a week overlap when one clock may be off by `slack` minutes."""
    after = (second[0] - first[0] + slack) % _WEEK
    return after < first[1] + 2 * slack or (first[0] - second[0] + slack) % _WEEK < second[1] + 2 * slack
