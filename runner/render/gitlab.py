"""Diagnostics as a GitLab Code Quality report (docs.gitlab.com, "Code Quality", "Code Quality report format").

GitLab compares the fingerprints of two branches to tell what a merge request adds, so a fingerprint must not change
when lines move: it is made of file, slug, path and words, never of a line number.
"""

from __future__ import annotations

import hashlib
import json

from runner.render.json import DiagnosticObject, Report

_SEVERITIES = {"error": "critical", "warning": "minor"}


def render_gitlab(document: Report) -> str:
    """The report as GitLab reads it."""
    seen: dict[str, int] = {}
    entries = []
    for item in document["diagnostics"]:
        identity = _identity(item)
        seen[identity] = seen.get(identity, 0) + 1
        fingerprint = hashlib.sha256(f"{identity}\0{seen[identity]}".encode()).hexdigest()
        start, end = item["range"]["start"], item["range"]["end"]
        entries.append(
            {
                "description": "\n".join(text for text in (item["summary"], item["label"], item["help"]) if text),
                "check_name": item["slug"],
                "fingerprint": fingerprint,
                "severity": _SEVERITIES[item["severity"]],
                "location": {"path": item["file"], "lines": {"begin": start["line"], "end": end["line"]}},
            }
        )
    return json.dumps(entries, indent=2, ensure_ascii=False) + "\n"


def _identity(item: DiagnosticObject) -> str:
    path = "/".join(str(part) for part in item["path"])
    return "\0".join((item["file"], item["slug"], path, item["summary"]))
