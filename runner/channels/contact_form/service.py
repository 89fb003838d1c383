"""The contact-form service of the original plan: one call, one submission, five words back."""

from __future__ import annotations

from runner.channels.contact_form.channel import ContactFormChannel
from runner.channels.result import ServiceResult, service_result
from runner.engine.ports import Gate, Job
from runner.model.channel import ChannelType


class ContactFormOutreachService:
    """Submits contact forms through the channel; the gate decides as for every other send."""

    def __init__(self, channel: ContactFormChannel) -> None:
        self._channel = channel

    def submit(self, job: Job, gate: Gate) -> ServiceResult:
        """Find, fill and send a form once. Returns `{success, channel, status, message_id, error}`."""
        prepared = self._channel.prepare(job)
        outcome = prepared.fire(gate) if hasattr(prepared, "fire") else prepared
        return service_result(outcome, ChannelType.CONTACT_FORM)
