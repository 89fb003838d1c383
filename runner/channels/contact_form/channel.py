"""The contact-form channel: find the form, fill it, and send it once.

Everything up to the POST or the click is in `prepare`; `fire` calls the gate and acts once. What the site does not
refuse in so many words is never sent again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from runner.channels.contact_form.attempt import Attempt, Tools, domain_of
from runner.channels.contact_form.fetch import Visit
from runner.channels.contact_form.finding import Found, NotFoundHere, find_form
from runner.channels.contact_form.links import plain_host_of
from runner.channels.contact_form.over_browser import prepare_browser
from runner.channels.contact_form.over_http import prepare_http
from runner.channels.contact_form.politeness import user_agent
from runner.channels.contact_form.recipes import BadRecipe, check_recipes, recipe_for
from runner.channels.contact_form.settings import Mode, account_of
from runner.engine.outcomes import AccountTrouble, Failed, Outcome, Trouble
from runner.engine.ports import Clock, Job, Prepared
from runner.lang.diagnostics import Diagnostic
from runner.model.channel import ChannelConfig, SecretRef
from runner.secrets import Secret

_A_BROWSER_MAY = frozenset(["no_form", "needs_browser", "no_message_field", "required_field"])
"""What is not there for a program may be there for a browser, whose page has run its scripts."""


class ContactFormChannel:
    """Writes to people through the contact forms of their sites. Safe to use from several threads.

    `root` is the project's folder, from which relative paths in an account are taken.
    """

    def __init__(
        self,
        secrets: Callable[[SecretRef], Secret],
        clock: Clock,
        *,
        tools: Tools | None = None,
        root: Path | None = None,
    ) -> None:
        self._secrets = secrets
        self._clock = clock
        self._tools = tools or Tools()
        self._root = root or Path()

    def check(self, config: ChannelConfig) -> Sequence[Diagnostic]:
        """What is wrong with the recipes of an account."""
        folder = account_of(config.settings, self._root).recipes
        return check_recipes(folder) if folder is not None and folder.is_dir() else ()

    def prepare(self, job: Job) -> Prepared | Outcome:
        """Find the page and the form, fill it, and wait as long as a person would; or say why not."""
        try:
            account = account_of(job.account.settings, self._root)
        except (ValueError, TypeError) as error:
            return AccountTrouble(Trouble.CONFIG, "settings", str(error))
        attempt = Attempt(job, account, self._tools, self._clock.now())
        try:
            attempt = replace(attempt, recipe=recipe_for(account.recipes, domain_of(job.lead) or ""))
        except BadRecipe as error:
            return attempt.refused(NotFoundHere("recipe", f"the recipe cannot be used: {error}"))
        if not attempt.start:
            return Failed("no_address", "neither a contact form nor a website is known")
        prepared = self._prepare(attempt)
        return attempt.refused(prepared) if isinstance(prepared, NotFoundHere) else prepared

    def close(self) -> None:
        """Nothing is kept open between jobs."""

    def _prepare(self, attempt: Attempt) -> Prepared | NotFoundHere:
        account, tools = attempt.account, attempt.tools
        tools.pace.set_gap(plain_host_of(attempt.start), account.gap)
        visit = Visit(
            account.policy, user_agent(account.contact), account.limits, tools.pace, tools.resolve, tools.tick
        )
        wants_browser = account.mode is Mode.BROWSER or (attempt.recipe is not None and attempt.recipe.browser)
        result: Prepared | NotFoundHere
        found = find_form(visit, attempt.start, tools.robots, tools.sites, attempt.now, attempt.recipe)
        if isinstance(found, Found) and not wants_browser:
            result = prepare_http(attempt, visit, found)
        elif isinstance(found, Found):
            result = NotFoundHere("needs_browser", "the account sends with a browser", found.document.url)
        else:
            result = found
        if not isinstance(result, NotFoundHere):
            return result
        visit.close()
        if account.mode is Mode.HTTP and not wants_browser:
            return result
        if result.reason not in _A_BROWSER_MAY:
            return result
        return prepare_browser(attempt, self._pages(result, found, attempt))

    @staticmethod
    def _pages(result: NotFoundHere, found: Found | NotFoundHere, attempt: Attempt) -> list[str]:
        """The pages worth opening in a browser: where the form was, else the pages seen, the likeliest first."""
        if isinstance(found, Found):
            return [found.document.url]
        seen = [url for url in (*reversed(result.seen), attempt.start) if url]
        return list(dict.fromkeys(seen))[:3]
