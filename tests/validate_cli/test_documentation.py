"""The examples of the documentation compile, and every check has one that shows it."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

from runner.cli.lead_findings import REJECTED, UNRESOLVED
from runner.compile.project import load_project
from runner.compile.registry import CHECKS
from runner.render.ignores import NO_REASON, UNUSED

ROOT = Path(__file__).parents[2]


def _load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, ROOT / "scripts" / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


examples = _load("doc_examples")
SLUGS = sorted({check.SLUG for check in CHECKS} | {UNUSED, NO_REASON, REJECTED, UNRESOLVED})


def page(name: str) -> str:
    return (ROOT / "docs" / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", examples.PAGES)
def test_every_output_on_the_page_is_what_the_command_prints(name):
    assert examples.fresh_page(name) == page(name), "make docs"


SECTIONS = [section for section in examples.sections(page("language.md")) if section.files]


@pytest.mark.parametrize("section", SECTIONS, ids=lambda section: section.title)
def test_the_examples_of_the_language_compile(section, tmp_path):
    """A warning is allowed only where the example is about it, as in the section on silencing one."""
    examples.lay_out(tmp_path, section.files)
    result = load_project(tmp_path)
    silenced = {"opened-is-unreliable"} if "Silencing" in section.title else set()
    unsaid = [item for item in result.diagnostics if item.slug not in silenced]
    assert [f"{item.span.file}:{item.span.start.line} {item.slug} {item.summary}" for item in unsaid] == []
    assert result.project is not None


def test_the_language_page_has_an_example_in_nearly_every_section():
    assert len(SECTIONS) >= 13


def test_every_check_has_a_section_and_no_section_is_about_nothing():
    titles = re.findall(r"^### (\S+)$", page("checks.md"), re.MULTILINE)
    assert sorted(titles) == SLUGS


@pytest.mark.parametrize("slug", SLUGS)
def test_the_section_of_a_check_shows_it_and_says_why_and_what_to_do(slug):
    section = next(item for item in examples.sections(page("checks.md")) if item.title == slug)
    assert re.search(rf"^(error|warning)\[{slug}\]: ", section.text, re.MULTILINE)
    assert f"docs/checks.md#{slug}" in section.text
    assert "**Why.**" in section.text
    assert "**Fix.**" in section.text


def test_ten_mistakes_are_cited_and_each_is_found():
    told = [section for section in examples.sections(page("mistakes.md")) if re.match(r"\d+\. ", section.title)]
    assert len(told) == 10
    for section in told:
        assert re.search(r"https://github\.com/[\w.-]+/[\w.-]+/(issues|pull)/\d+", section.text), section.title
        assert re.search(r"^(error|warning)\[", section.text, re.MULTILINE), section.title
