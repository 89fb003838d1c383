"""Diagnostics as SARIF 2.1.0 (OASIS, "Static Analysis Results Interchange Format", 27 March 2020)."""

from __future__ import annotations

import json
from urllib.parse import quote

from runner import __version__
from runner.render.json import DiagnosticObject, EditObject, FixObject, RangeObject, Report

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
Json = dict[str, object]


def render_sarif(document: Report) -> str:
    """The report as one SARIF run: a rule for each slug that occurs, a result for each finding."""
    items = document["diagnostics"]
    slugs = sorted({item["slug"] for item in items})
    urls = {item["slug"]: item["url"] for item in items}
    driver: Json = {
        "name": "runner",
        "semanticVersion": __version__,
        "rules": [_rule(slug, urls[slug]) for slug in slugs],
    }
    run: Json = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_result(item, slugs.index(item["slug"])) for item in items],
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2, ensure_ascii=False) + "\n"


def _rule(slug: str, url: str) -> Json:
    words = slug.replace("-", " ")
    return {
        "id": slug,
        "name": "".join(word.capitalize() for word in slug.split("-")),
        "shortDescription": {"text": words[0].upper() + words[1:] + "."},
        "help": {"text": f"See {url}.", "markdown": f"See [{slug}]({url})."},
    }


def _result(item: DiagnosticObject, rule: int) -> Json:
    text = "\n".join(line for line in (item["summary"], item["label"], item["help"]) if line)
    result: Json = {
        "ruleId": item["slug"],
        "ruleIndex": rule,
        "level": item["severity"],
        "message": {"text": text},
        "locations": [_location(item["file"], item["range"])],
    }
    if item["related"]:
        result["relatedLocations"] = [
            {"id": number, **_location(other["file"], other["range"]), "message": {"text": other["note"]}}
            for number, other in enumerate(item["related"], 1)
        ]
    if item["fix"] is not None:
        result["fixes"] = [_fix(item["fix"])]
    return result


def _location(file: str, where: RangeObject) -> Json:
    return {"physicalLocation": {"artifactLocation": _artifact(file), "region": _region(where)}}


def _artifact(file: str) -> Json:
    """The file as a relative URI reference; what reads the log resolves it against the checkout."""
    return {"uri": quote(file)}


def _region(where: RangeObject) -> Json:
    start, end = where["start"], where["end"]
    return {
        "startLine": start["line"],
        "startColumn": start["column"],
        "endLine": end["line"],
        "endColumn": end["column"],
    }


def _fix(fix: FixObject) -> Json:
    files = sorted({edit["file"] for edit in fix["edits"]})
    changes = [
        {
            "artifactLocation": _artifact(file),
            "replacements": [_replacement(edit) for edit in fix["edits"] if edit["file"] == file],
        }
        for file in files
    ]
    return {"description": {"text": fix["title"]}, "artifactChanges": changes}


def _replacement(edit: EditObject) -> Json:
    return {"deletedRegion": _region(edit["range"]), "insertedContent": {"text": edit["text"]}}
