"""Templates: what they say, where they fail, and how long they can become."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.lang.lengths import length_range
from runner.lang.templates import Template, TemplateError, parse_template, render, uses


def template(body: str, **front: str) -> Template:
    head = "".join(f"{key}: {value}\n" for key, value in front.items())
    return parse_template(f"---\n{head}---\n{body}" if front else body, "t")


def written(body: str, seed: str = "1|x|intro", **lead: object) -> str:
    return render(template(body), {"lead": lead}, seed).body


def test_front_matter_and_body_are_filled_in():
    letter = template("Hello {{ lead.first_name }},\n", subject='"For {{ lead.company }}"', preheader="short")
    rendered = render(letter, {"lead": {"first_name": "Ada", "company": "Lumen"}}, "s")
    assert (rendered.subject, rendered.preheader, rendered.body) == ("For Lumen", "short", "Hello Ada,\n")


def test_all_four_scopes_can_be_read():
    values = {"lead": {"a": "1"}, "campaign": {"name": "2"}, "vars": {"x": 3}, "sender": {"name": "4"}}
    body = template("{{ lead.a }}{{ campaign.name }}{{ vars.x }}{{ sender.name }}")
    assert render(body, values, "s").body == "1234\n"


@pytest.mark.parametrize("lead", [{}, {"first_name": None}, {"first_name": ""}])
def test_a_missing_value_is_an_error_and_never_an_empty_string(lead):
    with pytest.raises(TemplateError) as caught:
        written("Dear friend,\n\nHi {{ lead.first_name }},\n", **lead)
    assert (caught.value.variable, caught.value.line) == ("lead.first_name", 3)


def test_lines_count_from_the_top_of_the_file():
    letter = template("\n\nfine\n{{ lead.nope }}\n", subject="Hello", preheader="x")
    with pytest.raises(TemplateError) as caught:
        render(letter, {}, "s")
    assert caught.value.line == 8


def test_a_missing_value_has_a_fallback_or_is_asked_for():
    assert written('{{ lead.first_name | default("there") }}') == "there\n"
    assert written("{% if lead.company %}at {{ lead.company }}{% else %}at work{% endif %}") == "at work\n"
    assert written("{{ 'x' if lead.company is defined else 'y' }}") == "y\n"


def test_a_line_that_holds_only_a_tag_leaves_no_empty_line_and_a_tag_at_the_end_of_one_joins_nothing():
    body = "One\n{% if lead.a %}\nTwo\n{% endif %}\n{# note #}\nHi{% if lead.a %} Ada{% endif %}\nThree\n"
    assert written(body, a="yes") == "One\nTwo\nHi Ada\nThree\n"
    assert written(body) == "One\nHi\nThree\n"


def test_a_subject_is_one_line_whatever_a_lead_contains():
    letter = template("x", subject='"Hi {{ lead.first_name }}"')
    rendered = render(letter, {"lead": {"first_name": "Ada\r\nBcc: all@lumen.example"}}, "s")
    assert rendered.subject == "Hi Ada Bcc: all@lumen.example"


def test_what_a_lead_contains_is_never_read_as_template():
    assert written("{{ lead.first_name }}", first_name="{{ 7 * 7 }}{% if %}") == "{{ 7 * 7 }}{% if %}\n"


def test_pick_is_decided_by_the_seed():
    body = "{{ pick('a', 'b', 'c') }}{{ pick('a', 'b', 'c') }}{{ pick('x', 'y') }}"
    assert written(body, "one") == written(body, "one")
    assert len({written(body, str(n)) for n in range(60)}) > 10


def test_loops_go_over_the_lists_of_a_lead():
    assert written("{% for tag in lead.tags %}{{ tag }};{% endfor %}", tags=["a", "b"]) == "a;b;\n"
    assert written("{% for tag in lead.tags %}{{ tag }}{% else %}none{% endfor %}", tags=[]) == "none\n"


def test_numbers_compute():
    assert written("{{ lead.n * 2 + 1 }}", n=20) == "41\n"


def test_what_a_template_reads_is_known_with_what_guards_it():
    body = (
        "{{ lead.a }}\n{{ lead.b | default('x') }}\n"
        "{% if lead.c and lead.d %}{{ lead.c }}{% else %}{{ lead.d }}{% endif %}\n"
        "{% if not lead.e %}x{% else %}{{ lead.e }}{% endif %}\n{{ lead.f | upper | default('x') }}\n"
        "{% if lead.g > 3 %}x{% endif %}\n"
    )
    found = [(use.name, use.line, use.guarded) for use in uses(template(body))]
    assert sorted(found) == sorted([
        ("a", 1, False), ("b", 2, True), ("c", 3, True), ("d", 3, True), ("c", 3, True), ("d", 3, False),
        ("e", 4, True), ("e", 4, True), ("f", 5, False), ("g", 6, False),
    ])  # fmt: skip


@pytest.mark.parametrize(
    ("source", "line", "words"),
    [
        ("---\nsubject: x\n", 1, "never closed"),
        ("---\nsubjekt: x\n---\n", 2, "not a key"),
        ("---\nsubject: a: b\n---\n", 2, "not plain YAML"),
        ("---\n- x\n---\n", 2, "not `key: value`"),
        ("---\nsubject: !x y\n---\n", 2, "not plain YAML"),
        ("x" * 70_000, 1, "64 KiB"),
    ],
)
def test_front_matter_that_is_none_is_told(source, line, words):
    with pytest.raises(TemplateError) as caught:
        parse_template(source, "t")
    assert caught.value.line == line
    assert words in str(caught.value)


def test_windows_line_ends_and_a_byte_order_mark_change_nothing():
    crlf = "\ufeff---\r\nsubject: x\r\n---\r\nHello\r\n{{ lead.a }}\r\n"
    rendered = render(parse_template(crlf, "t"), {"lead": {"a": "b"}}, "s")
    assert (rendered.subject, rendered.body) == ("x", "Hello\nb\n")


NAMES = st.sampled_from(["first_name", "company", "score"])
PIECES = st.one_of(
    st.text(st.sampled_from("abc de"), max_size=12),
    NAMES.map(lambda name: f"{{{{ lead.{name} | default('somebody') }}}}"),
    NAMES.map(lambda name: f"{{% if lead.{name} %}}[{{{{ lead.{name} }}}}]{{% else %}}nothing{{% endif %}}"),
    st.integers(1, 9).map(lambda n: f"{{{{ lead.company | default('x') | truncate({n + 3}) }}}}"),
    st.just("{{ pick('a', 'bcd', 'ef') }}"),
    st.just("{% for tag in lead.tags %}{{ tag | upper }}, {% endfor %}"),
)


@given(
    st.lists(PIECES, max_size=6),
    st.text(st.sampled_from("ABC "), max_size=20),
    st.text(st.sampled_from("ABC "), max_size=40),
    st.lists(st.text("xyz", max_size=8), max_size=5),
)
def test_no_lead_makes_a_text_longer_than_foretold(pieces, first_name, company, tags):
    body = "".join(pieces)
    letter = parse_template(f"start {body} end", "t")
    found = length_range(letter.body, "t")
    lead = {"first_name": first_name, "company": company, "score": 12, "tags": tags}
    length = len(render(letter, {"lead": lead}, "s").body.strip())
    assert found.least - 1 <= length <= found.most
