"""Sending a form with a browser: the same understanding of the page, the browser's own eyes, and one click."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from runner.channels.contact_form.attempt import Attempt
from runner.channels.contact_form.browser import BrowserMissing, BrowserPage, Clicked
from runner.channels.contact_form.document import HostilePage, parse
from runner.channels.contact_form.fetch import Answer
from runner.channels.contact_form.fill import Filling, fill
from runner.channels.contact_form.finding import Found, NotFoundHere, choose_by_recipe
from runner.channels.contact_form.forms import Control
from runner.channels.contact_form.inspection import look
from runner.channels.contact_form.politeness import user_agent
from runner.channels.contact_form.proxy import GuardedProxy
from runner.channels.contact_form.reporting import Evidence, keep, outcome_of
from runner.channels.contact_form.text import plain
from runner.channels.contact_form.verdict import Expected, Judgement, Verdict, judge_answer
from runner.engine.outcomes import Failed, Outcome, Permit, Unknown
from runner.engine.ports import Gate


@dataclass(frozen=True, slots=True)
class BrowserSubmission:
    """A form filled in a browser, one click away from being sent."""

    attempt: Attempt
    page: BrowserPage
    found: Found
    frame: int
    button: str | None
    evidence: Evidence

    def fire(self, gate: Gate) -> Outcome:
        """Pass the gate, click once, and judge what comes of it."""
        try:
            permit = gate()
            if not isinstance(permit, Permit):
                return permit
            return self._click()
        finally:
            self.page.close()

    def abandon(self) -> None:
        """Close the browser; nothing was sent."""
        self.page.close()

    def _click(self) -> Outcome:
        seconds = self.attempt.account.limits.submit_seconds
        try:
            after = self.page.click(self.frame, self.button, self.found.item.form.index, seconds)
        except Exception as error:  # noqa: BLE001 - whatever the driver raises after the gate, the click may have gone
            return Unknown("browser", f"the browser failed at the click: {str(error)[:200]}", self.evidence)
        key = f"{self.attempt.job.key}-{self.attempt.job.attempt}"
        kept = {
            "page_file": keep(self.attempt.account.evidence, f"{key}.html", after.html.encode()),
            "screenshot": keep(self.attempt.account.evidence, f"{key}.png", after.screenshot),
            "requests": after.requests,
        }
        return self._outcome(after, {**self.evidence, **kept})

    def _outcome(self, after: Clicked, evidence: Evidence) -> Outcome:
        if after.pending:
            return Unknown("no_answer", "the form was sent and no answer came in time", evidence)
        if after.requests == 0:
            return Failed("nothing_sent", "the page's own script did not let the form go", detail=evidence)
        expected = Expected.of(self.attempt.recipe)
        answer = _as_answer(after, self.found.document.url)
        judgement = judge_answer(answer, self.found.document, self.found.item, expected)
        if "json" in after.content_type and expected is None:
            said = _from_endpoint(after, self.found)
            if said.verdict is not Verdict.UNCONFIRMED and judgement.verdict is not Verdict.CONFIRMED:
                judgement = said
        return outcome_of(judgement, answer, evidence)


def prepare_browser(attempt: Attempt, urls: Sequence[str]) -> BrowserSubmission | NotFoundHere:
    """Open the likeliest pages until one shows the form, and fill it; or say why not."""
    account = attempt.account
    proxy = GuardedProxy(account.policy, attempt.tools.resolve)
    agent = user_agent(account.contact)
    try:
        page = BrowserPage(account.browser, agent, proxy, account.limits.page_seconds)
    except BrowserMissing as error:
        return NotFoundHere("needs_browser", str(error))
    try:
        result = _prepare(attempt, page, urls)
    except OSError as error:
        result = NotFoundHere("unreachable", str(error))
    except BaseException:
        page.close()
        raise
    if isinstance(result, NotFoundHere):
        page.close()
    return result


def _prepare(attempt: Attempt, page: BrowserPage, urls: Sequence[str]) -> BrowserSubmission | NotFoundHere:
    refusal = NotFoundHere("no_form", "no contact form was found, with scripts or without", urls[0] if urls else None)
    for url in urls:
        attempt.tools.pace.wait(urlsplit(url).netloc)
        status = page.open(url)
        loaded_at = attempt.tools.tick()
        if status >= 400:
            continue
        found = _find(attempt, page, loaded_at)
        if isinstance(found, tuple):
            return _fill(attempt, page, *found)
        refusal = found or refusal
    return refusal


def _find(attempt: Attempt, page: BrowserPage, loaded_at: float) -> tuple[Found, int] | NotFoundHere | None:
    for snapshot in page.snapshots():
        try:
            document = parse(snapshot.url, snapshot.html.encode())
        except HostilePage:
            continue
        finding = look(document)
        if attempt.recipe is not None:
            finding = choose_by_recipe(finding, attempt.recipe)
        if finding.chosen is not None and finding.refused is None:
            return Found(document, finding.chosen, loaded_at), snapshot.frame
        if finding.refused is not None:
            return NotFoundHere(finding.refused, finding.explanation, snapshot.url)
    return None


def _fill(attempt: Attempt, page: BrowserPage, found: Found, frame: int) -> BrowserSubmission | NotFoundHere:
    filling = fill(found.item.fields, attempt.letter)
    if filling.obstacles:
        words = "; ".join(obstacle.text for obstacle in filling.obstacles)
        return NotFoundHere(filling.obstacles[0].reason, words, found.document.url)
    page.fill(frame, *_by_mark(found, filling))
    wrong = page.invalid(frame, found.item.form.index)
    if wrong is not None:
        return NotFoundHere("required_field", f"the browser would not send the form: {wrong}", found.document.url)
    attempt.tools.pace.pause(attempt.dwell - (attempt.tools.tick() - found.loaded_at))
    button = _button(found)
    evidence: Evidence = {
        "page": found.document.url,
        "plugin": "browser",
        "filled": dict(filling.values),
        "ticked": sorted(name for name, _ in filling.ticked),
    }
    return BrowserSubmission(attempt, page, found, frame, button.mark if button else None, evidence)


def _by_mark(found: Found, filling: Filling) -> tuple[dict[str, str], set[str], set[str]]:
    values, ticked, unticked = {}, set(), set()
    for field in found.item.fields:
        if field.name in filling.values:
            values[field.first.mark] = filling.values[field.name]
        for control in field.controls:
            if (field.name, control.value) in filling.ticked:
                ticked.add(control.mark)
            elif field.name in filling.unticked and control.checked:
                unticked.add(control.mark)
    return values, ticked, unticked


def _button(found: Found) -> Control | None:
    """The button a person would press: the form's submit button, else its last button that can be seen."""
    buttons = [c for c in found.item.form.controls if c.is_button and c.kind != "reset" and not c.disabled]
    seen = [c for c in buttons if not c.unseen]
    submits = [c for c in seen if c.kind in {"submit", "image"}]
    return submits[0] if submits else seen[-1] if seen else None


def _as_answer(after: Clicked, was: str) -> Answer:
    """The page after the click, in the shape of an answer: a page that shows errors is judged by its words."""
    passed = (was,) if after.moved else ()
    status = after.status if after.status is not None and after.status >= 400 else 200
    return Answer(after.url, status, {"content-type": "text/html; charset=utf-8"}, after.html.encode(), False, passed)


def _from_endpoint(after: Clicked, found: Found) -> Judgement:
    headers = {"content-type": plain(after.content_type)}
    return judge_answer(Answer(after.url, after.status or 200, headers, after.body), found.document, found.item)
