"""The file is not YAML: the parser's words, made plainer, at the place where it gave up."""

from __future__ import annotations

from collections.abc import Iterator

from runner.compile.checks.source import findings, second
from runner.compile.reporting import error
from runner.lang.diagnostics import Diagnostic
from runner.lang.source import Finding, Kind, Source

SLUG = "bad-yaml"

_PLAINER = (
    ("mapping values are not allowed", "a `:` inside an unquoted value", 'put the value in quotes: "..."'),
    ("did not find expected key", "this line does not fit the lines above", "check its indentation"),
    ("did not find expected '-' indicator", "this line does not fit the list above", "indent it like the items"),
    ("did not find expected ',' or '}'", "the `{` is not closed, or a comma is missing", "add `}` or a comma"),
    ("did not find expected ',' or ']'", "the `[` is not closed, or a comma is missing", "add `]` or a comma"),
    ("could not find expected ':'", "there is no `:` after this key", "write `key: value`"),
    ("found unexpected end of stream", "the text in quotes never ends", "add the closing quote"),
    ("found character that cannot start any token", "this character cannot start a value", "put the value in quotes"),
    ("did not find expected alphabetic or numeric character", "`*` and `&` start an alias or an anchor",
     "put the value in quotes"),
    ("block sequence entries are not allowed", "a list cannot start here", "put `- ` on a line of its own"),
    ("did not find expected node content", "a value is missing here", ""),
    ("found unknown escape character", "an unknown escape in double quotes",
     "double the backslash, or use single quotes"),
)  # fmt: skip


def check(source: Source) -> Iterator[Diagnostic]:
    """Yield one diagnostic for each place that is not YAML."""
    for finding in findings(source, Kind.BAD_YAML):
        summary, hint = plainer(finding.detail)
        related = second(source, finding, _second_words(finding))
        yield error(SLUG, summary, source.span(finding.start, finding.end), help=hint, related=related)


def _second_words(finding: Finding) -> str:
    """What the second place is: where the reader noticed, or where that began which it could not finish."""
    return "noticed here" if finding.other is not None and finding.other > finding.start else "it begins here"


def plainer(problem: str) -> tuple[str, str]:
    """The parser's problem in words for people, and what to do."""
    for theirs, ours, hint in _PLAINER:
        if theirs in problem:
            return ours, hint
    return problem, ""
