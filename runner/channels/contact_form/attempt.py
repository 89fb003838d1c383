"""What one attempt works with, whichever way the form is sent, and how a refusal becomes an outcome."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from runner.channels.contact_form.fill import Letter
from runner.channels.contact_form.finding import NotFoundHere, SiteCache
from runner.channels.contact_form.guard import Resolver, resolve_host
from runner.channels.contact_form.links import plain_host_of
from runner.channels.contact_form.politeness import Pace, Robots
from runner.channels.contact_form.recipes import Recipe
from runner.channels.contact_form.settings import Account, Sender
from runner.engine.outcomes import AccountTrouble, Failed, HandedOver, Outcome, TaskDraft, Trouble, TryAgain
from runner.engine.ports import Job
from runner.model.lead import Lead

_BY_HAND = "captcha required_field too_long too_short pattern needs_browser robots no_message_field recipe form_changed"
PERSON_MAY = frozenset(_BY_HAND.split())
"""The refusals that a person may do by hand; the others are a no to everybody."""


@dataclass(frozen=True, slots=True)
class Tools:
    """What every attempt of a channel shares."""

    sites: SiteCache = field(default_factory=SiteCache)
    robots: Robots = field(default_factory=Robots)
    pace: Pace = field(default_factory=Pace)
    resolve: Resolver = resolve_host
    tick: Callable[[], float] = time.monotonic


@dataclass(frozen=True, slots=True)
class Attempt:
    """One job, with its account's settings typed and its site's recipe."""

    job: Job
    account: Account
    tools: Tools
    now: datetime
    recipe: Recipe | None = None

    @property
    def start(self) -> str:
        """Where to look first: the recipe's page, the form's address, or the website."""
        if self.recipe is not None:
            return self.recipe.page
        given = (self.job.lead.contact_form_url or self.job.lead.website or "").strip()
        return given if not given or "://" in given else f"https://{given}"

    @property
    def dwell(self) -> float:
        """The least time in seconds between opening the form and sending it."""
        return self.account.dwell if self.recipe is None or self.recipe.dwell is None else self.recipe.dwell

    @property
    def letter(self) -> Letter:
        """What to enter: the recipe's values where there is one, else what the account and the message say."""
        sender, subject, message = self.account.sender, subject_of(self.job), self.job.content.body.strip()
        answers = dict(self.account.answers)
        kept: frozenset[str] = frozenset()
        if self.recipe is not None:
            answers = self.recipe.answers(_values(sender, subject, message))
            kept = frozenset(name for name, text in self.recipe.fields.items() if text is None)
        return Letter(sender, subject, message, answers, kept)

    def refused(self, refusal: NotFoundHere) -> Outcome:
        """The outcome of a refusal: a task where a person may do it, else a failure with its reason."""
        url = refusal.url or self.start
        if refusal.reason == "own_network":
            return AccountTrouble(Trouble.CONNECTION, refusal.reason, refusal.text)
        if refusal.reason == "unreachable":
            return TryAgain(refusal.reason, refusal.text)
        if self._on_refused == "task" and refusal.reason in PERSON_MAY:
            who = self.job.lead.company or plain_host_of(self.start) or "the site"
            detail = {"reason": refusal.reason, "explanation": refusal.text, "subject": subject_of(self.job)}
            title = f"Send the contact form of {who}"
            return HandedOver(TaskDraft("submit_form", title, self.job.content.body, link=url, detail=detail))
        return Failed(refusal.reason, refusal.text, detail={"url": url})

    @property
    def _on_refused(self) -> str:
        """The step's own word, else the account's."""
        return str(self.job.body.settings.get("on_refused") or self.account.on_refused)


def subject_of(job: Job) -> str:
    """The subject given, else the first line of the message, cut between words at 80 characters."""
    given = job.content.subject.strip()
    if given:
        return given
    first = job.content.body.strip().split("\n")[0].strip()
    return first if len(first) <= 80 else first[:80].rsplit(" ", 1)[0].rstrip(",;:")


def domain_of(lead: Lead) -> str | None:
    """The site a lead is written to, without `www.`: what one submission a domain a period is counted by."""
    given = (lead.contact_form_url or lead.website or "").strip()
    return plain_host_of(given if "://" in given else f"https://{given}") or None


def _values(sender: Sender, subject: str, message: str) -> dict[str, str]:
    return {
        "name": sender.full, "first_name": sender.given, "last_name": sender.family, "email": sender.email,
        "phone": sender.phone, "company": sender.company, "website": sender.website, "subject": subject,
        "message": message,
    }  # fmt: skip
