"""The default provider: a person acts on LinkedIn, with the profile's link and the text ready to paste."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from runner.channels.linkedin.identity import Profile
from runner.channels.linkedin.provider import CheckResult, ProviderContext, Reader, Verdicts
from runner.engine.outcomes import HandedOver, Outcome, Permit, TaskDraft
from runner.engine.ports import Gate, Job
from runner.lang.diagnostics import Diagnostic
from runner.model.channel import ChannelConfig
from runner.model.linkedin_limits import CONNECT, linkedin_length


class TaskProvider:
    """Turns every invitation and message into a task. Fully within LinkedIn's user agreement."""

    def __init__(self, context: ProviderContext) -> None:
        del context  # a task needs neither secrets nor a clock

    def check(self, config: ChannelConfig) -> Sequence[Diagnostic]:
        """Nothing can be wrong: a task needs no settings."""
        del config
        return ()

    def prepare(self, job: Job, profile: Profile) -> PreparedTask:
        """A task is made only behind the gate, so that a person is never asked for what may not go out."""
        return PreparedTask(draft(job, profile))

    def reader(self, account: ChannelConfig) -> Reader | None:
        """People report what came back (`runner tasks done --event accepted`)."""
        del account
        return None

    def canary(self, account: ChannelConfig) -> Sequence[CheckResult]:
        """A person is the transport; there is nothing to try."""
        del account
        return (CheckResult("LinkedIn tasks", Verdicts.OK),)

    def close(self) -> None:
        """Nothing is kept open."""


@dataclass(frozen=True, slots=True)
class PreparedTask:
    """A task that waits for the gate."""

    task: TaskDraft

    def fire(self, gate: Gate) -> Outcome:
        """Hand over, if the gate permits."""
        answer = gate()
        if not isinstance(answer, Permit):
            return answer
        return HandedOver(replace(self.task, text="") if answer.without_note else self.task)

    def abandon(self) -> None:
        """Nothing is held."""


def draft(job: Job, profile: Profile, why: str = "", *, releasable: bool = False) -> TaskDraft:
    """The task for `job`; `why` says what kept the machine from doing it, where something did.

    `releasable`: the machine can do it as soon as a person says so (`runner tasks release`).
    """
    name = " ".join(part for part in (job.lead.first_name, job.lead.last_name) if part) or profile.url
    at = f" ({job.lead.company})" if job.lead.company else ""
    connect = job.action == CONNECT
    title = f"Invite {name}{at} to connect on LinkedIn" if connect else f"Write to {name}{at} on LinkedIn"
    detail: dict[str, object] = {"action": job.action, "length": linkedin_length(job.content.body)}
    if profile.profile_id:
        detail["linkedin_urn"] = profile.profile_id
    if why:
        detail["why"] = why
    if releasable:
        detail["releasable"] = True
    kind = "linkedin_connect" if connect else "linkedin_message"
    return TaskDraft(kind=kind, title=title, text=job.content.body, link=profile.url, detail=detail)
