"""When a form is found and must not be sent by a program: CAPTCHA, log-in, and words that ask not to be solicited."""

from __future__ import annotations

import re

from bs4 import Tag

from runner.channels.contact_form.choose import Judged
from runner.channels.contact_form.document import Document, attribute
from runner.channels.contact_form.lexicon import compiled
from runner.channels.contact_form.text import plain
from runner.channels.contact_form.vocabulary import Role

# Widgets and scripts by their vendors' documented markup: reCAPTCHA, hCaptcha, Turnstile, Friendly Captcha, ALTCHA,
# mCaptcha, GeeTest, KeyCAPTCHA, Yandex SmartCaptcha, AWS WAF, Arkose, Solve Media, Really Simple CAPTCHA, Gravity.
_WIDGET = compiled("refusals", "widget")
_NO_SOLICITATION = compiled("refusals", "no_solicitation")
_SCRIPTED = compiled("refusals", "scripted")
_LOGIN_WALL = compiled("refusals", "login_wall")


def captcha_on(document: Document, item: Judged) -> str | None:
    """What shows that a form asks for a proof of being human; None when nothing does."""
    if item.with_role(Role.CAPTCHA):
        return f"the field `{item.with_role(Role.CAPTCHA)[0].name}`"
    for tag in item.form.element.find_all(True, limit=3000):
        if tag.name in {"option", "textarea"} and tag.name == "option":
            continue
        if marks := _WIDGET.search(_marks(tag)):
            return marks[0].lower()
    for tag in item.form.element.find_all("script", limit=50):
        if found := _SCRIPTED.search(tag.get_text()[:20_000]):
            return found[0].lower()
    return _page_widget(document, item)


def _marks(tag: Tag) -> str:
    names = ("id", "class", "name", "src", "data-callback", "action") if tag.name != "form" else ()
    return " ".join(attribute(tag, name)[:300] for name in names) + " " + (tag.name or "")


def _page_widget(document: Document, item: Judged) -> str | None:
    """A score-based widget is loaded by the page and bound to its buttons, with nothing in the form itself."""
    button = item.form.element.find(True, attrs={"data-sitekey": True})
    if isinstance(button, Tag):
        return "a site key on the form"
    if attribute(item.form.element, "data-sitekey"):
        return "a site key on the form"
    for script in document.soup.find_all("script", src=True, limit=300):
        source = attribute(script, "src")
        if re.search(r"recaptcha/(?:api|enterprise)\.js\?(?:[^\"']*&)?render=(?!explicit|onload)", source):
            return "a scoring reCAPTCHA on the page"
    return None


def solicitation_refused(document: Document, item: Judged | None) -> str | None:
    """The words by which a site asks not to be written to for sales; None when it does not."""
    texts = [item.form.text] if item is not None else []
    texts.append(document.text)
    for text in texts:
        found = _NO_SOLICITATION.search(plain(text[:100_000]))
        if found:
            return found[0].strip()
    return None


def login_wanted(document: Document) -> bool:
    """Whether the page says that one must log in first."""
    return _LOGIN_WALL.search(plain(document.text[:50_000])) is not None
