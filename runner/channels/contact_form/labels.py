"""The words that tell a person what a control is for: its label, however the page ties it on, and the text nearby."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bs4 import Tag
from bs4.element import NavigableString, PreformattedString

from runner.channels.contact_form.document import Document, attribute, words_of

NEARBY = 120
_SILENT = frozenset(["script", "style", "option", "textarea", "button", "noscript"])


@dataclass(frozen=True, slots=True)
class Words:
    """What a page says about one control. `before` and `after` are the texts between it and its neighbours."""

    label: str = ""
    aria: str = ""
    placeholder: str = ""
    title: str = ""
    before: str = ""
    after: str = ""
    classes: str = ""
    group: str = ""

    @property
    def spoken(self) -> str:
        """The words a person would take for its name."""
        return self.label or self.aria or self.placeholder or self.title


def words_for_controls(document: Document, form: Tag, tags: Sequence[Tag]) -> tuple[Words, ...]:
    """The words of each control of a form, in the order of `tags`."""
    labels = _labels_by_target(form)
    nearby = _nearby(form, tags)
    return tuple(_words(document, tag, labels, nearby.get(id(tag), ("", ""))) for tag in tags)


def _words(document: Document, tag: Tag, labels: dict[str, str], nearby: tuple[str, str]) -> Words:
    wrapping = tag.find_parent("label")
    identity = attribute(tag, "id")
    label = labels.get(identity, "") if identity else ""
    if not label and identity:
        label = _label_outside(document, identity)
    if not label and isinstance(wrapping, Tag):
        label = _without_controls(wrapping)
    legend = ""
    fieldset = tag.find_parent("fieldset")
    if isinstance(fieldset, Tag):
        found = fieldset.find("legend")
        legend = words_of(found, 200) if isinstance(found, Tag) else ""
    return Words(
        label=label,
        aria=_aria(document, tag),
        placeholder=attribute(tag, "placeholder").strip()[:200] or _prompt(tag),
        title=attribute(tag, "title").strip()[:200],
        before=nearby[0],
        after=nearby[1],
        classes=attribute(tag, "class")[:300],
        group=legend,
    )


def _prompt(tag: Tag) -> str:
    """The first option of a select, or a preset text that is there to be typed over, works as a placeholder."""
    if tag.name == "input" and attribute(tag, "type").lower() in {"", "text", "email", "tel"}:
        preset = attribute(tag, "value").strip()
        return preset[:60] if len(preset) < 60 and not preset.isdigit() else ""
    if tag.name == "select":
        first = tag.find("option")
        return " ".join(first.get_text(" ").split())[:60] if isinstance(first, Tag) else ""
    if tag.name == "textarea":
        return " ".join(tag.get_text(" ").split())[:60]
    return ""


def _labels_by_target(form: Tag) -> dict[str, str]:
    found: dict[str, str] = {}
    for label in form.find_all("label", limit=500):
        target = attribute(label, "for")
        if target:
            text = _without_controls(label)
            found[target] = f"{found[target]} {text}" if target in found else text
    return found


def _label_outside(document: Document, identity: str) -> str:
    found = document.soup.find("label", attrs={"for": identity})
    return _without_controls(found) if isinstance(found, Tag) else ""


def _without_controls(label: Tag) -> str:
    pieces = []
    for piece in label.strings:
        inside = piece.find_parent(["select", "textarea", "button", "script", "style", "label"])
        if inside is label:
            pieces.append(piece)
    return " ".join(" ".join(pieces).split())[:300]


def _aria(document: Document, tag: Tag) -> str:
    direct = attribute(tag, "aria-label").strip()
    if direct:
        return direct[:200]
    texts = []
    for identity in attribute(tag, "aria-labelledby").split()[:4]:
        found = document.soup.find(id=identity)
        if isinstance(found, Tag):
            texts.append(words_of(found, 200))
    return " ".join(texts)


def _nearby(form: Tag, tags: Sequence[Tag]) -> dict[int, tuple[str, str]]:
    """For each control the text since the control before it, and until the control after it."""
    wanted = {id(tag) for tag in tags if attribute(tag, "type").lower() != "hidden"}
    known = {attribute(tag, "id") for tag in tags} - {""}
    order: list[int] = []
    gaps: list[list[str]] = [[]]
    for node in form.descendants:
        if isinstance(node, Tag):
            if id(node) in wanted:
                order.append(id(node))
                gaps.append([])
        elif isinstance(node, NavigableString) and not isinstance(node, PreformattedString):
            parent = node.parent
            if parent is not None and parent.name not in _SILENT and not _is_tied(parent, form, known):
                gaps[-1].append(node)
    texts = [" ".join(" ".join(gap).split()) for gap in gaps]
    return {key: (texts[number][-NEARBY:], texts[number + 1][:NEARBY]) for number, key in enumerate(order)}


def _is_tied(parent: Tag, form: Tag, known: set[str]) -> bool:
    """Whether a text belongs to a label that names or holds its control: it says nothing about the neighbours."""
    for element in (parent, *parent.parents):
        if element is form or not isinstance(element, Tag):
            return False
        if element.name == "label":
            return attribute(element, "for") in known or element.find(["input", "select", "textarea"]) is not None
    return False
