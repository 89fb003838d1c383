"""Links in the documentation lead somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import tree

LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
CODE = re.compile(r"^(```|~~~).*?^\1\s*$|`[^`\n]+`", re.MULTILINE | re.DOTALL)


def pages() -> list[Path]:
    """Every tracked page of Markdown that is documentation."""
    return [path for path in tree.files(suffix=".md") if path.relative_to(tree.ROOT).parts[0] in ("docs", path.name)]


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them, and those set by hand."""
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    made = {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}
    return made | set(re.findall(r'(?:id|name)="([^"]+)"', text))


def test_every_page_is_in_the_index():
    index = (tree.ROOT / "docs" / "index.md").read_text(encoding="utf-8")
    listed = (tree.ROOT / "docs" / "adr" / "README.md").read_text(encoding="utf-8")
    named = {page.name: f"({page.name})" for page in pages() if page.name not in ("index.md", "README.md")}
    docs = {page.name for page in pages() if page.parent.name == "docs"}
    assert not [name for name, link in named.items() if name in docs and link not in index]
    decisions = {page.name for page in pages() if page.parent.name == "adr"} - {"README.md"}
    assert not [name for name in sorted(decisions) if f"({name})" not in listed]


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(tree.ROOT)))
def test_every_link_leads_to_a_page_and_a_heading(page):
    broken = []
    for target in LINK.findall(CODE.sub("", page.read_text(encoding="utf-8"))):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        file = (page.parent / name).resolve() if name else page
        if not file.exists() or (anchor and file.suffix == ".md" and anchor not in anchors(file)):
            broken.append(target)
    assert not broken
