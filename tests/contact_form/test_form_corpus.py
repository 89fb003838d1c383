"""Real pages: the annotated pages inside the wheel of `formasaurus` (MIT), the half that was developed on.

The wheel is data for this test only. It is fetched by pip into a folder of the user's cache; without a way to a package
index the test is skipped. Pages whose host falls into the other half are never opened.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import zipfile
from collections import Counter
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from runner.channels.contact_form.document import parse
from runner.channels.contact_form.inspection import Finding, look, would_fill

PACKAGE = "formasaurus==0.10.0"
DATA = "formasaurus/data/"
ROLES = {
    "nf": {"full_name"}, "n1": {"first_name"}, "n3": {"last_name"}, "e1": {"email"}, "e2": {"email_confirmation"},
    "CT": {"subject", "topic"}, "CC": {"message"},
}  # fmt: skip
PUBLISHED = {
    ("html/117.html", 3), ("html/118.html", 5), ("html/202.html", 0), ("html/226.html", 0), ("html/358.html", 6),
    ("html/690.html", 3), ("html/698.html", 0),
}  # fmt: skip
"""Which of the forms labelled `c` (contact or comment) publish what is written, as read by a person."""


def _ours(url: str) -> bool:
    host = (urlsplit(url).hostname or "").removeprefix("www.")
    return int(hashlib.sha256(host.encode()).hexdigest()[-1], 16) % 2 == 0


@pytest.fixture(scope="module")
def wheel():
    folder = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "outreach-runner-tests"
    found = sorted(folder.glob("formasaurus-*.whl"))
    if not found:
        command = [sys.executable, "-m", "pip", "download", PACKAGE, "--no-deps", "-q", "-d", str(folder)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        found = sorted(folder.glob("formasaurus-*.whl"))
        if not found:
            pytest.skip(f"{PACKAGE} cannot be had: {done.stderr.strip()[-200:]}")
    with zipfile.ZipFile(found[0]) as opened:
        yield opened


class Score:
    """What was right and wrong over the pages."""

    def __init__(self) -> None:
        self.forms: Counter[str] = Counter()
        self.roles: Counter[bool] = Counter()
        self.comments: Counter[bool] = Counter()
        self.captchas: Counter[bool] = Counter()
        self.traps_filled: list[tuple[str, str]] = []

    def add(self, name: str, page: dict, finding: Finding) -> None:
        labels = page["forms"]
        index = finding.chosen.form.index if finding.chosen else None
        right = {n for n, label in enumerate(labels) if label == "c" and (name, n) not in PUBLISHED}
        published = any((name, n) in PUBLISHED for n in range(len(labels)))
        if right:
            self.forms["hit" if index in right else "missed"] += 1
        if index is not None and index not in right and labels[index] not in "X-":
            self.forms["false"] += 1
        if published and not right:
            self.comments[finding.refused == "comment_form" and not finding.found] += 1
        if index in right:
            behind = "ca" in page["visible_html_fields"][index].values()
            if behind:
                self.captchas[finding.refused == "captcha"] += 1
        self._fields(name, page, finding)

    def _fields(self, name: str, page: dict, finding: Finding) -> None:
        for item in finding.judged:
            if item.form.index >= len(page["visible_html_fields"]):
                continue
            labels = page["visible_html_fields"][item.form.index]
            for field in item.fields:
                label = labels.get(field.name)
                if label == "hp" and would_fill(field):
                    self.traps_filled.append((name, field.name))
                if label in ROLES and page["forms"][item.form.index] == "c":
                    self.roles[field.role.value in ROLES[label]] += 1


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_contact_forms_are_found_and_understood_on_real_pages(wheel):
    pages = {n: p for n, p in json.loads(wheel.read(f"{DATA}index.json")).items() if _ours(p["url"])}
    score = Score()
    for name, page in pages.items():
        if any(label not in "X-" for label in page["forms"]):
            score.add(name, page, look(parse("", wheel.read(DATA + name), prefer="utf-8")))
    hits = score.forms["hit"]
    precision, recall = hits / (hits + score.forms["false"]), hits / (hits + score.forms["missed"])
    roles = score.roles[True] / score.roles.total()
    sys.stdout.write(
        f"{len(pages)} pages; precision {precision:.3f}, recall "
        f"{recall:.3f}, {dict(score.forms)}; roles {roles:.3f} of "
        f"{score.roles.total()}; comment forms {dict(score.comments)}; captchas {dict(score.captchas)}; "
        f"traps filled {score.traps_filled}\n"
    )
    assert precision >= 0.95
    assert recall >= 0.92
    assert roles >= 0.92
    assert score.captchas[False] == 0
    assert score.traps_filled == []
