"""The LinkedIn channel: what holds for every provider, then the account's provider."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from runner.channels.linkedin.findings import check_account
from runner.channels.linkedin.identity import profile_of
from runner.channels.linkedin.provider import ProviderFactory
from runner.channels.linkedin.registry import Providers
from runner.channels.linkedin.settings import LinkedInSettings, read_settings
from runner.channels.linkedin.task import draft
from runner.engine.outcomes import AccountTrouble, AlreadyConnected, Failed, HandedOver, NotNow, Outcome, Trouble
from runner.engine.ports import Clock, Job, Prepared
from runner.lang.diagnostics import Diagnostic
from runner.model.channel import ChannelConfig, SecretRef
from runner.model.lead import LinkedInConnectionStatus
from runner.model.linkedin_limits import CONNECT, length_limit, linkedin_length
from runner.secrets import Secret

_LOOK_AGAIN = timedelta(hours=6)


class LinkedInChannel:
    """Invitations and messages. `providers` adds providers by name, or is a registry shared with the inbox."""

    def __init__(
        self,
        secrets: Callable[[SecretRef], Secret],
        clock: Clock,
        *,
        providers: Providers | Mapping[str, ProviderFactory] | None = None,
    ) -> None:
        self.providers = providers if isinstance(providers, Providers) else Providers(secrets, clock, providers)

    def check(self, config: ChannelConfig) -> Sequence[Diagnostic]:
        """What is wrong with an account's file: its settings, then what its provider asks for."""
        return check_account(config, self.providers)

    def prepare(self, job: Job) -> Prepared | Outcome:
        """Find the person, measure the text, then let the account's provider prepare."""
        job = replace(job, content=replace(job.content, body=job.content.body.strip()))
        settings = read_settings(job.account)
        provider = self.providers.find(settings.provider)
        if provider is None:
            known = ", ".join(self.providers.names())
            return AccountTrouble(
                Trouble.CONFIG, "provider_unknown", f"there is no provider `{settings.provider}`; there are: {known}"
            )
        profile = profile_of(job.lead)
        if profile is None:
            return _without_profile(job)
        refused = _before_provider(job, settings)
        if refused is not None:
            return refused
        if self._too_many_open(job, settings):
            text = f"{settings.max_pending} invitations wait for an answer; withdraw old ones"
            return NotNow(job.now + _LOOK_AGAIN, "too_many_pending", text)
        if profile.public_id is None and profile.profile_id is None:
            return HandedOver(draft(job, profile, "this form of address names no public profile"))
        return provider.prepare(job, profile)

    def close(self) -> None:
        """Close every provider's sessions."""
        self.providers.close()

    def _too_many_open(self, job: Job, settings: LinkedInSettings) -> bool:
        return job.action == CONNECT and self.providers.open_invitations.get(job.account.key, 0) >= settings.max_pending


def _before_provider(job: Job, settings: LinkedInSettings) -> Outcome | None:
    """What needs no provider to be decided."""
    if job.action == CONNECT and job.lead.linkedin_status is LinkedInConnectionStatus.CONNECTED:
        return AlreadyConnected({"found_in": "the lead's stored status"})
    body = job.content.body
    if job.action != CONNECT and not body.strip():
        return Failed("empty_message", "the message is empty")
    longest, length = length_limit(job.action, settings.premium, settings.message_limit), linkedin_length(body)
    if length <= longest:
        return None
    if job.action == CONNECT:
        return Failed("note_too_long", f"the note has {length} characters; this account may write {longest}")
    return Failed("message_too_long", f"the message has {length} characters; at most {longest} are sent")


def _without_profile(job: Job) -> Failed:
    given = job.lead.linkedin_url or job.lead.linkedin_urn
    if given:
        return Failed("no_address", f"`{given[:200]}` is not the address of a LinkedIn profile")
    return Failed("no_address", "the lead has no LinkedIn profile")
