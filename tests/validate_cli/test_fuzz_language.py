"""Whatever stands in a file, the language answers: no crash, no hang, and a place inside the text for each finding."""

from __future__ import annotations

import gc
import string
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from runner.compile.schemas import FileKind, schema
from runner.compile.sequences import Surroundings, compile_source
from runner.lang.conditions import ConditionError, parse_condition
from runner.lang.diagnostics import Diagnostic
from runner.lang.reader import load
from runner.lang.templates import TemplateError, parse_template, uses
from runner.render.json import render_json, report
from runner.render.sarif import render_sarif
from runner.render.text import render_text

ROOT = Path(__file__).parents[2]
STEP_KEYS = sorted(schema(FileKind.SEQUENCE)["$defs"]["step"]["properties"])
WORDS = ["intro", "email", "linkedin", "end", "3d", "24h", "if email_failed", "a.accepted", "connect", "template", "*"]

TEMPLATE_PARTS = ["{{ ", " }}", "{% if ", " %}", "{% endif %}", "lead.x", "| default('a')", "x", "---\n", "\n", "("]

scalars = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.sampled_from(WORDS), st.text(max_size=12),
    st.sampled_from([*STEP_KEYS, "version", "name", "steps"]),
)  # fmt: skip
values = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.sampled_from(STEP_KEYS), inner, max_size=5)
    ),
    max_leaves=12,
)
steps = st.dictionaries(st.sampled_from(STEP_KEYS), st.one_of(scalars, values), max_size=6)
sequences = st.fixed_dictionaries(
    {"version": st.just(1), "name": st.just("a"), "steps": st.lists(steps, max_size=5)},
    optional={"defaults": values, "vars": values, "stop_on": values, "x-a": values, "description": scalars},
)


def checked(text: str) -> list[Diagnostic]:
    """What is said of a sequence file, after every renderer took it."""
    source = load(text, "sequences/a.yaml")
    found = list(compile_source(source, Surroundings({"intro": "Hi {{ lead.first_name }}"}, stem="a")).diagnostics)
    document = report(found)
    for rendered in (render_text(document, lambda _: text), render_json(document), render_sarif(document)):
        assert isinstance(rendered, str)
    return found


def assert_places_are_in(text: str, found: list[Diagnostic]) -> None:
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    for item in found:
        if item.span.file != "sequences/a.yaml":
            continue
        assert 1 <= item.span.start.line <= len(lines), item
        assert 1 <= item.span.start.column <= len(lines[item.span.start.line - 1]) + 1, item
        assert item.span.start <= item.span.end, item


@given(sequences)
def test_fuzz_any_data_in_the_place_of_steps_is_answered(data):
    text = yaml.safe_dump(data, allow_unicode=True, sort_keys=False)
    assert_places_are_in(text, checked(text))


@given(st.text(max_size=400))
def test_fuzz_any_text_is_answered(text):
    assert_places_are_in(text, checked(text))


@given(st.text(alphabet="{}[]:,-&*!|>'\"#%@`? \n\tab1", max_size=120))
def test_fuzz_any_yaml_marks_are_answered(text):
    assert_places_are_in(text, checked(text))


@given(st.text(alphabet=string.ascii_lowercase[:8] + "_.()<>=!'\" 019", max_size=60) | st.text(max_size=30))
def test_fuzz_any_condition_parses_or_is_refused_at_a_place_inside_it(text):
    try:
        parse_condition(text)
    except ConditionError as error:
        assert 0 <= error.start <= len(text)


@given(
    st.lists(
        st.sampled_from(
            ["{{ ", " }}", "{% if ", " %}", "{% endif %}", "lead.x", "| default('a')", "x", "---\n", "\n", "("]
        )
    )
)
def test_fuzz_any_template_parses_or_is_refused_on_a_line_it_has(parts):
    text = "".join(parts)
    try:
        uses(parse_template(text, "t"))
    except TemplateError as error:
        assert 1 <= error.line <= text.count("\n") + 2


@pytest.fixture
def own_garbage_only():
    """What earlier tests left in this process is not walked through on this one's time."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        "{a: " * 50_000,
        "a: &a [*a]\n",
        "- " * 30_000,
        "version: 1\n" + "x" * 900_000,
        "steps:\n" + "  - {id: a}\n" * 30_000,
        "name: \"" + "\\u0041" * 100_000 + "\"\n",
        "? " * 20_000,
        "version: 1\nname: a\nsteps: [{id: a, wait: 3d, condition: \"" + "(" * 1_900 + "\"}]\n",
        "version: 1\nname: a\nsteps: [{id: a, wait: 3d, condition: \"" + "not " * 450 + "x\"}]\n",
    ],
    ids=lambda text: text[:12] + f"({len(text)})",
)  # fmt: skip
def test_fuzz_hostile_sizes_take_no_second(text, own_garbage_only):
    begin = time.process_time()
    assert checked(text)
    assert time.process_time() - begin < 1.5


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_fuzz_broken_files_from_the_examples():
    command = [
        sys.executable,
        ROOT / "scripts" / "fuzz_language.py",
        "--inputs",
        "40000",
        "--seed",
        str(time.time_ns()),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]


@pytest.mark.slow
@pytest.mark.timeout(3600)
@settings(max_examples=20_000, deadline=None)
@given(sequences)
def test_fuzz_long_any_data_in_the_place_of_steps_is_answered(data):
    text = yaml.safe_dump(data, allow_unicode=True, sort_keys=False)
    assert_places_are_in(text, checked(text))


def test_one_mistake_in_ten_thousand_steps_is_told_at_its_step():
    lines = ["version: 1", "name: a", "steps:", *(f"  - {{id: s{number}, wait: 3d}}" for number in range(10_000))]
    lines[7_003] = "  - {id: s7000, wiat: 3d}"
    begin = time.process_time()
    (found,) = checked("\n".join(lines))
    assert time.process_time() - begin < 3
    assert (found.slug, found.span.start.line, found.path) == ("unknown-key", 7_004, ("steps", 7_000, "wiat"))


def test_the_same_mistake_a_thousand_times_is_told_two_hundred_times():
    lines = ["version: 1", "name: a", "steps:", *(f"  - {{id: s{number}, wait: 3}}" for number in range(1_000))]
    assert len(checked("\n".join(lines))) == 200
