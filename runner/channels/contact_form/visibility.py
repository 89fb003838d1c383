"""Which controls no person can see or is meant to fill: what a trap for programs looks like in the page's source.

A control is hidden by its own or an ancestor's `hidden`, `aria-hidden`, style or class, by the page's own style sheet,
by a name that trap makers use, or by words that say to leave it empty.
"""

from __future__ import annotations

import re

from bs4 import Tag
from soupsieve import SelectorSyntaxError

from runner.channels.contact_form.document import Document, attribute
from runner.channels.contact_form.labels import Words
from runner.channels.contact_form.lexicon import compiled
from runner.channels.contact_form.text import plain

MAX_RULES = 400

_HIDING = compiled("traps", "hiding")
_TRAP_CLASS = compiled("traps", "trap_class")
_HIDING_CLASSES = frozenset(
    [
        "hp",
        "hpot",
        "trap",
        "hide",
        "hidden",
        "d-none",
        "is-hidden",
        "invisible",
        "offscreen",
        "off-screen",
        "screen-out",
        "visuallyhidden",
        "visually-hidden",
        "sr-only",
        "screen-reader-text",
        "screen-reader-only",
        "ohnohoney",
        "winnie",
        "pooh",
        "form-hp",
        "hp-field",
    ]
)
_TRAP_NAME = compiled("traps", "trap_name")
_TRAP_NAME_WHOLE = compiled("traps", "trap_name_whole", r"(?:^|[\W_])", r"(?:$|[\W_])")
_TRAP_WORDS = compiled("traps", "trap_words")
_RULE = re.compile(r"([^{}@;]{1,300})\{([^{}]{1,2000})\}")
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)


class Visibility:
    """The hiding rules of one page, read once."""

    def __init__(self, document: Document) -> None:
        self._by_sheet = _hidden_by_sheets(document)

    def why_hidden(self, tag: Tag, kind: str, words: Words, form: Tag) -> str | None:
        """Why this control is not for people; None when nothing speaks against it."""
        if kind == "hidden" or tag.name == "button" or kind in {"submit", "image", "reset", "button"}:
            return None
        if tag.has_attr("data-form-unseen"):
            return "not to be seen in a browser"
        return self._trap(tag, words) or self._unseen(tag, form)

    def _unseen(self, tag: Tag, form: Tag) -> str | None:
        for element in (tag, *tag.parents):
            if element is form or not isinstance(element, Tag):
                break
            reason = self._hides(element)
            if reason:
                return reason
        return None

    def _hides(self, element: Tag) -> str | None:
        if element.has_attr("hidden"):
            return "hidden"
        if attribute(element, "aria-hidden").lower() == "true":
            return "aria-hidden"
        if _HIDING.search(attribute(element, "style")):
            return "style"
        if id(element) in self._by_sheet:
            return "style sheet"
        classes = attribute(element, "class")
        if _TRAP_CLASS.search(classes) or not _HIDING_CLASSES.isdisjoint(classes.lower().split()):
            return "class"
        if _TRAP_CLASS.search(attribute(element, "id")):
            return "id"
        return None

    @staticmethod
    def _trap(tag: Tag, words: Words) -> str | None:
        for name in (attribute(tag, "name"), attribute(tag, "id")):
            if _TRAP_NAME.search(name) or _TRAP_NAME_WHOLE.search(name):
                return "name"
        near = "" if words.label or tag.name == "textarea" else words.before or words.after[:60]
        said = plain(f"{words.label} {words.aria} {words.placeholder} {words.title} {near}")
        if _TRAP_WORDS.search(said) and tag.name != "select":
            return "words"
        off = attribute(tag, "autocomplete").lower() in {"off", "nope", "new-password", "false"}
        if attribute(tag, "tabindex").strip().startswith("-") and (off or not words.spoken):
            return "tabindex"
        return None


def _hidden_by_sheets(document: Document) -> frozenset[int]:
    hidden: set[int] = set()
    rules = 0
    for sheet in document.soup.find_all("style", limit=20):
        css = _COMMENT.sub("", sheet.get_text()[:200_000])
        for match in _RULE.finditer(css):
            if not _HIDING.search(match[2]):
                continue
            rules += 1
            if rules > MAX_RULES:
                return frozenset(hidden)
            hidden |= _selected(document, match[1].strip())
    return frozenset(hidden)


def _selected(document: Document, selector: str) -> set[int]:
    try:
        return {id(element) for element in document.soup.select(selector, limit=200)}
    except (SelectorSyntaxError, ValueError, NotImplementedError):
        return set()
