"""Mistakes made on purpose: each mutant is one file of a sound project with one thing wrong, and the place of it.

A mutant's `place` is where a person would look: what was changed, or, where the change took the place away, the key
above it. Where a whole line is no longer what it was (indentation, a bracket), any column of it counts.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from runner.compile.files import FOLDERS, ProjectFiles, read_project
from runner.compile.project import ProjectResult, compile_project
from runner.compile.schemas import FileKind, schema
from runner.lang.diagnostics import Span
from runner.lang.reader import load
from runner.lang.source import Source, walk

Path_ = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Mutant:
    """One mistake: what kind, in which file, the text with it, and the places at which saying so is exact."""

    kind: str
    file: str
    text: str
    lines: frozenset[int]
    columns: tuple[int, int] | None

    @property
    def name(self) -> str:
        """A name for a report."""
        return f"{self.kind} {self.file}:{'/'.join(map(str, sorted(self.lines)))}"

    def is_found_by(self, span: Span) -> bool:
        """Whether a finding with this span shows the mistake where it is."""
        if span.file != self.file or span.start.line not in self.lines:
            return False
        if self.columns is None:
            return True
        first, last = self.columns
        end = span.end.column if span.end.line == span.start.line else 10_000
        return span.start.column <= last and end >= first


def compiled_with(files: ProjectFiles, mutant: Mutant) -> ProjectResult:
    """The project compiled with the mutant in the place of its file."""
    changed = ProjectFiles(
        files.root, files.settings, dict(files.sequences), dict(files.channels), dict(files.campaigns),
        dict(files.templates), dict(files.template_files), list(files.unreadable),
    )  # fmt: skip
    stem = Path(mutant.file).stem
    if mutant.file.endswith(".md"):
        changed.templates[stem] = mutant.text
    elif mutant.file == "runner.yaml":
        changed.settings = load(mutant.text, mutant.file)
    else:
        kinds = {FOLDERS[FileKind.SEQUENCE]: changed.sequences, FOLDERS[FileKind.CHANNEL]: changed.channels,
                 FOLDERS[FileKind.CAMPAIGN]: changed.campaigns}  # fmt: skip
        kinds[Path(mutant.file).parent.name][stem] = load(mutant.text, mutant.file)
    return compile_project(changed, git_commit="0" * 40)


def mutants_of(root: Path) -> Iterator[Mutant]:
    """Every mutant of every YAML file and template of a project."""
    files = read_project(root)
    kinds = {FileKind.SEQUENCE: files.sequences, FileKind.CHANNEL: files.channels, FileKind.CAMPAIGN: files.campaigns}
    sources = [(kind, source) for kind, of_kind in kinds.items() for source in of_kind.values()]
    if files.settings is not None:
        sources.append((FileKind.PROJECT, files.settings))
    for kind, source in sources:
        for mutate in MUTATIONS:
            yield from mutate(source, kind)
    sent = {name for source in files.sequences.values() for name in _templates_sent(source.data)}
    for name in sorted(sent):
        yield from _template_mutants(files.template_files[name], files.templates[name])


def _templates_sent(data: Any) -> Iterator[str]:
    for _, key, value in walk(data):
        if key == "template":
            yield value


def _replaced(source: Source, span: Span, text: str) -> str:
    """The source's text with one span of one line replaced."""
    lines = source.text.split("\n")
    number = span.start.line - 1
    line = lines[number]
    lines[number] = line[: span.start.column - 1] + text + line[span.end.column - 1 :]
    return "\n".join(lines)


def _at(kind: str, source: Source, span: Span, text: str) -> Mutant:
    """A mutant whose mistake is the new text itself."""
    columns = (span.start.column, span.start.column + max(len(text), 1))
    return Mutant(kind, source.file, _replaced(source, span, text), frozenset({span.start.line}), columns)


def _on_line(kind: str, source: Source, number: int, line: str) -> Mutant:
    lines = source.text.split("\n")
    lines[number - 1] = line
    return Mutant(kind, source.file, "\n".join(lines), frozenset({number}), None)


def _paths(data: Any) -> dict[int, Path_]:
    found: dict[int, Path_] = {id(data): ()}
    for container, key, value in walk(data):
        if isinstance(value, dict | list):
            found.setdefault(id(value), (*found[id(container)], key))
    return found


def _named_by_people(path: Path_) -> bool:
    """Whether the keys below a path are names that people choose."""
    return bool({"vars", "lead_fields"} & set(path)) or any(str(part).startswith("x-") for part in path)


def _keys(source: Source) -> Iterator[tuple[dict[str, Any], str, Path_]]:
    paths = _paths(source.data)
    for container, key, _ in walk(source.data):
        path = paths[id(container)]
        if isinstance(container, dict) and not _named_by_people((*path, key)):
            yield container, str(key), path


def misspelt_keys(source: Source, _: FileKind) -> Iterator[Mutant]:
    """Two letters swapped, one left out, one doubled."""
    for container, key, _path in _keys(source):
        span = source.key_span(container, key)
        forms = {key[1:], key[:-1] + key[-1] * 2, key[0] + key[2] + key[1] + key[3:] if len(key) > 3 else key + "s"}
        for form in sorted(forms - {key, ""} - container.keys()):
            if re.fullmatch(r"[a-z_]+", form) and form not in ("n", "y"):
                yield _at("misspelt key", source, span, form)


def doubled_keys(source: Source, _: FileKind) -> Iterator[Mutant]:
    """A line of a block mapping copied below itself."""
    lines = source.text.split("\n")
    for container, key, path in _keys(source):
        number = source.key_span(container, key).start.line
        line = lines[number - 1]
        if path[-1:] and isinstance(path[-1], int) and line.lstrip().startswith("- "):
            continue
        if line.strip().startswith(f"{key}: ") and not isinstance(container[key], list):
            copied = [*lines[:number], line, *lines[number:]]
            start = len(line) - len(line.lstrip()) + 1
            yield Mutant(
                "key twice", source.file, "\n".join(copied), frozenset({number + 1}), (start, start + len(key))
            )


def lost_keys(source: Source, kind: FileKind) -> Iterator[Mutant]:
    """A required key taken out; the key above it, or the file's first line, is where it shows."""
    lines = source.text.split("\n")
    required = set(schema(kind)["required"])
    for key in sorted(required & source.data.keys()):
        span = source.key_span(source.data, key)
        number = span.start.line
        if isinstance(source.data[key], dict | list) or (kind is FileKind.CHANNEL and key == "channel"):
            continue
        remaining = [*lines[: number - 1], *lines[number:]]
        text = "\n".join(remaining)
        top = load(text, source.file).top.start.line
        yield Mutant("key lost", source.file, text, frozenset({top}), None)
    for container, key, path in _keys(source):
        if path and key in ("host", "count", "id", "channel", "template", "timeout") and len(container) > 1:
            yield from _lost_from_flow(source, container, key, path)


def _lost_from_flow(source: Source, container: dict[str, Any], key: str, path: Path_) -> Iterator[Mutant]:
    if key == "template" and container.get("action") == "connect":
        return  # an invitation does without a note
    if key == "timeout" and "wait_for" not in container:
        return
    span, value = source.key_span(container, key), source.value_span(container, key)
    lines = source.text.split("\n")
    line = lines[span.start.line - 1]
    after = line[value.end.column - 1 :]
    if value.start.line != span.start.line or not after.startswith(", "):
        return
    cut = Span(span.file, span.start, type(span.start)(span.start.line, value.end.column + 2))
    text = _replaced(source, cut, "")
    if not isinstance(load(text, source.file).data, dict):
        return
    yield Mutant("key lost", source.file, text, frozenset({span.start.line}), None)


def lost_units(source: Source, _: FileKind) -> Iterator[Mutant]:
    """A duration without its unit, and with one that does not exist."""
    for container, key, value in walk(source.data):
        if isinstance(value, str) and re.fullmatch(r"\d+(bd|[smhdw])", value):
            span = source.value_span(container, key)
            number = re.match(r"\d+", value)
            assert number is not None
            yield _at("unit dropped", source, span, number[0])
            yield _at("unit misspelt", source, span, f"{number[0]}dy")


def wrong_values(source: Source, _: FileKind) -> Iterator[Mutant]:
    """Another type, a negative number, a misspelt choice."""
    for container, key, value in walk(source.data):
        if _named_by_people((key,)) or (isinstance(container, dict) and container is source.data.get("vars")):
            continue
        span = source.value_span(container, key)
        if isinstance(value, bool):
            yield _at("wrong type", source, span, "maybe")
        elif isinstance(value, int) and key != "priority":
            yield _at("wrong type", source, span, "many")
            yield _at("negative", source, span, "-1")
        elif isinstance(value, str) and key in ("channel", "action", "security", "mode", "unsubscribe", "provider"):
            if key != "provider":
                yield _at("misspelt choice", source, span, value[:-1] + "x" + value[-1])
        elif key == "days" or (isinstance(container, list) and value in ("mon", "tue", "wed", "thu", "fri")):
            if isinstance(value, str):
                yield _at("misspelt choice", source, span, value + "day")


def broken_references(source: Source, _: FileKind) -> Iterator[Mutant]:
    """A step, template, sequence, account, zone or calendar that is not there."""
    names = {"thread", "template", "sequence", "failed", "sent", "timezone", "holidays", "next", "already_connected"}
    paths = _paths(source.data)
    for container, key, value in walk(source.data):
        inside = paths[id(container)]
        is_account = "accounts" in inside
        if not isinstance(value, str) or not (key in names or is_account) or len(value) < 2:
            continue
        if source.text.split("\n")[source.value_span(container, key).start.line - 1].lstrip().startswith("#"):
            continue
        span = source.value_span(container, key)
        yield _at("broken reference", source, span, value[:-1] + "q")
        if key not in ("timezone", "holidays"):
            yield _at("broken reference", source, span, "q" + value)


def broken_conditions(source: Source, _: FileKind) -> Iterator[Mutant]:
    """A name misspelt inside a condition, and words of other languages."""
    for container, key, value in walk(source.data):
        if key not in ("condition", "audience") or not isinstance(value, str):
            continue
        whole = source.value_span(container, key)
        if whole.start.line != whole.end.line:
            continue
        line = source.lines[whole.start.line - 1]
        shift = line.index(value, whole.start.column - 1) - (whole.start.column - 1) if value in line else None
        if shift is None:
            continue
        for match in re.finditer(r"[a-z_]+(?:\.[a-z_]+)?|\(", value):
            word = match[0]
            form = {"and": "&&", "or": "||", "not": "!", "in": "=", "(": "(("}.get(word)
            if form is None and (word in ("if", "has", "days_since", "lists", "true") or len(word) < 5):
                continue
            if form is None and _inside_quotes(value, match.start()):
                continue
            form = form or word[:-1] + "q" + word[-1]
            first = whole.start.column + shift + match.start()
            span = Span(source.file, type(whole.start)(whole.start.line, first),
                        type(whole.start)(whole.start.line, first + len(word)))  # fmt: skip
            mutant = _at("broken condition", source, span, form)
            columns = (whole.start.column, len(line) + 9) if form == "((" else mutant.columns
            yield Mutant(mutant.kind, mutant.file, mutant.text, mutant.lines, columns)


def _inside_quotes(text: str, place: int) -> bool:
    return text[:place].count('"') % 2 == 1


def wrong_events(source: Source, _: FileKind) -> Iterator[Mutant]:
    """`wait_for` of another step, and of an event that cannot happen."""
    for container, key, value in walk(source.data):
        if key == "wait_for":
            span = source.value_span(container, key)
            step, _, event = value.partition(".")
            yield _at("broken reference", source, span, f"{step}q.{event}")
            yield _at("broken reference", source, span, f"{step}.{event}q")
            yield _at("broken reference", source, span, f"{step}.bounced")


def open_secrets(source: Source, _: FileKind) -> Iterator[Mutant]:
    """A secret written out."""
    for container, key, value in walk(source.data):
        if isinstance(value, dict) and set(value) == {"env"}:
            yield _at("secret written out", source, source.value_span(container, key), "hunter2")


def wrong_names(source: Source, kind: FileKind) -> Iterator[Mutant]:
    """The name inside a file, other than the file's."""
    if kind is not FileKind.PROJECT and "name" in source.data:
        yield _at("other name", source, source.value_span(source.data, "name"), source.data["name"] + "_copy")


def same_ids(source: Source, kind: FileKind) -> Iterator[Mutant]:
    """A step called like the one before it, and like a word of the language."""
    if kind is not FileKind.SEQUENCE:
        return
    steps = source.data["steps"]
    for first, second in pairwise(steps):
        yield _at("id twice", source, source.value_span(second, "id"), first["id"])
    for step in steps:
        yield _at("reserved id", source, source.value_span(step, "id"), "end")
        yield _at("bad id", source, source.value_span(step, "id"), "Step-1")


def second_kinds(source: Source, kind: FileKind) -> Iterator[Mutant]:
    """A step that also waits, and a key that another channel has."""
    if kind is not FileKind.SEQUENCE:
        return
    lines = source.text.split("\n")
    for step in source.data["steps"]:
        number = source.value_span(step, "id").start.line
        line = lines[number - 1]
        extra = "wait" if "wait" not in step else "end"
        more = {"wait": "wait: 3d", "end": "end: true"}[extra]
        if line.lstrip().startswith("- id: "):
            added = [*lines[:number], " " * (line.index("id:")) + more, *lines[number:]]
            shifted = set(range(number, number + 2 + len(step)))
            yield Mutant("two kinds", source.file, "\n".join(added), frozenset(shifted), None)
        elif line.lstrip().startswith("- {"):
            text = line.rstrip()
            yield _on_line(
                "two kinds", source, number, text[: text.rindex("}")] + f", {more}" + text[text.rindex("}") :]
            )


def tags_and_merges(source: Source, _: FileKind) -> Iterator[Mutant]:
    """A tag before a value."""
    for container, key, value in walk(source.data):
        if isinstance(value, str) and isinstance(container, dict):
            span = source.value_span(container, key)
            if span.start.line == span.end.line:
                written = source.lines[span.start.line - 1][span.start.column - 1 : span.end.column - 1]
                yield _at("tag", source, span, f"!secret {written}")


def bad_indentation(source: Source, _: FileKind) -> Iterator[Mutant]:
    """One blank more, one less, and a tab, on lines that hold a key."""
    lines = source.text.split("\n")
    for number, line in enumerate(lines, 1):
        bare = line.lstrip()
        if not re.match(r"(- )?[a-z_]+:", bare) or line == bare:
            continue
        yield _on_line("tab", source, number, "\t" + bare)
        if number > 1 and re.match(r"\s+[a-z_]+:", lines[number - 2] or "") and not bare.startswith("- "):
            yield _on_line("indented too far", source, number, " " + line)
        if not bare.startswith("- ") and re.match(r"\s+(- )?[a-z_]+:", lines[number - 2]):
            yield _on_line("indented too little", source, number, line[1:])


def lost_marks(source: Source, _: FileKind) -> Iterator[Mutant]:
    """A colon, a bracket, a quote that is not there; the reader notices only further down."""
    lines = source.text.split("\n")
    for number, line in enumerate(lines, 1):
        bare = line.split(" #")[0].rstrip()
        if re.match(r"\s*(- )?[a-z_]+: \S", bare):
            yield _on_line("colon lost", source, number, line.replace(": ", " ", 1))
        if bare.endswith("}") and "{" in bare:
            yield _on_line("bracket lost", source, number, bare[:-1])
        if bare.endswith('"') and bare.count('"') == 2:
            yield _on_line("quote lost", source, number, bare[:-1])


MUTATIONS: tuple[Callable[[Source, FileKind], Iterator[Mutant]], ...] = (
    misspelt_keys, doubled_keys, lost_keys, lost_units, wrong_values, broken_references, broken_conditions,
    wrong_events, open_secrets, wrong_names, same_ids, second_kinds, tags_and_merges, bad_indentation, lost_marks,
)  # fmt: skip


def _template_mutants(file: str, text: str) -> Iterator[Mutant]:
    """Names, filters and brackets of a template gone wrong."""
    lines = text.split("\n")
    for number, line in enumerate(lines, 1):
        for match in re.finditer(r"\{\{.*?\}\}", line):
            whole = match[0]
            forms = {
                "unknown field": re.sub(r"lead\.(\w)", r"lead.q\1", whole),
                "unknown scope": whole.replace("lead.", "led."),
                "fallback lost": re.sub(r"(lead\.\w+) \| default\([^)]*\)", r"\1", whole),
                "unknown filter": whole.replace("default(", "defualt("),
                "bracket lost": whole[:-1],
            }
            for kind, form in forms.items():
                if form != whole:
                    changed = [*lines]
                    changed[number - 1] = line[: match.start()] + form + line[match.end() :]
                    yield Mutant(kind, file, "\n".join(changed), frozenset({number}), None)


def describe(mutant: Mutant, result: ProjectResult) -> str:
    """What was expected and what was said, for a person who looks at a miss."""
    said = [
        f"{item.span.file}:{item.span.start.line}:{item.span.start.column} {item.slug}" for item in result.diagnostics
    ]
    expected = f"lines {sorted(mutant.lines)}, columns {mutant.columns}"
    return json.dumps({"mutant": mutant.name, "expected": expected, "said": said[:4]})
