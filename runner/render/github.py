"""Diagnostics as GitHub workflow commands, which the runner of GitHub Actions turns into annotations on the diff.

Form and escapes: docs.github.com, "Workflow commands for GitHub Actions".
"""

from __future__ import annotations

from runner.render.json import DiagnosticObject, Report

_DATA = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A"})
_PROPERTY = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A", ":": "%3A", ",": "%2C"})


def render_github(document: Report) -> str:
    """One `::error` or `::warning` line for each finding; an empty report is empty text."""
    return "".join(_command(item) + "\n" for item in document["diagnostics"])


def _command(item: DiagnosticObject) -> str:
    start, end = item["range"]["start"], item["range"]["end"]
    properties: dict[str, object] = {"file": item["file"], "line": start["line"], "endLine": end["line"]}
    if end["line"] == start["line"]:
        # GitHub takes columns only on a single line, and counts the end as part of the range.
        properties |= {"col": start["column"], "endColumn": max(start["column"], end["column"] - 1)}
    properties["title"] = item["slug"]
    listed = ",".join(f"{name}={str(value).translate(_PROPERTY)}" for name, value in properties.items())
    return f"::{item['severity']} {listed}::{_message(item).translate(_DATA)}"


def _message(item: DiagnosticObject) -> str:
    """The summary and everything else the text format says in words."""
    lines = [item["summary"], item["label"], item["help"]]
    lines += [f"{other['file']}:{other['range']['start']['line']}: {other['note']}" for other in item["related"]]
    return "\n".join([*(line for line in lines if line), f"see {item['url']}"])
