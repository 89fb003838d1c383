"""What HTML in mail must not carry: elements that run code or load documents, and links that are code."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html.parser import HTMLParser

UNWANTED_TAGS = frozenset({"script", "iframe", "object", "embed", "form", "link", "base", "frame", "applet"})
CODE_SCHEMES = ("javascript:", "vbscript:", "data:", "file:")


@dataclass(frozen=True, slots=True)
class Forbidden:
    """One thing that has no place in mail: where it stands (line from 1, column from 0), the tag, and why."""

    line: int
    column: int
    tag: str
    why: str


def forbidden(source: str) -> Sequence[Forbidden]:
    """Everything in some HTML that mail must not carry, in order."""
    inspector = _Inspector()
    inspector.feed(source)
    inspector.close()
    return inspector.found


class _Inspector(HTMLParser):
    """Looks at every element that opens."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[Forbidden] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in UNWANTED_TAGS or (tag == "meta" and any(name == "http-equiv" for name, _ in attrs)):
            self._refuse(tag, f"<{tag}> has no place in an e-mail")
            return
        for name, value in attrs:
            target = "".join((value or "").split()).lower()
            if name.startswith("on") or (name in ("href", "src", "action") and target.startswith(CODE_SCHEMES)):
                self._refuse(tag, f"`{name}` of <{tag}> would run code")

    def handle_data(self, data: str) -> None:
        """Text, which for the parser a style sheet is too."""
        if self.cdata_elem == "style" and "@import" in data.lower():
            self._refuse("style", "`@import` would load a style sheet from elsewhere")

    def _refuse(self, tag: str, why: str) -> None:
        line, column = self.getpos()
        self.found.append(Forbidden(line, column, tag, why))
