"""The LinkedIn service of the original plan, on top of the channel: two calls, each ending in a plain result."""

from __future__ import annotations

from dataclasses import replace

from runner.channels.result import ServiceResult, service_result
from runner.engine.outcomes import Outcome
from runner.engine.ports import Channel, Gate, Job
from runner.model.channel import ChannelType
from runner.model.linkedin_limits import CONNECT, MESSAGE


class LinkedInOutreachService:
    """Sends one invitation or message at a time. `gate` decides at the last moment, as it does for the engine."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel

    def send_connection_request(self, job: Job, gate: Gate) -> ServiceResult:
        """Invite the job's lead; the job's content is the note, and may be empty."""
        return self._act(replace(job, action=CONNECT), gate)

    def send_message(self, job: Job, gate: Gate) -> ServiceResult:
        """Write the job's content to the job's lead, who must be a connection."""
        return self._act(replace(job, action=MESSAGE), gate)

    def _act(self, job: Job, gate: Gate) -> ServiceResult:
        prepared = self._channel.prepare(job)
        outcome: Outcome = prepared.fire(gate) if hasattr(prepared, "fire") else prepared
        return service_result(outcome, ChannelType.LINKEDIN)
