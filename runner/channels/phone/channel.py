"""The phone channel: a call is a task for a person, with the number, the script, and how it may end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from runner.channels.phone.dispositions import MEANINGS
from runner.engine.outcomes import Failed, HandedOver, Outcome, Permit, TaskDraft
from runner.engine.ports import Clock, Gate, Job, Prepared
from runner.lang.diagnostics import Diagnostic
from runner.model.calendar_zones import find_zone
from runner.model.channel import ChannelConfig, SecretRef
from runner.secrets import Secret


class PhoneChannel:
    """Makes call tasks. It dials nothing, needs no secret and keeps nothing open."""

    def __init__(self, secrets: Callable[[SecretRef], Secret], clock: Clock) -> None:
        del secrets, clock  # the port's way of building a channel; a task needs neither

    def check(self, config: ChannelConfig) -> Sequence[Diagnostic]:
        """Nothing can be wrong that the schema does not say."""
        del config
        return ()

    def prepare(self, job: Job) -> Prepared | Outcome:
        """The task for one call, or `no_address` where the lead has no number."""
        number = (job.lead.phone or "").strip()
        if not any(char.isdigit() for char in number):
            return Failed("no_address", "the lead has no phone number")
        return PreparedCall(call_task(job, number))

    def close(self) -> None:
        """Nothing is kept open."""


@dataclass(frozen=True, slots=True)
class PreparedCall:
    """A call that waits for the gate: nobody is asked to call a person who must not be called."""

    task: TaskDraft

    def fire(self, gate: Gate) -> Outcome:
        """Hand the call over, if the gate permits."""
        answer = gate()
        return HandedOver(self.task) if isinstance(answer, Permit) else answer

    def abandon(self) -> None:
        """Nothing is held."""


def call_task(job: Job, number: str) -> TaskDraft:
    """What the caller sees: whom to call, where it is now in their day, the script, and the ways a call can end."""
    lead = job.lead
    name = " ".join(part for part in (lead.first_name, lead.last_name) if part) or lead.email or number
    at = f" ({lead.company})" if lead.company else ""
    detail: dict[str, object] = {"dispositions": {one.value: meaning.text for one, meaning in MEANINGS.items()}}
    if lead.title:
        detail["role"] = lead.title
    if lead.timezone and (zone := find_zone(lead.timezone)):
        detail["timezone"] = lead.timezone
        detail["local_time"] = job.now.astimezone(zone).isoformat(timespec="minutes")
    for setting in ("assignee", "caller_id"):
        value = job.body.settings.get(setting) or job.account.settings.get(setting)
        if value:
            detail[setting] = value
    return TaskDraft(
        kind="call", title=f"Call {name}{at}", text=job.content.body, link=f"tel:{number}", number=number, detail=detail
    )
