"""What people see in their editor: the real yaml-language-server, over stdio, with the schemas as shipped."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from language_server import SERVER, Editor

from runner.cli.init import starter_files
from runner.cli.schema import schema_files

ROOT = Path(__file__).parents[2]
HEAD = "# yaml-language-server: $schema=../schemas/sequence.schema.json\nversion: 1\nname: a\nsteps:\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new project; one window stands open on it for all tests here."""
    root = tmp_path_factory.mktemp("project")
    for name, text in (starter_files() | schema_files("schemas")).items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    return root


@pytest.fixture(scope="module")
def editor(folder: Path) -> Iterator[Editor]:
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not here: apt-get install nodejs")
    if not (ROOT / SERVER).exists():
        pytest.skip("yaml-language-server is not here: scripts/node-tools installs it")
    with Editor(node, ROOT / SERVER, folder) as window:
        yield window


def underlined(found: list[dict[str, object]]) -> list[tuple[int, int]]:
    return [(item["range"]["start"]["line"], item["range"]["start"]["character"]) for item in found]


def test_the_files_of_a_new_project_are_clean(editor, folder):
    names = [path.relative_to(folder) for path in sorted(folder.rglob("*.yaml"))]
    assert len(names) >= 5
    for name in names:
        assert editor.open(str(name), (folder / name).read_text(encoding="utf-8")) == [], name


def test_a_misspelt_key_a_number_without_unit_and_a_bad_channel_are_underlined_where_they_stand(editor):
    text = HEAD + "  - id: intro\n    chanel: email\n  - id: quiet\n    wait: 3\n  - id: call\n    channel: fax\n"
    found = editor.open("sequences/a.yaml", text)
    assert sorted(underlined(found)) == [(5, 4), (7, 10), (9, 13)]


def test_a_wrong_pattern_is_explained_in_words_for_people(editor):
    found = editor.open("sequences/a.yaml", HEAD + "  - id: quiet\n    wait: 3 days\n")
    assert [item["message"] for item in found] == [
        "Write a number and a unit: 90s, 15m, 24h, 3d, 2w, or 3bd for business days."
    ]


def test_keys_channels_and_whole_steps_are_completed_with_their_meaning(editor):
    text = HEAD + "  - id: intro\n    channel: \n    \n  - \n"
    editor.open("sequences/a.yaml", text)
    keys = editor.completions("sequences/a.yaml", 6, 4)
    assert {"template", "condition", "retry", "next"} <= set(keys)
    assert "documentation" in keys["retry"]
    channels = editor.completions("sequences/a.yaml", 5, 13)
    assert {"email", "linkedin", "contact_form", "phone"} <= set(channels)
    assert {"email", "linkedin", "wait_for"} <= set(editor.completions("sequences/a.yaml", 7, 4))


def test_resting_on_a_key_explains_it(editor):
    editor.open("sequences/a.yaml", HEAD + "  - id: intro\n    condition: if email_failed\n")
    assert "has(x)" in editor.hover("sequences/a.yaml", 5, 6)


@pytest.mark.parametrize(
    ("name", "schema", "lines", "place"),
    [
        ("channel_configs/b.yaml", "../schemas/channel", ["channel: email", "footer: {unsubscribe: no}"], (3, 22)),
        ("campaigns/b.yaml", "../schemas/campaign", ["name: b", "mode: dry"], (3, 6)),
        ("runner.yaml", "schemas/project", ["contact: {min_betwen: 24h}"], (2, 10)),
    ],
)
def test_every_kind_of_file_is_checked(editor, name, schema, lines, place):
    head = f"# yaml-language-server: $schema={schema}.schema.json"
    assert place in underlined(editor.open(name, "\n".join([head, "version: 1", *lines, ""])))
