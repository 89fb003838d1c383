"""Warnings that a comment in the file silences: `# runner: ignore[opened-is-unreliable] our own mail client`.

The comment stands at the end of the line the warning is on, or alone on the line above. In a template it is a Jinja
comment, `{# runner: ignore[...] reason #}`. An error cannot be silenced: the project would start with it no better.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from runner.lang.diagnostics import Diagnostic, Edit, Fix, Position, Severity, Span

UNUSED = "unused-ignore"
NO_REASON = "ignore-without-reason"
_MARKER = "runner: ignore["
_COMMENT = re.compile(r"(?P<open>(?:^|(?<=\s))#|\{#)\s*runner: ignore\[(?P<slugs>[^\]]*)\](?P<reason>.*)")
_SLUG = re.compile(r"[^\s,]+")


@dataclass(frozen=True, slots=True)
class Ignore:
    """One slug of one comment: the `lines` it covers, and what to cut out when it is the comment's only slug."""

    slug: str
    span: Span
    lines: tuple[int, ...]
    reason: str
    removal: Span | None


def apply_ignores(
    diagnostics: Iterable[Diagnostic], files: Iterable[str], sources: Callable[[str], str | None]
) -> list[Diagnostic]:
    """What is left after the ignore comments of `files`, with a warning for each comment that has no use or reason."""
    ignores = [ignore for file in sorted(set(files)) for ignore in find_ignores(file, sources(file) or "")]
    if not ignores:
        return list(diagnostics)
    covered = {(ignore.span.file, ignore.slug, line): ignore for ignore in ignores for line in ignore.lines}
    kept: list[Diagnostic] = []
    used: set[Ignore] = set()
    errors: set[Ignore] = set()
    for diagnostic in diagnostics:
        ignore = covered.get((diagnostic.span.file, diagnostic.slug, diagnostic.span.start.line))
        if ignore is None or diagnostic.is_error:
            kept.append(diagnostic)
            errors |= {ignore} if ignore else set()
        else:
            used.add(ignore)
    kept += [_without_reason(ignore) for ignore in ignores if ignore in used and not ignore.reason]
    return kept + [_unused(ignore, ignore in errors) for ignore in ignores if ignore not in used]


def find_ignores(file: str, text: str) -> Iterator[Ignore]:
    """Every slug of every ignore comment of a text."""
    if _MARKER not in text:
        return
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    for number, line in enumerate(lines, 1):
        match = _COMMENT.search(line) if _MARKER in line else None
        if match is None:
            continue
        alone = not line[: match.start()].strip()
        reason = match["reason"].strip().removesuffix("#}").strip()
        target = (number, _line_below(lines, number)) if alone else (number,)
        slugs = list(_SLUG.finditer(match["slugs"]))
        removal = _removal(file, number, line[: match.start()], len(line)) if len(slugs) == 1 else None
        for slug in slugs:
            first = match.start("slugs") + slug.start()
            yield Ignore(slug[0], _span(file, number, first, first + len(slug[0])), target, reason, removal)


def _line_below(lines: list[str], number: int) -> int:
    """The first line after `number` that is not another comment."""
    for following, line in enumerate(lines[number:], number + 1):
        if not line.lstrip().startswith(("#", "{#")):
            return following
    return number


def _removal(file: str, number: int, before: str, length: int) -> Span:
    """The whole line when nothing else stands on it, else the comment and the blanks before it."""
    if not before.strip():
        return Span(file, Position(number, 1), Position(number + 1, 1))
    return _span(file, number, len(before.rstrip()), length)


def _unused(ignore: Ignore, error: bool) -> Diagnostic:
    if error:
        summary = f"`{ignore.slug}` is an error here, and an error cannot be ignored"
        label, advice = "only warnings can be ignored", "mend what it reports, then remove this comment"
    else:
        summary = f"nothing reports `{ignore.slug}` here"
        label, advice = "not needed", "remove it, so that it cannot hide the next one"
    fix = None if error or ignore.removal is None else Fix("remove the comment", (Edit(ignore.removal, ""),))
    return Diagnostic(UNUSED, Severity.WARNING, summary, ignore.span, label, advice, fix=fix)


def _without_reason(ignore: Ignore) -> Diagnostic:
    return Diagnostic(
        NO_REASON,
        Severity.WARNING,
        f"`{ignore.slug}` is ignored without a reason",
        ignore.span,
        "why is it fine here?",
        "write the reason after the bracket, for whoever reads this next",
    )


def _span(file: str, line: int, first: int, last: int) -> Span:
    return Span(file, Position(line, first + 1), Position(line, last + 1))
