"""Definitions that people in flight follow are compiled again from what was stored."""

from __future__ import annotations

from pathlib import Path

from runner.compile.project import load_project
from runner.compile.sequences import Surroundings, compile_sequence

ROOT = Path(__file__).parents[2]
TEXT = """\
version: 1
name: x
steps:
  - {id: intro, channel: email, template: hello}
  - {id: call, channel: phone, template: script, condition: lead.budget > 3 or vars.offer == "a"}
"""
TEMPLATES = {"hello": "---\nsubject: Hi\n---\n{{ lead.budget }}\n", "script": "Call.\n"}


def test_the_same_source_and_templates_give_the_same_graph():
    project = load_project(ROOT).project
    assert project is not None
    for name, sequence in project.sequences.items():
        around = Surroundings(lead_fields=project.settings.lead_fields)
        again, found = compile_sequence(sequence.source, name, sequence.templates, surroundings=around)
        assert found == ()
        assert again == sequence


def test_a_field_that_the_project_dropped_since_is_unknown_and_no_error():
    now, found = compile_sequence(TEXT, "x", TEMPLATES, surroundings=Surroundings(check_templates=False))
    assert now is None
    assert {item.slug for item in found} == {"unknown-field"}
    stored = Surroundings(check_templates=False, stored=True)
    compiled, found = compile_sequence(TEXT, "x", TEMPLATES, surroundings=stored)
    assert compiled is not None
    assert found == ()


def test_only_the_templates_that_are_sent_belong_to_a_sequence():
    around = Surroundings(lead_fields={"budget": "number"}, campaign_vars={"offer": "a"})
    compiled, _ = compile_sequence(TEXT, "x", {**TEMPLATES, "other": "Other.\n"}, surroundings=around)
    assert compiled is not None
    assert sorted(compiled.templates) == ["hello", "script"]
