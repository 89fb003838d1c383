"""Templates from outside: nothing in one reaches the program, and none takes its memory or its time."""

from __future__ import annotations

import contextlib
import time

import pytest

from runner.lang.templates import MAX_OUTPUT, TemplateError, parse_template, render, uses

LEAD = {"lead": {"first_name": "Ada", "tags": ["a", "b"], "n": 5}, "sender": {"name": "Grace"}}

ATTACKS = [
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
    "{{ lipsum.__globals__ }}",
    "{{ '{0.__class__}'.format(lead) }}",
    "{{ 'x{0.__class__}' | attr('format')(lead) }}",
    "{{ lead | attr('__class__') }}",
    "{{ lead.__class__ }}",
    "{{ lead['__class__'] }}",
    "{{ lead.first_name.__class__ }}",
    "{{ lead.clear() }}",
    "{{ lead.items() }}",
    "{{ lead.update({'a': 1}) }}",
    "{{ pick.__globals__ }}",
    "{{ pick.__init__ }}",
    "{{ pick(*lead.tags) }}",
    "{{ config }}",
    "{{ env }}",
    "{{ self._TemplateReference__context }}",
    "{{ self }}",
    "{{ lead }}",
    "{{ 'a' * 10**9 }}",
    "{{ 'a' * 1000000000 }}",
    "{{ 10 ** (10 ** 8) }}",
    "{{ lead.n ** lead.n }}",
    "{{ 999999999999999 * 999999999999999 }}",
    "{{ 'x' | center(1000000000) }}",
    "{{ '%1000000000d' % 1 }}",
    "{{ '%1000000000d' | format(1) }}",
    "{{ 'a' | replace('a', 'b') }}",
    "{{ 'a' | indent(1000000000) }}",
    "{{ lead.tags | map('upper') | list }}",
    "{{ range(100000) | list }}",
    "{% for i in range(99999) %}{% for j in range(99999) %}.{% endfor %}{% endfor %}",
    "{% for a in lead.tags recursive %}{{ loop(lead.tags) }}{% endfor %}",
    "{% for a in lead.tags %}{{ loop.index }}{% endfor %}",
    "{% set ns = namespace(x='a') %}",
    "{% set x = 'a' %}",
    "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
    "{% include '/etc/passwd' %}",
    "{% import 'os' as os %}",
    "{% from 'os' import system %}",
    "{% extends 'x' %}",
    "{% block a %}{% endblock %}",
    "{% filter upper %}x{% endfilter %}",
    "{% call pick('a') %}{% endcall %}",
    "{% with a = 1 %}{{ a }}{% endwith %}",
    "{% autoescape true %}x{% endautoescape %}",
    "{{ lipsum(n=2000000) }}",
    "{{ {'a': 1} }}",
    "{{ lead.tags[0:100] }}",
    "{{ 'a' 'b' 'c' | join }}{{ dict(a=1) }}",
    "{{ lead.nope }}",
    "{{ missing }}",
    "{{ " + "(" * 2_000 + "1" + ")" * 2_000 + " }}",
    "{{ " + "not " * 5_000 + "1 }}",
    "{{ " + "-" * 5_000 + "1 }}",
    "{{ " + "[" * 500 + "1" + "]" * 500 + " }}",
    "{{ " + "lead.n + " * 3_000 + "1 }}",
    "{% if lead.n %}" * 200 + "x" + "{% endif %}" * 200,
    "{% for a in lead.tags %}" * 30 + "x" + "{% endfor %}" * 30,
]


@pytest.mark.parametrize("source", ATTACKS, ids=range(len(ATTACKS)))
def test_an_attack_is_an_error_of_the_template_and_nothing_else(source):
    before = time.process_time()
    with pytest.raises(TemplateError):
        render(parse_template(source, "t"), LEAD, "s")
    assert time.process_time() - before < 2


@pytest.mark.parametrize("source", ATTACKS, ids=range(len(ATTACKS)))
def test_an_attack_is_answered_by_the_check_as_well(source):
    with contextlib.suppress(TemplateError):
        assert isinstance(uses(parse_template(source, "t")), tuple)


def test_a_lead_value_that_is_an_object_is_not_there():
    class Danger:
        def delete(self) -> str:
            raise AssertionError("a template called into the program")

    with pytest.raises(TemplateError) as caught:
        render(parse_template("{{ lead.owner }}", "t"), {"lead": {"owner": Danger()}}, "s")
    assert caught.value.variable == "lead.owner"


def test_a_field_named_like_a_method_is_only_a_field():
    assert (
        render(parse_template("{{ lead.items }}{{ lead.keys }}", "t"), {"lead": {"items": 3, "keys": "x"}}, "s").body
        == "3x\n"
    )


def test_the_output_is_bounded():
    long = "x" * 60_000
    body = "{% for a in lead.tags %}{% for b in lead.tags %}" + "y" * 100 + "{{ lead.long }}{% endfor %}{% endfor %}"
    with pytest.raises(TemplateError, match="too long"):
        render(parse_template(body, "t"), {"lead": {"tags": ["a"] * 300, "long": long}}, "s")
    assert MAX_OUTPUT < 300 * 60_000


def test_rendering_leaves_the_values_as_they_were():
    values = {"lead": {"tags": ["b", "a"], "n": 1}}
    render(parse_template("{{ lead.tags | sort | join(',') }}", "t"), values, "s")
    assert values == {"lead": {"tags": ["b", "a"], "n": 1}}
