"""Sending a form over plain HTTP: the entry list, the endpoint, and one POST after the gate."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from runner.channels.contact_form.attempt import Attempt
from runner.channels.contact_form.encode import entries
from runner.channels.contact_form.fetch import Trouble, Visit
from runner.channels.contact_form.fill import fill
from runner.channels.contact_form.finding import Found, NotFoundHere
from runner.channels.contact_form.plugins import Submission, submission_for
from runner.channels.contact_form.reporting import Evidence, keep, outcome_of, outcome_of_trouble
from runner.channels.contact_form.verdict import Expected, judge_answer
from runner.channels.contact_form.vocabulary import Role
from runner.engine.outcomes import Outcome, Permit
from runner.engine.ports import Gate


@dataclass(frozen=True, slots=True)
class HttpSubmission:
    """A request ready to be sent."""

    attempt: Attempt
    visit: Visit
    found: Found
    submission: Submission
    evidence: Evidence

    def fire(self, gate: Gate) -> Outcome:
        """Pass the gate, send once, and judge the answer."""
        try:
            permit = gate()
            if not isinstance(permit, Permit):
                return permit
            answer = self.visit.submit(self.submission.request)
        finally:
            self.visit.close()
        if isinstance(answer, Trouble):
            return outcome_of_trouble(answer, self.evidence)
        kept = keep(
            self.attempt.account.evidence, f"{self.attempt.job.key}-{self.attempt.job.attempt}.html", answer.body
        )
        evidence = {**self.evidence, "page_file": kept} if kept else self.evidence
        judgement = judge_answer(answer, self.found.document, self.found.item, Expected.of(self.attempt.recipe))
        return outcome_of(judgement, answer, evidence)

    def abandon(self) -> None:
        """Close the connection; nothing was sent."""
        self.visit.close()


def prepare_http(attempt: Attempt, visit: Visit, found: Found) -> HttpSubmission | NotFoundHere:
    """Fill the form and wait as long as a person would, or say what stands in the way."""
    form = found.item.form
    message = found.item.with_role(Role.MESSAGE)
    if form.scripted or (message and not message[0].first.name):
        return NotFoundHere("needs_browser", "only the page's script can send this form", found.document.url)
    if form.action.lower().startswith("mailto:"):
        return NotFoundHere("mailto_form", "the form opens the visitor's own mail program", found.document.url)
    filling = fill(found.item.fields, attempt.letter)
    if filling.obstacles:
        words = "; ".join(obstacle.text for obstacle in filling.obstacles)
        return NotFoundHere(filling.obstacles[0].reason, words, found.document.url)
    submission = submission_for(found.document, form, entries(form, filling))
    attempt.tools.pace.wait(urlsplit(submission.request.url).netloc)
    attempt.tools.pace.pause(attempt.dwell - (attempt.tools.tick() - found.loaded_at))
    evidence: Evidence = {
        "page": found.document.url,
        "action": submission.request.url,
        "method": submission.request.method,
        "plugin": submission.plugin,
        "filled": dict(filling.values),
        "ticked": sorted(name for name, _ in filling.ticked),
    }
    return HttpSubmission(attempt, visit, found, submission, evidence)
