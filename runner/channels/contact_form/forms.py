"""The forms of a page as values: every control with its constraints, its words and whether a person can see it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from bs4 import Tag

from runner.channels.contact_form.document import Document, attribute, words_of
from runner.channels.contact_form.labels import Words, words_for_controls
from runner.channels.contact_form.visibility import Visibility

CONTROLS = ("input", "textarea", "select", "button")
BUTTON_TYPES = frozenset({"submit", "button", "image", "reset"})
TEXT_TYPES = frozenset({"text", "email", "tel", "url", "search", "number", "textarea"})
MAX_CONTROLS = 500
MAX_FORMS = 200


@dataclass(frozen=True, slots=True)
class Option:
    """One choice of a select."""

    value: str
    text: str
    selected: bool = False
    disabled: bool = False


@dataclass(frozen=True, slots=True)
class Control:
    """One control. `kind` is an input's type, or textarea, select, button; `hidden` says why nobody can see it.

    `mark` and `unseen` come from a browser, which numbers the controls and looks at them.
    """

    name: str
    kind: str
    id: str = ""
    value: str = ""
    required: bool = False
    checked: bool = False
    disabled: bool = False
    readonly: bool = False
    multiple: bool = False
    maxlength: int | None = None
    minlength: int | None = None
    pattern: str | None = None
    autocomplete: str = ""
    options: tuple[Option, ...] = ()
    words: Words = field(default_factory=Words)
    hidden: str | None = None
    mark: str = ""
    unseen: bool = False

    @property
    def is_button(self) -> bool:
        """Whether it is pressed, not filled."""
        return self.kind in BUTTON_TYPES

    @property
    def is_choice(self) -> bool:
        """Whether it is one of a group that shares a name."""
        return self.kind in {"radio", "checkbox"}


@dataclass(frozen=True, slots=True)
class Form:
    """One form; `index` counts the page's form elements from 0. `context` holds the words around it."""

    index: int
    action: str
    method: str
    enctype: str
    charset: str
    controls: tuple[Control, ...]
    signature: str
    text: str
    heading: str
    element: Tag = field(compare=False, repr=False)
    target_missing: bool = False

    @property
    def sends_query(self) -> bool:
        """Whether it is sent as a query on purpose: by GET, to an address of its own."""
        return self.method == "get" and not self.target_missing and not self.scripted

    @property
    def scripted(self) -> bool:
        """Whether only a script can send it: its action is a script, or neither action nor method is there."""
        bare = self.target_missing and self.method == "get"
        return bare or self.action.lower().startswith(("javascript:", "#")) or self.action.endswith("#none")

    @property
    def visible(self) -> tuple[Control, ...]:
        """The controls that a person can see and fill."""
        return tuple(c for c in self.controls if c.kind != "hidden" and not c.hidden and not c.is_button)

    @property
    def entries(self) -> tuple[Control, ...]:
        """Every control that is not a button and not of type hidden, whether it can be seen or not."""
        return tuple(c for c in self.controls if c.kind != "hidden" and not c.is_button)

    @property
    def submit_button(self) -> Control | None:
        """The button that sends it: the first one a person would press."""
        return next((c for c in self.controls if c.kind in {"submit", "image"} and not c.disabled), None)


def forms_of(document: Document) -> tuple[Form, ...]:
    """Every form of a page, in document order."""
    elements = document.soup.find_all("form", limit=MAX_FORMS)
    visibility = Visibility(document)
    return tuple(_form(document, element, index, visibility) for index, element in enumerate(elements))


def _form(document: Document, element: Tag, index: int, visibility: Visibility) -> Form:
    tags = tuple(_tags(document, element))
    words = words_for_controls(document, element, tags)
    controls = tuple(_control(tag, words[number], visibility, element) for number, tag in enumerate(tags))
    action = attribute(element, "action").strip()
    button = next((tag for tag, c in zip(tags, controls, strict=True) if c.kind in {"submit", "image"}), None)
    if button is not None and attribute(button, "formaction"):
        action = attribute(button, "formaction").strip()
    accept = attribute(element, "accept-charset").replace(",", " ").split()
    return Form(
        index=index,
        action=document.absolute(action) if action else document.url,
        method="post" if attribute(element, "method").strip().lower() == "post" else "get",
        enctype=attribute(element, "enctype").strip().lower() or "application/x-www-form-urlencoded",
        charset=accept[0] if accept else document.charset,
        controls=controls,
        signature=_signature(element, action),
        text=words_of(element, 20_000),
        heading=_heading(element),
        element=element,
        target_missing=not action,
    )


def _signature(element: Tag, action: str) -> str:
    parts = [action, attribute(element, "id"), attribute(element, "name"), attribute(element, "class")]
    for parent in list(element.parents)[:3]:
        if isinstance(parent, Tag) and parent.name not in {"body", "html", "[document]"}:
            parts += [attribute(parent, "id"), attribute(parent, "class")]
    return " ".join(part for part in parts if part)[:1000]


def _heading(element: Tag) -> str:
    inside = element.find(["h1", "h2", "h3", "h4", "h5", "legend", "caption"])
    texts = [words_of(inside, 200)] if isinstance(inside, Tag) else []
    before = element.find_previous(["h1", "h2", "h3", "h4", "h5", "legend"])
    if isinstance(before, Tag):
        texts.append(words_of(before, 200))
    return " | ".join(texts)


def _tags(document: Document, element: Tag) -> Iterator[Tag]:
    """The form's own controls: inside it, and elsewhere with a `form` attribute that names it."""
    count = 0
    identity = attribute(element, "id")
    for tag in element.find_all(CONTROLS, limit=MAX_CONTROLS):
        owner = attribute(tag, "form")
        if not owner or owner == identity:
            count += 1
            yield tag
    if not identity:
        return
    for tag in document.soup.find_all(CONTROLS, attrs={"form": identity}, limit=MAX_CONTROLS - count):
        if element not in tag.parents:
            yield tag


def _control(tag: Tag, words: Words, visibility: Visibility, form: Tag) -> Control:
    kind = _kind(tag)
    value = attribute(tag, "value")
    if kind == "textarea":
        value = tag.get_text().removeprefix("\r\n").removeprefix("\n")
    elif kind in {"radio", "checkbox"} and not tag.has_attr("value"):
        value = "on"
    return Control(
        name=attribute(tag, "name"),
        kind=kind,
        id=attribute(tag, "id"),
        value=value,
        required=_required(tag, words),
        checked=tag.has_attr("checked"),
        disabled=tag.has_attr("disabled") or _in_disabled_fieldset(tag),
        readonly=tag.has_attr("readonly"),
        multiple=tag.has_attr("multiple"),
        maxlength=_number(tag, "maxlength"),
        minlength=_number(tag, "minlength"),
        pattern=attribute(tag, "pattern") or None,
        autocomplete=attribute(tag, "autocomplete").lower(),
        options=_options(tag) if kind == "select" else (),
        words=words,
        hidden=visibility.why_hidden(tag, kind, words, form),
        mark=attribute(tag, "data-form-mark"),
        unseen=tag.has_attr("data-form-unseen"),
    )


def _kind(tag: Tag) -> str:
    kind = attribute(tag, "type").strip().lower()
    if tag.name == "button":
        return kind if kind in {"button", "reset"} else "submit"
    return (kind or "text") if tag.name == "input" else tag.name


_STAR = re.compile(
    r"[*＊✱]|\((?:required|erforderlich|pflichtfeld|obligatoire|requis|obligatorio|obbligatorio|obrigat[oó]rio|verplicht"
    r"|wymagane|обязательно)\)|必須|必填|필수",
    re.IGNORECASE,
)
_REQUIRED_CLASS = re.compile(
    r"(?:^|[\s_-])(?:required|validates-as-required|mandatory|pflichtfeld|obligatoire)(?:$|[\s_-])"
)


def _required(tag: Tag, words: Words) -> bool:
    if tag.has_attr("required") or attribute(tag, "aria-required").lower() == "true":
        return True
    if _REQUIRED_CLASS.search(attribute(tag, "class").lower()):
        return True
    return bool(_STAR.search(words.label or words.before[-40:]) or _STAR.search(words.placeholder))


def _in_disabled_fieldset(tag: Tag) -> bool:
    return any(isinstance(p, Tag) and p.name == "fieldset" and p.has_attr("disabled") for p in tag.parents)


def _number(tag: Tag, name: str) -> int | None:
    text = attribute(tag, name).strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def _options(tag: Tag) -> tuple[Option, ...]:
    found = []
    for option in tag.find_all("option", limit=2000):
        text = " ".join(option.get_text(" ").split())[:300]
        value = attribute(option, "value") if option.has_attr("value") else text
        found.append(Option(value, text, option.has_attr("selected"), option.has_attr("disabled")))
    return tuple(found)
