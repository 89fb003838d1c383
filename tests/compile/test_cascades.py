"""One mistake, one finding: what follows from a mistake is not told as well."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from runner.compile.project import load_project

ROOT = Path(__file__).parents[2]
MISTAKES = [
    ("sequences/founders.yaml", "channel: email\n    variants", "chanel: email\n    variants", "unknown-key"),
    ("sequences/founders.yaml", "channel: email\n    variants", "channel: emial\n    variants", "bad-value"),
    ("sequences/founders.yaml", "id: connect", "id: conect", None),
    ("sequences/founders.yaml", "wait: 3bd", "wait: 3", "missing-unit"),
    ("sequences/founders.yaml", "wait: 3bd", "wiat: 3bd", "unknown-key"),
    ("sequences/founders.yaml", "failed: connect}           #", "faild: connect}           #", "unknown-outcome"),
    ("sequences/founders.yaml", "connect.accepted\n    timeout", "connect.acepted\n    timeout", "unknown-event"),
    ("sequences/founders.yaml", "if not hello_sent", "if not hello_snet", "unknown-outcome"),
    ("sequences/founders.yaml", "if not hello_sent", "if not hello_sent adn x", "bad-condition"),
    ("sequences/founders.yaml", "template: bump ", "template: bmup ", "missing-template"),
    ("sequences/founders.yaml", "thread: intro ", "thread: intor ", "unknown-step"),
    ("sequences/founders.yaml", "steps:", "stepz:", "unknown-key"),
    ("sequences/founders.yaml", "name: founders", "nmae: founders", "unknown-key"),
    ("sequences/founders.yaml", "version: 1", "version: 7", "bad-value"),
    ("sequences/founders.yaml", "steps:", "steps: [", "bad-yaml"),
    ("sequences/standard_3_channel.yaml", "if linkedin_failed", "if linkedn_failed", "unknown-step"),
    ("channel_configs/ada.yaml", "channel: email", "channel: emial", "bad-value"),
    ("channel_configs/ada.yaml", "smtp: {", "smpt: {", "unknown-key"),
    ("channel_configs/ada.yaml", "name: ada ", "name: adda ", "name-mismatch"),
    ("channel_configs/ada.yaml", "{env: ADA_SMTP_PASSWORD}", "hunter2", "literal-secret"),
    ("campaigns/founders.yaml", "sequence: founders", "sequence: fonders", "unknown-sequence"),
    ("campaigns/founders.yaml", "[ada, grace]", "[ada, grrace]", "unknown-account"),
    ("campaigns/founders.yaml", "lead.score >= 50", "lead.scroe >= 50", "unknown-field"),
    ("campaigns/founders.yaml", "lead.score >= 50", "lead.score >=", "bad-condition"),
    ("runner.yaml", "timezone: Europe/Berlin", "timzone: Europe/Berlin", "unknown-key"),
    ("runner.yaml", "min_between: 24h", "min_between: 24", "missing-unit"),
    ("sequences/templates/bump.md", "lead.company", "lead.compny", "unknown-field"),
    ("sequences/templates/bump.md", "default(", "defualt(", "template-syntax"),
]


@pytest.fixture
def project(tmp_path):
    for name in ("sequences", "channel_configs", "campaigns"):
        shutil.copytree(ROOT / name, tmp_path / name)
    shutil.copy(ROOT / "runner.yaml", tmp_path)
    return tmp_path


def test_the_project_of_this_repository_is_whole_and_silent(project):
    result = load_project(project)
    assert result.diagnostics == ()
    assert result.ok


@pytest.mark.parametrize(("file", "old", "new", "slug"), MISTAKES, ids=range(len(MISTAKES)))
def test_one_mistake_is_told_once_in_its_file(project, file, old, new, slug):
    path = project / file
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    found = load_project(project).diagnostics
    if slug is None:  # a step renamed: every place that names it is told
        assert {item.slug for item in found} == {"unknown-step"}
        assert len(found) == text.count("connect") - text.count("connected") - text.count("connect_note") - 3
        return
    assert [item.slug for item in found] == [slug], [(item.slug, item.summary, item.span) for item in found]
    assert found[0].span.file == file
    line = text.replace(old, new, 1)[: text.index(old)].count("\n") + 1
    assert found[0].span.start.line in (line, line + 1)


def test_several_mistakes_are_told_in_one_run_in_order(project):
    path = project / "sequences" / "founders.yaml"
    text = path.read_text()
    for old, new in (
        ("wait: 3bd", "wait: 3"),
        ("template: bump ", "template: bmup "),
        ("if form_failed", "if frm_failed"),
    ):
        text = text.replace(old, new, 1)
    path.write_text(text)
    found = load_project(project).diagnostics
    assert [item.slug for item in found] == ["missing-unit", "missing-template", "unknown-step"]
    assert [item.span.start.line for item in found] == sorted(item.span.start.line for item in found)
