"""What `runner doctor` asks of the world: log-ins, inboxes, the sending domain, public links, LinkedIn's canary."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from runner.engine.ports import Clock
from runner.model.channel import ChannelConfig, ChannelType, SecretRef
from runner.model.project import Project
from runner.secrets import Secret

if TYPE_CHECKING:
    from dns.resolver import Resolver

Secrets = Callable[[SecretRef], Secret]
Finding = tuple[str, str, str, str]
"""Check, subject, verdict (`ok` or words), remedy."""


def remote_checks(
    project: Project, secrets: Secrets, clock: Clock, resolver: Resolver | None = None
) -> Iterator[Finding]:
    """Every check that connects somewhere, account by account. `resolver` answers for DNS; the system's by default."""
    for config in project.channels.values():
        if not config.enabled:
            continue
        if config.channel is ChannelType.EMAIL:
            yield from _email(config, secrets, clock, resolver)
        elif config.channel is ChannelType.LINKEDIN:
            yield from _linkedin(config, secrets, clock)
    yield from _links(str(project.settings.web.get("base_url") or ""))


def _email(config: ChannelConfig, secrets: Secrets, clock: Clock, resolver: Resolver | None) -> Iterator[Finding]:
    from dns.resolver import Resolver as SystemResolver

    from runner.channels.email import doctor
    from runner.channels.email.channel import EmailChannel
    from runner.channels.email.config import account_of
    from runner.channels.email.doctor_dns import check_domain
    from runner.channels.email.inbox import EmailInbox

    channel, account = EmailChannel(secrets, clock), account_of(config)
    dkim = account.dkim
    checks = [
        doctor.check_login(channel, config),
        doctor.check_inbox(EmailInbox(secrets, clock), config),
        doctor.check_limits(config),
        *check_domain(account, resolver or SystemResolver(), (lambda: secrets(dkim.key)) if dkim else None),
    ]
    channel.close()
    for check in checks:
        plain = check.verdict in (doctor.Verdict.OK, doctor.Verdict.SKIPPED)
        verdict = check.verdict.value if plain else f"{check.verdict.value}: {check.text}"
        yield check.name, config.key, verdict, check.remedy


def _linkedin(config: ChannelConfig, secrets: Secrets, clock: Clock) -> Iterator[Finding]:
    from runner.channels.linkedin.registry import Providers

    providers = Providers(secrets, clock)
    provider = providers.find(str(config.settings.get("provider", "task")))
    if provider is not None:
        for result in provider.canary(config):
            yield result.check, config.key, result.verdict.value, result.remedy
    providers.close()


def _links(base_url: str) -> Iterator[Finding]:
    import requests

    from runner.channels.email import doctor

    def fetch(url: str) -> tuple[int, str]:
        answer = requests.get(url, timeout=10, allow_redirects=False)
        return answer.status_code, answer.text[:1000]

    check = doctor.check_unsubscribe(base_url, fetch)
    verdict = "ok" if check.verdict is doctor.Verdict.OK else f"{check.verdict.value}: {check.text}"
    yield check.name, base_url or "web", verdict, check.remedy
