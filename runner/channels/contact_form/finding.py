"""From an address to a form: the page itself, its frames, then the contact pages it links to, within the limits."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from runner.channels.contact_form.choose import Judged, Kind
from runner.channels.contact_form.document import Document, HostilePage, parse
from runner.channels.contact_form.fetch import Answer, Broken, Trouble, Visit
from runner.channels.contact_form.guard import AddressRefused
from runner.channels.contact_form.inspection import Finding, look, refuse_if_unwanted
from runner.channels.contact_form.links import contact_links, form_frames, refresh_target
from runner.channels.contact_form.politeness import Robots, Rules
from runner.channels.contact_form.recipes import Recipe

PAGE_KEPT = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Found:
    """A form to fill, on the page it stands on, fetched at `loaded_at` of the machine's monotonic clock."""

    document: Document
    item: Judged
    loaded_at: float


@dataclass(frozen=True, slots=True)
class NotFoundHere:
    """Why there is no form to send: a slug, words, the page that said so, and the pages looked at."""

    reason: str
    text: str
    url: str | None = None
    seen: tuple[str, ...] = ()


class SiteCache:
    """Where each site's contact form was found, so that the next lead costs the site one request less."""

    def __init__(self) -> None:
        self._pages: dict[str, tuple[str, datetime]] = {}
        self._lock = threading.Lock()

    def page(self, start: str, now: datetime) -> str | None:
        """The page that held the form for this start address, when it was seen lately."""
        with self._lock:
            kept = self._pages.get(start)
        return kept[0] if kept is not None and now - kept[1] < PAGE_KEPT else None

    def remember(self, start: str, page: str, now: datetime) -> None:
        """Keep where the form was."""
        with self._lock:
            self._pages[start] = (page, now)


def find_form(
    visit: Visit, start: str, robots: Robots, sites: SiteCache, now: datetime, recipe: Recipe | None = None
) -> Found | NotFoundHere:
    """Look for the contact form from an address on. The first refusal that is meant for us ends the search."""
    search = _Search(visit, robots, now, recipe)
    found = search.run(sites.page(start, now) or start)
    if isinstance(found, Found):
        sites.remember(start, found.document.url, now)
    return found


def choose_by_recipe(finding: Finding, recipe: Recipe) -> Finding:
    """The form that a recipe names, on the page a recipe names; a refusal of the site stays a refusal."""
    if recipe.form is None:
        return finding
    if isinstance(recipe.form, int):
        named = next((item for item in finding.judged if item.form.index == recipe.form), None)
    else:
        element = finding.document.soup.select_one(recipe.form)
        named = next((item for item in finding.judged if item.form.element is element), None)
    if named is None or named.kind in {Kind.COMMENT, Kind.SHARE, Kind.LOGIN}:
        return replace(finding, chosen=None, refused="form_changed", explanation="the recipe's form is not there")
    return refuse_if_unwanted(replace(finding, chosen=named, refused=None, explanation="recipe"))


class _Search:
    """One search: pages still to be looked at, and the best refusal so far."""

    def __init__(self, visit: Visit, robots: Robots, now: datetime, recipe: Recipe | None) -> None:
        self._visit = visit
        self._robots = robots
        self._now = now
        self._recipe = recipe
        self._read: list[str] = []
        self._queue: deque[tuple[str, str | None]] = deque()
        self._seen: set[str] = set()
        self._refusal: NotFoundHere | None = None

    def run(self, start: str) -> Found | NotFoundHere:
        self._queue.append((start, None))
        while self._queue:
            url, referer = self._queue.popleft()
            if url in self._seen:
                continue
            self._seen.add(url)
            result = self._look_at(url, referer, first=len(self._seen) == 1)
            if result is not None:
                return result
        refusal = self._refusal or NotFoundHere("no_form", "no contact form was found", start)
        return replace(refusal, seen=tuple(self._read))

    def _look_at(self, url: str, referer: str | None, *, first: bool) -> Found | NotFoundHere | None:
        refused = self._forbidden(url)
        if refused is not None:
            if first:
                return refused
            self._refusal = self._refusal or refused
            return None
        answer = self._visit.get(url, referer)
        loaded_at = self._visit.now()
        if isinstance(answer, Trouble):
            return _trouble(answer, url) if first else None
        if answer.status >= 400:
            return _bad_status(answer) if first else None
        try:
            document = parse(answer.url, answer.body, answer.headers.get("content-type", ""))
        except HostilePage as error:
            return NotFoundHere("hostile_page", f"the page is refused: {error}", answer.url) if first else None
        self._read.append(answer.url)
        finding = look(document)
        return self._judge(choose_by_recipe(finding, self._recipe) if self._recipe else finding, loaded_at)

    def _judge(self, finding: Finding, loaded_at: float) -> Found | NotFoundHere | None:
        document = finding.document
        if finding.refused is not None:
            refusal = NotFoundHere(finding.refused, finding.explanation, document.url)
            if finding.found:
                return refusal
            self._refusal = self._refusal or refusal
        elif finding.chosen is not None:
            return Found(document, finding.chosen, loaded_at)
        refresh = refresh_target(document)
        nearer = [*form_frames(document), *([refresh] if refresh else [])]
        self._queue.extendleft((target, document.url) for target in reversed(nearer))
        self._queue.extend((target, document.url) for target in contact_links(document))
        return None

    def _forbidden(self, url: str) -> NotFoundHere | None:
        try:
            plain = self._visit.policy.check_url(url)
        except AddressRefused as error:
            return NotFoundHere("refused_address", str(error), url)
        rules = self._rules(plain)
        if isinstance(rules, NotFoundHere):
            return rules
        if rules.delay:
            self._visit.slow_down(urlsplit(plain).netloc, rules.delay)
        return (
            None if rules.allows(plain) else NotFoundHere("robots", "robots.txt keeps programs out of this page", url)
        )

    def _rules(self, url: str) -> Rules | NotFoundHere:
        trouble: list[Trouble] = []

        def fetch(robots_url: str) -> tuple[int, bytes] | None:
            answer = self._visit.fetch_rules(robots_url)
            if isinstance(answer, Trouble):
                trouble.append(answer)
                return None
            return answer.status, answer.body

        rules = self._robots.rules(url, fetch, self._now)
        return _trouble(trouble[0], url) if trouble else rules


def _trouble(trouble: Trouble, url: str) -> NotFoundHere:
    match trouble.kind:
        case Broken.REFUSED_ADDRESS:
            return NotFoundHere("refused_address", trouble.text, url)
        case Broken.LIMIT:
            return NotFoundHere("limit", trouble.text, url)
        case Broken.OWN_NETWORK:
            return NotFoundHere("own_network", trouble.text, url)
        case Broken.UNREACHABLE | Broken.INTERRUPTED:
            return NotFoundHere("unreachable", trouble.text, url)


def _bad_status(answer: Answer) -> NotFoundHere:
    if answer.status in {401, 403}:
        return NotFoundHere("forbidden", f"the site answered {answer.status}", answer.url)
    if answer.status in {404, 410}:
        return NotFoundHere("no_form", f"the page is gone: {answer.status}", answer.url)
    return NotFoundHere("unreachable", f"the site answered {answer.status}", answer.url)
