"""After an attempt whose end is not known: read the conversation or the open invitations for proof that it went out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from runner.channels.linkedin.identity import Profile, profile_of
from runner.channels.linkedin.provider import Invitation, ProviderFactory, Reader, Standing
from runner.channels.linkedin.registry import Providers
from runner.channels.linkedin.settings import read_settings
from runner.engine.ports import Clock, Doubt, Evidence
from runner.errors import ChannelUnavailable, MissingSecret
from runner.model.channel import SecretRef
from runner.model.lead import Lead
from runner.model.linkedin_limits import CONNECT
from runner.secrets import Secret

_FIRST_PAUSE = timedelta(minutes=10)
_CLOCKS_DIFFER = timedelta(minutes=10)
"""How far LinkedIn's clock may lie behind ours."""


class LinkedInReconciler:
    """Looks for evidence. Reads only, and never proves that something was not sent."""

    def __init__(
        self,
        secrets: Callable[[SecretRef], Secret],
        clock: Clock,
        *,
        providers: Providers | Mapping[str, ProviderFactory] | None = None,
    ) -> None:
        self.providers = providers if isinstance(providers, Providers) else Providers(secrets, clock, providers)
        self._clock = clock
        self._looks: dict[tuple[str, str], tuple[int, datetime]] = {}

    def find(self, doubt: Doubt) -> Evidence | None:
        """Our own text in the conversation, or the invitation among the open ones, or a connection since.

        However often it is asked, it looks ever more rarely: a day of doubt costs a handful of calls. Raises
        ChannelUnavailable when LinkedIn cannot be read just now, so that it is asked again.
        """
        doubted, now = (doubt.key, doubt.action), self._clock.now()
        looks, due = self._looks.get(doubted, (0, now))
        if now < due:
            return None
        found = self._look(doubt)
        self._looks[doubted] = (looks + 1, now + _FIRST_PAUSE * 2**looks)
        return found

    def _look(self, doubt: Doubt) -> Evidence | None:
        provider = self.providers.find(read_settings(doubt.account).provider)
        profile = profile_of(doubt.lead)
        if provider is None or profile is None:
            return None
        try:
            reader = provider.reader(doubt.account)
        except MissingSecret as error:
            raise ChannelUnavailable(f"{doubt.account.key} cannot be read: {error}", help=error.help) from error
        if reader is None:
            return None
        return _invitation(reader, doubt, profile) if doubt.action == CONNECT else _message(reader, doubt, profile)


def _invitation(reader: Reader, doubt: Doubt, profile: Profile) -> Evidence | None:
    for invitation in reader.open_invitations() or ():
        if _same(invitation, profile):
            at = invitation.sent_at or doubt.intent_at
            return Evidence("sent invitations", at, {"sent_at": at.isoformat()})
    seen = reader.standing(profile, _name(doubt.lead))
    _raise_if_stopped(doubt, seen.trouble)
    if seen.standing is Standing.CONNECTED:
        return Evidence(seen.found_in, doubt.intent_at, {"connected": True})
    return None


def _message(reader: Reader, doubt: Doubt, profile: Profile) -> Evidence | None:
    profile_id = profile.profile_id
    if profile_id is None:
        seen = reader.standing(profile, _name(doubt.lead))
        _raise_if_stopped(doubt, seen.trouble)
        profile_id = seen.profile_id
    if profile_id is None:
        return None
    found = reader.conversation(profile_id)
    _raise_if_stopped(doubt, found.trouble or found.unreached)
    wanted = _normal(doubt.content.body)
    for line in found.lines:
        by_them = line.author == profile_id
        if not by_them and _normal(line.text) == wanted and line.at >= doubt.intent_at - _CLOCKS_DIFFER:
            return Evidence("conversation", line.at, {"message_id": line.id})
    return None


def _raise_if_stopped(doubt: Doubt, why: object) -> None:
    if why is not None:
        said = getattr(why, "explanation", None) or str(why)
        raise ChannelUnavailable(f"{doubt.account.key} cannot be read: {said}")


def _same(invitation: Invitation, profile: Profile) -> bool:
    if invitation.profile_id is not None and invitation.profile_id == profile.profile_id:
        return True
    return profile.public_id is not None and (invitation.public_id or "").lower() == profile.public_id


def _name(lead: Lead) -> tuple[str, str]:
    return lead.first_name or "", lead.last_name or ""


def _normal(text: str) -> str:
    """Text as it survives LinkedIn: line ends and runs of white space do not."""
    return " ".join(text.split())
