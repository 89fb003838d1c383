"""The `official` provider: LinkedIn's partner API with a token. It sends only what a person has released.

LinkedIn's rules for its Messages API ask for a specific action of a member, taken with the text in view; "an
automated or scheduled event" is none (Microsoft Learn, LinkedIn Messages API, Requirements). So a scheduled step
becomes a task that shows the recipient and the text, and the request goes out only for a job that a person released.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import requests

from runner.channels.linkedin.exchange import Exchange
from runner.channels.linkedin.findings import check_base_url, finding
from runner.channels.linkedin.identity import Profile
from runner.channels.linkedin.provider import CheckResult, ProviderContext, Reader, Verdicts
from runner.channels.linkedin.responses import Act, Verdict, judge
from runner.channels.linkedin.settings import OFFICIAL_URL, LinkedInSettings, read_settings
from runner.channels.linkedin.task import PreparedTask, draft
from runner.channels.linkedin.transport import Recorder, Transport
from runner.channels.linkedin.verdicts import HELP, outcome_of
from runner.engine.outcomes import (
    AccountTrouble,
    AlreadyConnected,
    Failed,
    NotConnected,
    Outcome,
    Permit,
    Sent,
    Trouble,
    Unknown,
)
from runner.engine.ports import Gate, Job, Prepared, Release
from runner.errors import MissingSecret
from runner.lang.diagnostics import Diagnostic
from runner.model.channel import ChannelConfig
from runner.model.linkedin_limits import CONNECT
from runner.secrets import Secret

RELEASED_BY = "released_by"
"""The key in an outcome's detail that names the person who released the message."""

PERSON_FIELD = "linkedin_person_id"
"""The lead's field with the id this API knows a person by; it differs from the profile id of the web."""

_NOT_RELEASED = "LinkedIn's rules ask that a person sends this: read the recipient and the text, then release it"


class OfficialProvider:
    """Posts to `/rest/messages` and `/v2/invitations`. Access is restricted to LinkedIn's approved partners."""

    def __init__(self, context: ProviderContext) -> None:
        self._context = context

    def check(self, config: ChannelConfig) -> Sequence[Diagnostic]:
        """A token, and a safe address to send it to."""
        settings = read_settings(config)
        found = check_base_url(config, settings, OFFICIAL_URL)
        if settings.token is None:
            summary = "`provider: official` needs a token of a LinkedIn partner application"
            found.append(finding(config, "linkedin-token-missing", summary, "token", help="token: {env: NAME}"))
        return found

    def prepare(self, job: Job, profile: Profile) -> Prepared | Outcome:
        """A task, unless a person released exactly this message; then the request."""
        person = job.lead.fields.get(PERSON_FIELD)
        if not isinstance(person, str) or not person:
            why = f"the lead has no `{PERSON_FIELD}`, by which LinkedIn's API knows a person"
            return PreparedTask(draft(job, profile, why))
        if job.release is None:
            return PreparedTask(draft(job, profile, _NOT_RELEASED, releasable=True))
        settings = read_settings(job.account)
        if settings.token is None:
            return AccountTrouble(Trouble.CONFIG, "token_missing", f"{job.account.key} names no token")
        try:
            token = self._context.secrets(settings.token)
        except MissingSecret as error:
            return AccountTrouble(Trouble.CONFIG, "token_missing", f"{error} {error.help}".strip())
        return PreparedOfficial(settings, token, job, person, job.release)

    def reader(self, account: ChannelConfig) -> Reader | None:
        """The API gives partners no inbox that this program could poll; people report what came back."""
        del account
        return None

    def canary(self, account: ChannelConfig) -> Sequence[CheckResult]:
        """Ask who the token belongs to."""
        settings = read_settings(account)
        name = "LinkedIn token"
        try:
            token = self._context.secrets(settings.token) if settings.token is not None else None
        except MissingSecret as error:
            return (CheckResult(name, Verdicts.PROBLEM, f"{error}. {error.help}"),)
        if token is None:
            return (CheckResult(name, Verdicts.PROBLEM, "token: {env: NAME}"),)
        exchange = _request(settings, token, "GET", "/v2/userinfo", None)
        row = judge(Act.READ, exchange)
        if row.verdict is Verdict.READ:
            return (CheckResult(name, Verdicts.OK),)
        return (CheckResult(name, Verdicts.PROBLEM, f"{row.says}. {HELP.get(row.verdict, 'renew the token')}"),)

    def close(self) -> None:
        """Every request has a connection of its own; nothing is kept open."""


@dataclass(frozen=True, slots=True)
class PreparedOfficial:
    """A released invitation or message."""

    settings: LinkedInSettings
    token: Secret
    job: Job
    person: str
    release: Release

    def fire(self, gate: Gate) -> Outcome:
        """Pass the gate, post once."""
        answer = gate()
        if not isinstance(answer, Permit):
            return answer
        connect = self.job.action == CONNECT
        bare = answer.without_note or self.release.without_note
        path, body = self._invitation(with_note=not bare) if connect else self._message()
        exchange = _request(self.settings, self.token, "POST", path, body)
        row = judge(Act.CONNECT if connect else Act.MESSAGE, exchange)
        outcome = outcome_of(row, exchange, self.job.now)
        told: dict[str, object] = {RELEASED_BY: self.release.by}
        if connect and bare and self.job.content.body.strip():
            told["note_dropped"] = True
        match outcome:
            case Sent() | Unknown() | Failed() | AccountTrouble() | AlreadyConnected() | NotConnected():
                return replace(outcome, detail=dict(outcome.detail) | told)
        return outcome

    def abandon(self) -> None:
        """Nothing is held."""

    def _message(self) -> tuple[str, Mapping[str, object]]:
        return "/rest/messages", {
            "recipients": [f"urn:li:person:{self.person}"],
            "body": self.job.content.body,
            "messageType": "MEMBER_TO_MEMBER",
        }

    def _invitation(self, *, with_note: bool) -> tuple[str, Mapping[str, object]]:
        body: dict[str, object] = {"invitee": f"urn:li:person:{self.person}"}
        if self.job.content.body and with_note:
            body["message"] = {"com.linkedin.invitations.InvitationMessage": {"body": self.job.content.body}}
        return "/v2/invitations", body


def _request(
    settings: LinkedInSettings, token: Secret, method: str, path: str, body: Mapping[str, object] | None
) -> Exchange:
    """One request, recorded as the web API's are."""
    transport = Transport(settings.timeouts)
    with requests.Session() as session:
        session.trust_env = False
        session.max_redirects = 0
        session.mount("https://", transport)
        session.mount("http://", transport)
        session.headers.update({
            "Authorization": f"Bearer {token.reveal()}", "LinkedIn-Version": settings.api_version,
            "X-Restli-Protocol-Version": "2.0.0", "Content-Type": "application/json",
        })  # fmt: skip
        recorder = Recorder(session, transport, frozenset())
        data = None if body is None else json.dumps(body)
        return recorder.observe(lambda: session.request(method, settings.url(OFFICIAL_URL) + path, data=data))
