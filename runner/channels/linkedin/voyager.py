"""The `voyager` provider: LinkedIn's own web API through the `linkedin-api` package, at the account's risk."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace

from runner.channels.linkedin.canary import run_canary
from runner.channels.linkedin.findings import check_base_url, finding
from runner.channels.linkedin.identity import Profile
from runner.channels.linkedin.provider import CheckResult, ProviderContext, Seen, Standing, Verdicts
from runner.channels.linkedin.reading import VoyagerReader
from runner.channels.linkedin.session import VoyagerSession
from runner.channels.linkedin.settings import read_settings
from runner.channels.linkedin.task import draft
from runner.channels.linkedin.voyager_send import PreparedVoyager
from runner.engine.outcomes import AccountTrouble, AlreadyConnected, HandedOver, NotConnected, Outcome, Trouble
from runner.engine.ports import Job, Prepared
from runner.errors import MissingSecret
from runner.lang.diagnostics import Diagnostic
from runner.model.channel import ChannelConfig
from runner.model.lead import LinkedInConnectionStatus
from runner.model.linkedin_limits import CONNECT


class VoyagerProvider:
    """Keeps one session an account, and the profile ids it has resolved."""

    def __init__(self, context: ProviderContext) -> None:
        self._context = context
        self._sessions: dict[str, tuple[ChannelConfig, VoyagerSession]] = {}
        self._resolved: dict[str, str] = {}
        self._lock = threading.Lock()

    def check(self, config: ChannelConfig) -> Sequence[Diagnostic]:
        """The risk accepted in writing, both cookies named, and a safe address to send them to."""
        settings = read_settings(config)
        found = check_base_url(config, settings)
        if not settings.accept_terms_risk:
            found.append(
                finding(
                    config, "linkedin-terms-risk", "`provider: voyager` breaks LinkedIn's user agreement",
                    "accept_terms_risk",
                    help="LinkedIn may restrict or close the account; write `accept_terms_risk: true` to take that "
                    "risk, or use `provider: task`",
                )
            )  # fmt: skip
        if settings.li_at is None or settings.jsessionid is None:
            found.append(
                finding(
                    config, "linkedin-cookies-missing", "`provider: voyager` needs the cookies of a signed-in browser",
                    "cookies", help="cookies: {li_at: {env: NAME}, jsessionid: {env: NAME}}",
                )
            )  # fmt: skip
        return found

    def prepare(self, job: Job, profile: Profile) -> Prepared | Outcome:
        """Open the session, resolve the profile id and look at the connection; nothing others can see is done."""
        trouble = self._refused(job.account)
        if trouble is not None:
            return trouble
        profile = self._known(profile)
        if self._needs_a_look(job, profile):
            seen = self.read(job.account).standing(profile, (job.lead.first_name or "", job.lead.last_name or ""))
            if seen.trouble is not None:
                return seen.trouble
            decided = self._decided(job, profile, seen)
            if decided is not None:
                return decided
            profile = self._known(profile)
        if profile.profile_id is None:
            return HandedOver(draft(job, profile, "LinkedIn does not tell the id of this profile any more"))
        return PreparedVoyager(session=self.session(job.account), job=job, profile=profile)

    def reader(self, account: ChannelConfig) -> VoyagerReader | None:
        """What reads conversations, connections and open invitations; None while the risk is not accepted.

        Raises MissingSecret when a cookie is not there.
        """
        return self.read(account) if read_settings(account).accept_terms_risk else None

    def read(self, account: ChannelConfig) -> VoyagerReader:
        """As `reader`, for an account whose owner has accepted the risk."""
        return VoyagerReader(self.session(account), self._context.clock, read_settings(account))

    def canary(self, account: ChannelConfig) -> Sequence[CheckResult]:
        """Ask who we are, and which calls still answer."""
        if not read_settings(account).accept_terms_risk:
            return (CheckResult("LinkedIn session", Verdicts.PROBLEM, "accept_terms_risk is not true"),)
        return run_canary(account, self.read)

    def session(self, account: ChannelConfig) -> VoyagerSession:
        """The account's session; a new one, with the cookies read anew, when its file changed or LinkedIn ended it.

        Raises MissingSecret.
        """
        with self._lock:
            kept = self._sessions.get(account.key)
            if kept is not None and kept[0].settings == account.settings and kept[1].is_good(self._context.clock.now()):
                return kept[1]
            if kept is not None:
                kept[1].close()
            settings = read_settings(account)
            if settings.li_at is None or settings.jsessionid is None:
                raise MissingSecret(f"{account.key} names no cookies", help="cookies: {li_at: ..., jsessionid: ...}")
            cookies = {
                "li_at": self._context.secrets(settings.li_at),
                "JSESSIONID": self._context.secrets(settings.jsessionid),
            }
            session = VoyagerSession(settings, cookies)
            self._sessions[account.key] = (account, session)
            return session

    def close(self) -> None:
        """Close every session."""
        with self._lock:
            for _, session in self._sessions.values():
                session.close()
            self._sessions.clear()

    def _refused(self, account: ChannelConfig) -> AccountTrouble | None:
        """Why this account may not be used at all."""
        if not read_settings(account).accept_terms_risk:
            return AccountTrouble(Trouble.CONFIG, "terms_risk", "accept_terms_risk is not true; nothing is sent")
        try:
            self.session(account)
        except MissingSecret as error:
            return AccountTrouble(Trouble.CONFIG, "cookies_missing", f"{error} {error.help}".strip())
        return None

    def _known(self, profile: Profile) -> Profile:
        """The profile with the id that was resolved for it earlier."""
        if profile.profile_id is not None or profile.public_id is None:
            return profile
        return replace(profile, profile_id=self._resolved.get(profile.public_id))

    def _needs_a_look(self, job: Job, profile: Profile) -> bool:
        """A message to a stored connection needs none: every call less is safer for the account."""
        known = job.lead.linkedin_status is LinkedInConnectionStatus.CONNECTED
        return profile.profile_id is None or not known

    def _decided(self, job: Job, profile: Profile, seen: Seen) -> Outcome | None:
        """What a look at the connection settles before anything is sent."""
        if seen.profile_id is not None and profile.public_id is not None:
            self._resolved[profile.public_id] = seen.profile_id
        detail: dict[str, object] = {"found_in": seen.found_in, "linkedin_urn": seen.profile_id or profile.profile_id}
        if job.action == CONNECT and seen.standing is Standing.CONNECTED:
            return AlreadyConnected(detail)
        if job.action != CONNECT and seen.standing is Standing.NOT_CONNECTED:
            return NotConnected(detail)
        return None
