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
from runner.channels.contact_form.text import plain

MAX_RULES = 400

_HIDING = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|opacity\s*:\s*0(?:\.0+)?\s*(?:;|!|$)"
    r"|(?:left|top|right|bottom|text-indent|margin-left|margin-top)\s*:\s*-\s*\d{3,}"
    r"|(?:^|[;\s])(?:max-)?(?:height|width)\s*:\s*[01](?:px)?\s*(?:;|!|$)"
    r"|font-size\s*:\s*0|clip\s*:\s*rect\(\s*[01](?:px)?[ ,]|clip-path\s*:\s*inset\(\s*(?:50|100)%"
    r"|transform\s*:\s*(?:scale\(\s*0|translate[xy]?\(\s*-\d{3,})",
    re.IGNORECASE,
)
_TRAP_CLASS = re.compile(
    r"honey|gfield_visibility_hidden|gform_validation_container|wpforms-field-hp|anti-?spam|no-?spam|bot-?(?:check|field)",
    re.IGNORECASE,
)
_HIDING_CLASSES = frozenset(
    "hp hpot trap hide hidden d-none is-hidden invisible offscreen off-screen screen-out visuallyhidden visually-hidden "
    "sr-only screen-reader-text screen-reader-only ohnohoney winnie pooh form-hp hp-field".split()
)
_TRAP_NAME = re.compile(
    r"honey|hpot|(?:^|[\W_])(?:hp|trap|bait|_?gotcha|bot|botcheck|bot-field|nospam|antispam|no_?bots?|hideit|winnie|pooh"
    r"|url2|email2_hp|website_hp|phone_hp|fax_only|leave_?blank|leave_?empty|do_?not_?fill|dont_?fill|spam_?check"
    r"|ubafs|second-name|_wpcf7_ak_hp\w*|ak_hp\w*|avia_username)(?:$|[\W_])|_wpcf7_ak_hp|contact_me_by_fax",
    re.IGNORECASE,
)
_TRAP_WORDS = re.compile(
    r"(?:leave|keep) (?:this |the )?(?:field |box |input )?(?:blank|empty|unchanged|alone)|if you(?:'re| are) (?:a )?human"
    r"|do not (?:fill|enter|change|touch)|don't (?:fill|enter)|should be (?:left )?(?:blank|empty)|must be (?:left )?empty"
    r"|nicht ausfullen|frei ?lassen|leer ?lassen|ne (?:pas )?remplis?s?ez? (?:rien|pas)|ne pas remplir|laisse[zr]? (?:ce champ )?vide"
    r"|no (?:lo |la )?(?:rellene|llene|completar|rellenar|llenar)|deja(?:r)? (?:este campo )?(?:en blanco|vacio)"
    r"|non (?:compilare|riempire)|lascia(?:re)? (?:questo campo )?vuoto|deix(?:e|ar) (?:este campo )?em branco|nao preench"
    r"|niet invullen|laat (?:dit veld )?leeg|nie wypelnia|pozostaw (?:to pole )?puste|не заполня|оставьте (?:это )?(?:поле )?пуст"
    r"|lamna (?:detta )?(?:falt )?tomt|skal vaere tomt|nevyplnuj|ne toltse ki|hagyja uresen|bos birakin|入力しないで|空欄のまま|请勿填写|留空",
    re.IGNORECASE,
)  # fmt: skip
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
        if _TRAP_NAME.search(attribute(tag, "name")) or _TRAP_NAME.search(attribute(tag, "id")):
            return "name"
        said = plain(f"{words.label} {words.aria} {words.placeholder} {words.title} {words.before} {words.after[:60]}")
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
