"""Short ways to make a diagnostic."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from runner.lang.diagnostics import Diagnostic, Edit, Fix, Severity, Span
from runner.lang.source import Key
from runner.lang.suggest import is_sure, nearest
from runner.model.project import ProjectSettings


def error(slug: str, summary: str, span: Span, **more: Any) -> Diagnostic:
    """An error: the project does not start with it."""
    return Diagnostic(slug, Severity.ERROR, summary, span, **more)


def warning(slug: str, summary: str, span: Span, **more: Any) -> Diagnostic:
    """A warning: it runs, and probably not as meant."""
    return Diagnostic(slug, Severity.WARNING, summary, span, **more)


def footer_finding(settings: ProjectSettings, slug: str, summary: str, span: Span, **more: Any) -> Diagnostic:
    """What is wrong with a footer: an error, unless `policy.footer_required` is switched off."""
    required = settings.policy.get("footer_required", True)
    return (error if required else warning)(slug, summary, span, **more)


def replacing(span: Span, text: str, *, safe: bool = True) -> Fix:
    """A fix that puts `text` in the place of a span."""
    return Fix(f"write `{text}`", (Edit(span, text),), safe)


def correcting(span: Span, word: str, names: Iterable[str]) -> Fix | None:
    """A fix that puts the nearest name in the place of a misspelt one; safe where no other name is as near."""
    known = list(names)
    near = nearest(word, known)
    return Fix(f"write `{near}`", (Edit(span, near),), safe=is_sure(word, known)) if near is not None else None


def shown(value: object) -> str:
    """A value of the user's, short enough for a message."""
    match value:
        case None:
            return "nothing"
        case bool():
            return f"`{str(value).lower()}`"
        case dict():
            return "a mapping"
        case list():
            return "a list"
        case _:
            text = " ".join(str(value).split())
            return f"`{text}`" if len(text) <= 60 else f"`{text[:57]}...`"


def plain(sentence: str) -> str:
    """A sentence of the schemas as the end of a line of ours: no capital, no full stop."""
    return sentence[:1].lower() + sentence[1:].removesuffix(".") if sentence else ""


def where(path: tuple[Key, ...]) -> str:
    """The name of the mapping at a path, for messages: the nearest key above it."""
    if path and isinstance(path[-1], int) and len(path) > 1:
        return f"item {path[-1] + 1} of {where(path[:-1])}"
    return next((f"`{key}`" for key in reversed(path) if isinstance(key, str)), "the file")
