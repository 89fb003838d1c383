"""The email service of the plan: one call that sends one message and says how it went."""

from __future__ import annotations

from runner.channels.email.channel import EmailChannel, PreparedEmail
from runner.channels.result import ServiceResult, service_result
from runner.engine.ports import Gate, Job
from runner.model.channel import ChannelType


class EmailOutreachService:
    """Sends e-mail through an EmailChannel."""

    def __init__(self, channel: EmailChannel) -> None:
        self._channel = channel

    def send(self, job: Job, gate: Gate) -> ServiceResult:
        """Prepare and fire one message; `gate` is called just before the irrevocable byte."""
        prepared = self._channel.prepare(job)
        outcome = prepared.fire(gate) if isinstance(prepared, PreparedEmail) else prepared
        return service_result(outcome, ChannelType.EMAIL)
