"""What an operator does, in Python: the five functions of a campaign, and the tasks of people.

The command line calls the same ones.

    from runner import operator
    operator.send_outreach_message("founders", 12, ["email", "linkedin"], root="my-project")

A send through here is the step's own step run, passes the same gate as a scheduled one, and counts the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from runner.channels.phone.closing import close_call, is_call
from runner.channels.result import ServiceResult, service_result
from runner.channels.sent_watch import SentWatch
from runner.channels.wiring import ChannelSet, real_channels
from runner.channels.worker import Worker
from runner.engine.outcomes import Cancelled, Failed, NotNow, Outcome, Sent
from runner.errors import NotFound, Refused, UsageError
from runner.model.campaign import Campaign
from runner.model.channel import ChannelType
from runner.model.events import EventKind
from runner.store.clock_mark import HELP, SLACK, newest_known
from runner.store.context import Context
from runner.store.definitions import plain
from runner.store.histories import channel_metrics, outreach_history
from runner.store.hurrying import Hurried, hurry
from runner.store.opening import open_context
from runner.store.overlays import Overlays, add_overlay, check_overlay
from runner.store.releasing import release_task
from runner.store.restoring import HELP as RECONCILE
from runner.store.restoring import REASON, notice_restored
from runner.store.tasking import close_task, report_event, task_rows

REPORTED = ("accepted", "replied", "unsubscribed")


@dataclass(frozen=True, slots=True)
class Operator:
    """The functions over one open project."""

    ctx: Context
    channel_set: ChannelSet

    def __enter__(self) -> Operator:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close every connection: to servers and to the database."""
        self.channel_set.close()
        self.ctx.db.close()

    def get_channel_config(self, campaign_id: str) -> dict[str, Any]:
        """Every channel of a campaign: its accounts as their files say, and the overlay that is on it now.

        Raises NotFound for no such campaign. Secrets appear as the place they are kept.
        """
        campaign, found = self._campaign(campaign_id), {}
        with self.ctx.db.read() as connection:
            overlays = Overlays.read(connection, self.ctx.now())
            for channel in ChannelType:
                accounts = [plain(config) for config in self.ctx.book.accounts_for(campaign, channel)]
                overlay = overlays.of(campaign.name, channel)
                limits = plain(campaign.limits[channel]) if channel in campaign.limits else None
                found[channel.value] = {"accounts": accounts, "limits": limits, "overlay": dict(overlay)}
        return found

    def update_channel_config(
        self, campaign_id: str, config: Mapping[str, Any], *, author: str, reason: str,
        expires_at: datetime | None = None,
    ) -> dict[str, Any]:  # fmt: skip
        """Put an overlay on one campaign: `{"email": {"limits": {"per_day": 10}}, "linkedin": {"enabled": False}}`.

        It stacks on the account's own limits, so it can only lower them. Raises UsageError for anything it cannot
        say, Refused for a limit above the account's.
        """
        campaign = self._campaign(campaign_id)
        with self.ctx.db.write() as connection:
            for name, values in config.items():
                channel = channel_named(name)
                check_overlay(self.ctx.book.accounts_for(campaign, channel), values)
                add_overlay(
                    connection, campaign.name, channel, values,
                    author=author, reason=reason, now=self.ctx.now(), expires_at=expires_at,
                )  # fmt: skip
        return self.get_channel_config(campaign_id)

    def send_outreach_message(self, campaign_id: str, lead_id: int, channels: Sequence[str]) -> dict[str, Any]:
        """Send the next unsent step of each listed channel in order, until one is sent.

        Returns `{success, attempts}`, and `deferred` with an ISO date when the gate put it off. Raises NotFound for
        a lead that is not in the campaign, Refused while clock or database cannot be believed, DatabaseUnavailable
        for a database that may forget.
        """
        campaign = self._campaign(campaign_id)
        wanted = [channel_named(name) for name in channels]
        self._refuse_a_wrong_clock()
        senders = self.ctx.book.accounts_for(campaign, ChannelType.EMAIL)
        self._refuse_a_restored_database(frozenset(config.key for config in senders))
        attempts: list[ServiceResult] = []
        for channel in wanted:
            hurried = hurry(self.ctx, campaign.name, lead_id, channel)
            outcome = self._perform(hurried)
            attempts.append(service_result(outcome, channel))
            if isinstance(outcome, Sent):
                break
            if isinstance(outcome, NotNow):
                until = outcome.until.isoformat() if outcome.until else None
                return {"success": False, "attempts": attempts, "deferred": until, "reason": outcome.reason}
        return {"success": any(attempt["success"] for attempt in attempts), "attempts": attempts, "deferred": None}

    def release_task(self, task_id: int, *, by: str) -> dict[str, Any]:
        """Send what an open task shows, now, in the name of the person `by` who read it: once, through the gate.

        Returns what `send_outreach_message` returns; when the gate defers, the task comes back at that date. Raises
        NotFound for no such task, Refused for one that is not open or that only a person can do, and while clock or
        database cannot be believed.
        """
        self._refuse_a_wrong_clock()
        self._refuse_a_restored_database(frozenset())
        claim, release, channel = release_task(self.ctx, task_id, by=by)
        worker = Worker(lambda: self.ctx, self.channel_set.channels)
        outcome = worker.perform(claim, release) or Cancelled("claim_lost", "somebody else took it over")
        attempt = service_result(outcome, channel)
        result: dict[str, Any] = {"success": attempt["success"], "attempts": [attempt], "deferred": None}
        if isinstance(outcome, NotNow):
            result |= {"deferred": outcome.until.isoformat() if outcome.until else None, "reason": outcome.reason}
        return result

    def list_tasks(self, *, status: str | None = "open") -> list[dict[str, Any]]:
        """The tasks of people with their whole texts, those that expire first at the top; all with `status` None."""
        with self.ctx.db.read() as connection:
            return task_rows(connection, status=status)

    def finish_task(self, task_id: int, result: str, *, by: str, disposition: str = "") -> None:
        """A person did (`done`), left out (`skipped`) or could not do (`failed`) a task; the lead goes on at once.

        Raises UsageError for another result or disposition, NotFound for no such task, Refused for a closed one.
        """
        if result not in ("done", "skipped", "failed"):
            raise UsageError(f"`{result}` is no result of a task", help="the results are: done, skipped, failed")
        if result != "skipped" and is_call(self.ctx, task_id):
            close_call(self.ctx, task_id, disposition, by=by, failed=result == "failed")
        else:
            close_task(self.ctx, task_id, result, by=by, disposition=disposition)

    def report_event(self, lead_id: int, event: str, *, by: str, channel: str = "linkedin") -> int:
        """A person saw that a lead `accepted`, `replied` or `unsubscribed`. Returns how many enrollments heard of it.

        Raises UsageError for another event or no such channel, NotFound for no such lead.
        """
        if event not in REPORTED:
            raise UsageError(f"`{event}` cannot be reported", help=f"the events are: {', '.join(REPORTED)}")
        return report_event(self.ctx, lead_id, EventKind(event), by=by, channel=channel_named(channel))

    def get_outreach_history(self, lead_id: int) -> list[dict[str, Any]]:
        """Every attempt and event of a lead, oldest first. Raises NotFound for no such lead."""
        return outreach_history(self.ctx, lead_id)

    def get_channel_metrics(self, campaign_id: str) -> dict[str, Any]:
        """What went out and what came back, by channel and step. Counted from the log, never kept apart from it."""
        return channel_metrics(self.ctx, self._campaign(campaign_id).name)

    def _perform(self, hurried: Hurried) -> Outcome:
        if hurried.claim is None:
            return hurried.outcome or Failed("nothing_to_send", hurried.why)
        worker = Worker(lambda: self.ctx, self.channel_set.channels)
        return worker.perform(hurried.claim) or Cancelled("claim_lost", "somebody else took it over")

    def _refuse_a_wrong_clock(self) -> None:
        with self.ctx.db.read() as connection:
            newest = newest_known(connection)
        if newest is not None and newest - self.ctx.now() > SLACK:
            words = f"the clock says {self.ctx.now().isoformat()}, and the database already knows {newest.isoformat()}"
            raise Refused(words, help=HELP)

    def _refuse_a_restored_database(self, senders: frozenset[str]) -> None:
        """What went out after a backup would go out again: journal and Sent folders are asked, as `serve` does."""
        self.ctx.db.check_durable()
        if not notice_restored(self.ctx):
            SentWatch(lambda: self.ctx, self.channel_set.sent_folders).look_at(senders)
        if notice_restored(self.ctx):
            raise Refused(REASON, help=RECONCILE)

    def _campaign(self, name: str) -> Campaign:
        for campaign in self.ctx.book.campaigns.values():
            if campaign.name == name:
                return campaign
        known = ", ".join(sorted(campaign.name for campaign in self.ctx.book.campaigns.values())) or "none"
        raise NotFound(f"there is no campaign `{name}`", help=f"the campaigns are: {known}")


@dataclass(frozen=True, slots=True)
class ChannelSequencer:
    """The original plan's sequencer: runs what is left of a lead's sequence, as far as it can go now."""

    operator: Operator

    def execute_sequence(self, campaign_id: str, lead_id: int) -> dict[str, Any]:
        """Send step after step until one is sent, deferred, or nothing is left. Returns `{success, attempts}`."""
        every = [channel.value for channel in ChannelType]
        result = self.operator.send_outreach_message(campaign_id, lead_id, every)
        return {"success": result["success"], "attempts": result["attempts"]}


def channel_named(name: str) -> ChannelType:
    """The channel of a name. Raises UsageError for one that does not exist."""
    try:
        return ChannelType(name)
    except ValueError:
        known = ", ".join(channel.value for channel in ChannelType)
        raise UsageError(f"there is no channel `{name}`", help=f"the channels are: {known}") from None


def open_operator(root: Path | str = ".") -> Operator:
    """Open the project at `root` for the operator, to be closed by its caller. Raises what opening a project raises."""
    return operator_of(open_context(Path(root), publish_files=False), Path(root))


def operator_of(ctx: Context, root: Path) -> Operator:
    """The operator of an open project, with its real channels."""
    return Operator(ctx, real_channels(root, ctx.clock, ctx.key, ctx.book.project, ctx))


def get_channel_config(campaign_id: str, *, root: Path | str = ".") -> dict[str, Any]:
    """See Operator.get_channel_config."""
    with open_operator(root) as operator:
        return operator.get_channel_config(campaign_id)


def update_channel_config(
    campaign_id: str, config: Mapping[str, Any], *, author: str, reason: str, expires_at: datetime | None = None,
    root: Path | str = ".",
) -> dict[str, Any]:  # fmt: skip
    """See Operator.update_channel_config."""
    with open_operator(root) as operator:
        return operator.update_channel_config(campaign_id, config, author=author, reason=reason, expires_at=expires_at)


def send_outreach_message(
    campaign_id: str, lead_id: int, channels: Sequence[str], *, root: Path | str = "."
) -> dict[str, Any]:
    """See Operator.send_outreach_message."""
    with open_operator(root) as operator:
        return operator.send_outreach_message(campaign_id, lead_id, channels)


def get_outreach_history(lead_id: int, *, root: Path | str = ".") -> list[dict[str, Any]]:
    """See Operator.get_outreach_history."""
    with open_operator(root) as operator:
        return operator.get_outreach_history(lead_id)


def get_channel_metrics(campaign_id: str, *, root: Path | str = ".") -> dict[str, Any]:
    """See Operator.get_channel_metrics."""
    with open_operator(root) as operator:
        return operator.get_channel_metrics(campaign_id)


def release_outreach_task(task_id: int, *, by: str, root: Path | str = ".") -> dict[str, Any]:
    """See Operator.release_task."""
    with open_operator(root) as operator:
        return operator.release_task(task_id, by=by)


__all__ = [
    "ChannelSequencer", "Operator", "Refused", "channel_named", "get_channel_config", "get_channel_metrics",
    "get_outreach_history", "open_operator", "release_outreach_task", "send_outreach_message", "update_channel_config",
]  # fmt: skip
