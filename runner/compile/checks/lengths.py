"""What the checks of length share: a text whose range of lengths goes past a limit."""

from __future__ import annotations

from collections.abc import Iterator

from runner.compile.reporting import error, warning
from runner.compile.texts import Text
from runner.lang.diagnostics import Diagnostic, Related
from runner.lang.templates import Part


def too_long(slug: str, text: Text, part: Part, limit: int, what: str) -> Iterator[Diagnostic]:
    """An error if even the shortest text is over the limit, a warning if the longest is."""
    from runner.lang.lengths import length_range

    found = length_range(part, text.name)
    if found.most <= limit:
        return
    span = text.span(part.line)
    related = (Related(text.step_span, f"`{text.step.id}` sends it"),)
    if found.least > limit:
        yield error(slug, f"{what} has at least {found.least} characters, the limit is {limit}", span,
                    help="shorten it", related=related)  # fmt: skip
    else:
        yield warning(slug, f"{what} can grow to {found.most} characters, the limit is {limit}", span,
                      help="shorten it, or cut what varies: `{{ lead.company | truncate(30) }}`",
                      related=related)  # fmt: skip
