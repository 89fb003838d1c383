"""The contact-form channel: find the form, fill it, and send it once.

Everything up to the POST is in `prepare`; `fire` calls the gate and sends one request. What the site does not refuse in
so many words is never sent again.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from runner.channels.contact_form.encode import entries
from runner.channels.contact_form.fetch import Answer, Broken, Trouble, Visit
from runner.channels.contact_form.fill import Letter, fill
from runner.channels.contact_form.finding import Found, NotFoundHere, SiteCache, find_form
from runner.channels.contact_form.guard import Resolver, resolve_host
from runner.channels.contact_form.plugins import Submission, submission_for
from runner.channels.contact_form.politeness import Pace, Robots, user_agent
from runner.channels.contact_form.settings import Account, account_of
from runner.channels.contact_form.verdict import Judgement, Verdict, judge_answer
from runner.engine.outcomes import Failed, HandedOver, Outcome, Permit, Sent, TaskDraft, TryAgain, Unconfirmed, Unknown
from runner.engine.ports import Clock, Gate, Job, Prepared
from runner.lang.diagnostics import Diagnostic
from runner.model.channel import ChannelConfig, SecretRef
from runner.model.lead import Lead
from runner.secrets import Secret

_BY_HAND = "captcha required_field too_long too_short pattern needs_browser robots no_message_field recipe"
PERSON_MAY = frozenset(_BY_HAND.split())
"""The refusals that a person may do by hand; the others are a no to everybody."""


def domain_of(lead: Lead) -> str | None:
    """The site a lead is written to, without `www.`: what one submission a domain a period is counted by."""
    host = start_host(lead.contact_form_url or lead.website or "")
    return host or None


def start_host(url: str) -> str:
    """The host of an address as people write it, lower case, without `www.` and port."""
    rest = url.strip().partition("://")[2] or url.strip()
    return rest.split("/")[0].split("?")[0].rpartition("@")[2].split(":")[0].lower().removeprefix("www.")


@dataclass(frozen=True, slots=True)
class _Ready:
    """A submission ready to be sent."""

    visit: Visit
    found: Found
    submission: Submission
    evidence: dict[str, object] = field(default_factory=dict)

    def fire(self, gate: Gate) -> Outcome:
        """Pass the gate, send once, and judge the answer."""
        try:
            permit = gate()
            if not isinstance(permit, Permit):
                return permit
            answer = self.visit.submit(self.submission.request)
            return self._outcome(answer)
        finally:
            self.visit.close()

    def abandon(self) -> None:
        """Close the connection; nothing was sent."""
        self.visit.close()

    def _outcome(self, answer: Answer | Trouble) -> Outcome:
        if isinstance(answer, Trouble):
            detail = {**self.evidence, "trouble": answer.text}
            if answer.sent:
                return Unknown("no_answer", f"the form was sent and no answer came: {answer.text}", detail)
            if answer.kind is Broken.REFUSED_ADDRESS:
                return Failed("refused_address", answer.text, detail=detail)
            return TryAgain("unreachable", f"the site could not be reached: {answer.text}", detail=detail)
        judgement = judge_answer(answer, self.found.document, self.found.item)
        return self._judged(judgement, answer)

    def _judged(self, judgement: Judgement, answer: Answer) -> Outcome:
        excerpt = answer.body[:2000].decode("utf-8", "replace")
        detail: dict[str, object] = {
            **self.evidence, "status": answer.status, "url": answer.url, "verdict": judgement.verdict.value,
            "because": judgement.reason, "words": judgement.words, "excerpt": excerpt,
        }  # fmt: skip
        match judgement.verdict:
            case Verdict.CONFIRMED:
                return Sent(provider_ref=answer.url, detail=detail)
            case Verdict.UNCONFIRMED:
                return Unconfirmed(detail)
            case Verdict.REJECTED:
                return Failed(judgement.reason, f"the site refused the form: {judgement.words}", detail=detail)
            case Verdict.BUSY:
                return TryAgain("site_busy", "the site asks to come back later", _retry_after(answer), detail)
            case Verdict.UNKNOWN:
                return Unknown(judgement.reason, judgement.words, detail)


def _retry_after(answer: Answer) -> timedelta | None:
    text = answer.headers.get("retry-after", "").strip()
    return (
        timedelta(seconds=min(int(text), 30 * 86400)) if text.isascii() and text.isdigit() and len(text) < 9 else None
    )


class ContactFormChannel:
    """Writes to people through the contact forms of their sites. Safe to use from several threads."""

    def __init__(
        self,
        secrets: Callable[[SecretRef], Secret],
        clock: Clock,
        *,
        sites: SiteCache | None = None,
        resolve: Resolver = resolve_host,
        pace: Pace | None = None,
        tick: Callable[[], float] = time.monotonic,
    ) -> None:
        self._secrets = secrets
        self._clock = clock
        self._sites = sites or SiteCache()
        self._robots = Robots()
        self._resolve = resolve
        self._pace = pace or Pace()
        self._tick = tick

    def check(self, config: ChannelConfig) -> Sequence[Diagnostic]:
        """Nothing beyond what the schema says: this channel's settings have no rules between them."""
        account_of(config.settings)
        return ()

    def prepare(self, job: Job) -> Prepared | Outcome:
        """Find the page and the form, fill it, and wait as long as a person would; or say why not."""
        account = account_of(job.account.settings)
        start = (job.lead.contact_form_url or job.lead.website or "").strip()
        if not start:
            return Failed("no_address", "neither a contact form nor a website is known")
        visit = Visit(
            account.policy, user_agent(account.contact), account.limits, self._pace, self._resolve, self._tick
        )
        self._pace.gap = account.gap
        found = find_form(visit, start, self._robots, self._sites, self._clock.now())
        if isinstance(found, NotFoundHere):
            visit.close()
            return self._refused(account, job, found.reason, found.text, found.url or start)
        return self._fill(account, job, visit, found)

    def close(self) -> None:
        """Nothing is kept open between jobs."""

    def _fill(self, account: Account, job: Job, visit: Visit, found: Found) -> Prepared | Outcome:
        letter = Letter(account.sender, _subject(job), job.content.body.strip(), account.answers)
        filling = fill(found.item.fields, letter)
        if filling.obstacles:
            visit.close()
            first = filling.obstacles[0]
            return self._refused(
                account, job, first.reason, "; ".join(o.text for o in filling.obstacles), found.document.url
            )
        pairs = entries(found.item.form, filling)
        submission = submission_for(found.document, found.item.form, pairs)
        self._pace.pause(account.dwell - (self._tick() - found.loaded_at))
        evidence: dict[str, object] = {
            "page": found.document.url, "action": submission.request.url, "method": submission.request.method,
            "plugin": submission.plugin, "filled": dict(filling.values),
        }  # fmt: skip
        return _Ready(visit, found, submission, evidence)

    @staticmethod
    def _refused(account: Account, job: Job, reason: str, text: str, url: str) -> Outcome:
        if reason == "unreachable":
            return TryAgain(reason, text)
        if account.task_on_refusal and reason in PERSON_MAY:
            who = job.lead.company or domain_of(job.lead) or "the site"
            draft = TaskDraft("submit_form", f"Send the contact form of {who}", job.content.body, link=url,
                              detail={"reason": reason, "explanation": text, "subject": _subject(job)})  # fmt: skip
            return HandedOver(draft)
        return Failed(reason, text, detail={"url": url})


def _subject(job: Job) -> str:
    """The subject given, else the first sentence of the message, cut between words at 80 characters."""
    given = job.content.subject.strip()
    if given:
        return given
    first = job.content.body.strip().split("\n")[0].strip()
    if len(first) <= 80:
        return first
    return first[:80].rsplit(" ", 1)[0].rstrip(",;:")
