"""Diagnostics for people: rendered from the JSON report and the source lines, so that the two can never disagree.

    error[unknown-step]: no step `fom`
      --> sequences/founders.yaml:34:20
       |
    34 |     next: {failed: fom}
       |                    ^^^ did you mean `form`?
       = help: a target of `next:` is a step id of this sequence, or `end`
       = docs: docs/checks.md#unknown-step

Second places are underlined with `-`, or shown below their own `:::` when they stand in another file.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from runner.render.json import DiagnosticObject, RangeObject, Report
from runner.render.masking import masked, secret_ranges
from runner.render.snippet import Mark, snippet
from runner.render.terminal import Painter, Style, one_line

Sources = Callable[[str], str | None]


def render_text(document: Report, sources: Sources, *, colour: bool = False) -> str:
    """Every finding with its place, the lines it is about, help and the link to its page; blank lines between.

    `sources` gives the text of a file by its name, or None where there is nothing to show.
    """
    paint = Painter(colour)
    shown = _Shown(sources, secret_ranges(document))
    return "\n".join(_block(item, shown, paint) for item in document["diagnostics"])


def summary_line(document: Report, files: int) -> str:
    """`2 errors, 1 warning in 3 files; 1 can be mended with --fix`, or that there is nothing to say."""
    items = document["diagnostics"]
    checked = counted(files, "file")
    if not items:
        return f"{checked} checked, no problems"
    errors = sum(item["severity"] == "error" for item in items)
    parts = [counted(errors, "error")] if errors else []
    parts += [counted(len(items) - errors, "warning")] if len(items) > errors else []
    places = len({item["file"] for item in items})
    fixable = sum(bool(item["fix"] and item["fix"]["safety"] == "safe") for item in items)
    hint = f"; {fixable} can be mended with --fix" if fixable else ""
    return f"{', '.join(parts)} in {places} of {checked}{hint}"


def counted(number: int, noun: str) -> str:
    """`1 file`, `2 files`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


class _Shown:
    """The lines of the files, read once each, with the secrets in them hidden."""

    def __init__(self, sources: Sources, secrets: Mapping[str, list[RangeObject]]) -> None:
        self._sources = sources
        self._secrets = secrets
        self._lines: dict[str, list[str]] = {}

    def lines(self, file: str) -> list[str]:
        if file not in self._lines:
            text = self._sources(file) or ""
            lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n") if text else []
            self._lines[file] = masked(lines, self._secrets.get(file, ()))
        return self._lines[file]


def _block(item: DiagnosticObject, shown: _Shown, paint: Painter) -> str:
    marks = _marks_by_file(item)
    gutter = len(str(max(mark.range["end"]["line"] for group in marks.values() for mark in group)))
    style = Style.ERROR if item["severity"] == "error" else Style.WARNING
    title = paint(style, f"{item['severity']}[{item['slug']}]")
    lines = [f"{title}{paint(Style.BOLD, ': ' + one_line(item['summary']))}"]
    for number, (file, group) in enumerate(marks.items()):
        arrow = "-->" if number == 0 else ":::"
        lines.append(f"{' ' * gutter} {paint(Style.GUTTER, arrow)} {one_line(_place(file, group[0].range))}")
        lines += snippet(shown.lines(file), group, gutter, paint)
    lines += _notes(item, gutter, paint)
    return "\n".join(lines) + "\n"


def _marks_by_file(item: DiagnosticObject) -> Mapping[str, list[Mark]]:
    """The spans to underline, file by file: the finding itself first, then what is related to it."""
    style = Style.ERROR if item["severity"] == "error" else Style.WARNING
    groups = {item["file"]: [Mark(item["range"], "^", one_line(item["label"]), style)]}
    for related in item["related"]:
        mark = Mark(related["range"], "-", one_line(related["note"]), Style.NOTE)
        groups.setdefault(related["file"], []).append(mark)
    return groups


def _notes(item: DiagnosticObject, gutter: int, paint: Painter) -> list[str]:
    notes = []
    if item["help"] and item["help"] != item["label"]:
        notes.append(("help", item["help"]))
    if item["fix"] is not None:
        how = "runner validate --fix" if item["fix"]["safety"] == "safe" else "not safe to apply unseen"
        notes.append(("fix", f"{item['fix']['title']} ({how})"))
    notes.append(("docs", item["url"]))
    edge = " " * gutter + " " + paint(Style.GUTTER, "=")
    indent = " " * (gutter + 9)
    return [f"{edge} {name}: {_indented(text, indent)}" for name, text in notes]


def _indented(text: str, indent: str) -> str:
    return f"\n{indent}".join(one_line(line) for line in text.splitlines())


def _place(file: str, where: RangeObject) -> str:
    return f"{file}:{where['start']['line']}:{where['start']['column']}"
